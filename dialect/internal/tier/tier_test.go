// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tier

import "testing"

func TestOpenAI(t *testing.T) {
	for name, want := range map[string]string{"auto": "auto", "default": "default", "scale": "scale", "standard": "default", "standard_only": "default",
		"SERVICE_TIER_STANDARD": "default", "SERVICE_TIER_PRIORITY": "priority", "SERVICE_TIER_FLEX": "flex", "batch": "", "SERVICE_TIER_UNSPECIFIED": "", "": ""} {
		if got, ok := OpenAI(name); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %t; want %q", name, got, ok, want)
		}
	}
}
