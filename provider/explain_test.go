// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import "testing"

func TestSecretsAreTakenOut(t *testing.T) {
	for _, c := range []struct{ text, secret, want string }{
		{"the key sk-0123456789 is wrong", "sk-0123456789", "the key [key] is wrong"},
		{"xsk-0123456789x", "sk-0123456789", "x[key]x"},
		{"no connection, on or on-line: on", "on", "no connection, [key] or [key]-line: [key]"},
		{"noneänone", "none", "noneänone"},
		{`{"key":"none"}`, "none", `{"key":"[key]"}`},
		{"xx", "x", "xx"},
		{"", "x", ""},
	} {
		if got := without(c.text, c.secret); got != c.want {
			t.Errorf("%q without %q: got %q, want %q", c.text, c.secret, got, c.want)
		}
	}
}
