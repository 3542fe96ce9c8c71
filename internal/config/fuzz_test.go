// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzParse puts any text to Parse: an error is of type Errors and shows no secret; what is accepted has a canonical form
// that means the same.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(archive.Files[0].Data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := Parse("retort.yaml", []byte(text), environment)
		if err != nil {
			var all Errors
			if !errors.As(err, &all) || len(all) == 0 {
				t.Fatalf("error of type %T: %v", err, err)
			}
			if strings.Contains(err.Error(), "sk-planted") && !strings.Contains(text, "sk-planted") {
				t.Fatalf("the error shows a secret: %v", err)
			}
			return
		}
		canonical, err := cfg.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("retort.yaml", canonical, environment)
		if err != nil {
			t.Fatalf("the canonical form of %q is wrong: %v\n%s", text, err, canonical)
		}
		if diff := cmp.Diff(cfg, again, cmp.AllowUnexported(Config{}), cmp.Comparer(sameSecret), cmp.FilterPath(written, cmp.Ignore())); diff != "" {
			t.Fatalf("read again, the canonical form differs:\n%s\n%s", diff, canonical)
		}
	})
}

// FuzzText puts any text where the file may hold any: it must come back from the canonical form.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"plain", "", "a: b", "- x", "~", "null", "1.10", "true", "a\nb\n", " lead", "trail \n\n", "\ttab", "#c", "'", `"`, "${", "$${X}", "${KEY}", "é\u2028", "a\r\nb", "|", ">", "%", "@", "`", "[a]", "{a}", "*a", "&a", "!a", "? a", "a #b", "0x10", "-", "---", "\x00", "\u0085"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, openMask+closeMask) || strings.ToValidUTF8(text, "") != text {
			t.Skip()
		}
		cfg := &Config{Tasks: map[string]Task{"t": {
			Instructions: text, Output: Output{Enum: []string{"a", "b"}}, Teacher: Teachers{"m"}, Agreement: 0.5, Confidence: 0.5, Student: Student{Effort: EffortHigh, Method: MethodStrict, FalseAlarms: 0.1},
		}}}
		canonical, err := cfg.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		_, tasks, _ := strings.Cut(string(canonical), "tasks:")
		const rest = "models: {m: {provider: p}}\nproviders: {p: {dialect: replay, file: f}}\n"
		again, err := Parse("retort.yaml", []byte(rest+"tasks:"+tasks), environment)
		if err != nil || again.Tasks["t"].Instructions != text {
			t.Fatalf("%q became %q: %v", text, canonical, err)
		}
		quoted := rest + "tasks:\n  t:\n    output: {enum: [a, b]}\n    teacher: m\n    instructions: " + Quote(text) + "\n"
		if again, err = Parse("retort.yaml", []byte(quoted), environment); err != nil || again.Tasks["t"].Instructions != text {
			t.Fatalf("%q became %q: %v", text, quoted, err)
		}
	})
}
