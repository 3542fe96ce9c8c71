// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package tier translates the names of service tiers between vendors.
package tier

// OpenAI returns what OpenAI's dialects call a service tier that may be another vendor's; false where they have none
// of the kind.
func OpenAI(name string) (string, bool) {
	switch name {
	case "auto", "default", "flex", "scale", "priority", "fast":
		return name, true
	case "standard", "standard_only", "SERVICE_TIER_STANDARD":
		return "default", true
	case "SERVICE_TIER_PRIORITY":
		return "priority", true
	case "SERVICE_TIER_FLEX":
		return "flex", true
	}
	return "", false
}
