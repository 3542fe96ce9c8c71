// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"strings"
	"testing"
)

func TestParsePlan(t *testing.T) {
	all := Default().String()
	tests := []struct{ text, want, err string }{
		{"", all, ""},
		{"default", all, ""},
		{" Default ", all, ""},
		{"none", "none", ""},
		{"near", "near=remove", ""},
		{"errors=list, near", "near=remove,errors=list", ""},
		{"none,errors", "errors=remove", ""},
		{"default,errors", strings.Replace(all, "errors=list", "errors=remove", 1), ""},
		{"-near", strings.Replace(all, "near=list,", "", 1), ""},
		{"default,-near", strings.Replace(all, "near=list,", "", 1), ""},
		{"balance=50", "balance=50", ""},
		{"balance=0", "", "above 0"},
		{"balance=many", "", "above 0"},
		{"nears", "", `no step "nears"`},
		{"near,default", "", "can only be the first"},
		{"near,,errors", "", `no step ""`},
		{"near=mask", "", "remove or list"},
		{"private=mask,near", "near=remove,private=mask", ""},
		{"private=remove", "", "list or mask"},
		{"-near=list", "", "both leaves"},
	}
	for _, tt := range tests {
		p, err := ParsePlan(tt.text)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: got error %v, want one with %q", tt.text, err, tt.err)
			}
			continue
		}
		if err != nil || p.String() != tt.want {
			t.Errorf("%q: got %s, %v, want %s", tt.text, p, err, tt.want)
		}
		if again, err := ParsePlan(p.String()); err != nil || again.String() != p.String() {
			t.Errorf("%q: written as %s it reads as %s, %v", tt.text, p, again, err)
		}
	}
}

func TestPlanWithNonsenseHasNoSteps(t *testing.T) {
	for _, p := range []Plan{{"nonsense": Remove}, {Near: "explode"}, {Balance: "-1"}} {
		if _, err := p.Steps(Options{}); err == nil {
			t.Errorf("%v: no error", p)
		}
	}
}

func FuzzParsePlan(f *testing.F) {
	for _, s := range []string{"", "default,-near", "errors=remove,balance=3", "none", "-", "=", ",="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePlan(text)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error of more than one line, or with control characters: %q", err)
			}
			return
		}
		if _, err := p.Steps(Options{}); err != nil {
			t.Errorf("%q makes a plan without steps: %v", text, err)
		}
	})
}
