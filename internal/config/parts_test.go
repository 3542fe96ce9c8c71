// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

func TestSecretsPrintAsStars(t *testing.T) {
	const planted = "sk-planted-in-the-test"
	s := NewSecret(planted)
	holder := struct {
		Key    Secret
		hidden Secret
		Ptr    *Secret
		Any    any
	}{s, s, &s, s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%p"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", s, holder)
	}
	fmt.Fprintln(&out, s, &s, []Secret{s}, map[string]Secret{"a": s}, fmt.Errorf("key %v", s))
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", s, "holder", holder)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "key", s, "holder", holder)
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(map[string]any{"key": s, "holder": holder.Key})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(asJSON)
	out.Write(asYAML)
	for _, leak := range []string{planted, fmt.Sprintf("%x", planted), "planted"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the secret shows as %q in\n%s", leak, out.String())
		}
	}
	if !strings.Contains(string(asJSON), `"***"`) || !strings.Contains(string(asYAML), "***") {
		t.Errorf("no stars in %s or %s", asJSON, asYAML)
	}
	if s.Reveal() != planted || s.IsZero() {
		t.Error("the secret is lost")
	}
	if none := (Secret{}); none.Reveal() != "" || !none.IsZero() || none.String() != "" {
		t.Error("the zero secret is not empty")
	}
}

func TestCanonicalRefusesABareSecret(t *testing.T) {
	cfg := &Config{Providers: map[string]Provider{"a": {APIKey: NewSecret("sk-planted")}}}
	text, err := cfg.Canonical()
	if err == nil || strings.Contains(err.Error(), "planted") {
		t.Errorf("got %q, error %v", text, err)
	}
}

func TestExpand(t *testing.T) {
	env := func(name string) (string, bool) {
		value, ok := map[string]string{"A": "1", "B": "${A}", "_c9": "x y", "EMPTY": ""}[name]
		return value, ok
	}
	tests := []struct{ text, want, err string }{
		{"", "", ""},
		{"plain $ and $A and {A}", "plain $ and $A and {A}", ""},
		{"${A}", "1", ""},
		{"a${A}b${_c9}", "a1bx y", ""},
		{"${B}", "${A}", ""}, // values are not looked into
		{"${EMPTY}", "", ""},
		{"$${A}", "${A}", ""},
		{"$$${A}", "$${A}", ""},
		{"a $${ b", "a ${ b", ""},
		{"${NONE}", "", "the environment has no variable NONE; set it, as in: export NONE=…"},
		{"${}", "", `"${}" is not a reference to the environment; write ${NAME}, or $${ for a plain ${`},
		{"${A", "", `"${A" is not a reference to the environment; write ${NAME}, or $${ for a plain ${`},
		{"${A:-b}", "", `"${A:-b}" is not a reference to the environment; write ${NAME}, or $${ for a plain ${`},
	}
	for _, test := range tests {
		got, err := expand(test.text, env)
		if message := fmt.Sprint(err); got != test.want || (test.err == "") != (err == nil) || err != nil && message != test.err {
			t.Errorf("expand(%q) = %q, %v; want %q, %s", test.text, got, err, test.want, test.err)
		}
		if back, err := expand(escape(test.text), env); err != nil || back != test.text {
			t.Errorf("expand(escape(%q)) = %q, %v", test.text, back, err)
		}
	}
}

func TestSizes(t *testing.T) {
	good := map[string]Size{"0": 0, "7": 7, "1KiB": 1 << 10, "1.5 MiB": 3 << 19, "2gib": 2 << 30, "3KB": 3000, "1MB": 1e6, "9B": 9}
	for text, want := range good {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "1 TB", "-1", "NaN", "1e30", "1MiBMiB"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("parseSize(%q) = %d, want an error", text, got)
		}
	}
	for _, s := range []Size{0, 1, 1023, 1 << 10, 1 << 20, 3 << 29, 1e6, 1<<40 + 1} {
		if got, err := parseSize(s.String()); err != nil || got != s {
			t.Errorf("%d prints as %s, which reads as %d, %v", s, s, got, err)
		}
	}
}

func TestDurations(t *testing.T) {
	for _, d := range []Duration{0, time.Millisecond, time.Second, 90 * time.Second, 2 * time.Minute, time.Hour, 26*time.Hour + time.Minute, 61 * time.Minute} {
		if got, err := parseDuration(durationText(d)); err != nil || got != d {
			t.Errorf("%v prints as %s, which reads as %v, %v", d, durationText(d), got, err)
		}
	}
	if got := durationText(2 * time.Minute); got != "2m" {
		t.Errorf("two minutes print as %s", got)
	}
	if got := durationText(10 * time.Second); got != "10s" {
		t.Errorf("ten seconds print as %s", got)
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"fallback", "fast", "provider", "limit"}
	tests := map[string]string{
		"falback":  `; did you mean "fallback"?`,
		"fsat":     `; did you mean "fast"?`,
		"Provider": `; did you mean "provider"?`,
		"colour":   "; there is fallback, fast, limit, provider",
	}
	for name, want := range tests {
		if got := suggest(name, known); got != want {
			t.Errorf("suggest(%q) = %q, want %q", name, got, want)
		}
	}
	if got := suggest("x", nil); got != "" {
		t.Errorf("nothing is known, yet %q", got)
	}
	if got := suggest(strings.Repeat("x", 1<<20), known); strings.Contains(got, "mean") {
		t.Errorf("a megabyte is near to %q", got)
	}
}
