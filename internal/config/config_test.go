// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what was got into the golden files")

// environment is what the test files may refer to.
func environment(name string) (string, bool) {
	value, ok := map[string]string{
		"KEY": "sk-planted", "EMPTY": "", "LINES": "a\nb", "HOST": "gateway.example.com", "DATA": "/var/lib",
		"RATE": "2.5", "INJECTION": "smart, fast], cache: {of: smart",
		"GROQ_API_KEY": "sk-planted-groq", "GOOGLE_API_KEY": "sk-planted-google", "AZURE_API_KEY": "sk-planted-azure",
		"AWS_REGION": "eu-central-1", "GOOGLE_CLOUD_PROJECT": "planted-project", "XAI_API_KEY": " \n", "TOGETHER_API_KEY": "a\nb",
	}[name]
	return value, ok
}

// fixtures returns the archives of a folder, by name.
func fixtures(t *testing.T, folder string) map[string]*txtar.Archive {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures in %s: %v", folder, err)
	}
	archives := map[string]*txtar.Archive{}
	for _, path := range paths {
		if archives[path], err = txtar.ParseFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return archives
}

// golden compares got with the second file of an archive, or writes it there.
func golden(t *testing.T, path string, archive *txtar.Archive, got string) {
	t.Helper()
	if *update {
		archive.Files[1].Data = []byte(got)
		if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(archive.Files[1].Data), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMistakes(t *testing.T) {
	for path, archive := range fixtures(t, "bad") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			_, err := Parse("retort.yaml", archive.Files[0].Data, environment)
			if err == nil {
				t.Fatal("no error")
			}
			var all Errors
			if !errors.As(err, &all) {
				t.Fatalf("error of type %T, want Errors", err)
			}
			if strings.Contains(err.Error(), "sk-") {
				t.Error("the error shows a secret")
			}
			golden(t, path, archive, err.Error()+"\n")
		})
	}
}

func TestCanonicalForm(t *testing.T) {
	for path, archive := range fixtures(t, "good") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			cfg := parse(t, string(archive.Files[0].Data))
			text, err := cfg.Canonical()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "sk-planted") {
				t.Error("the canonical form shows a secret")
			}
			golden(t, path, archive, string(text))
			again := parse(t, string(text))
			if diff := cmp.Diff(cfg, again, cmp.AllowUnexported(Config{}), cmp.Comparer(sameSecret), cmp.FilterPath(written, cmp.Ignore())); diff != "" {
				t.Errorf("read again, the canonical form differs:\n%s", diff)
			}
			if twice, err := again.Canonical(); err != nil || string(twice) != string(text) {
				t.Errorf("the canonical form of the canonical form differs (%v):\n%s", err, cmp.Diff(string(text), string(twice)))
			}
		})
	}
}

func written(p cmp.Path) bool {
	return p.Last().String() == ".written" || p.Last().String() == ".mistake"
}

func sameSecret(a, b Secret) bool { return a.Reveal() == b.Reveal() }

func parse(t *testing.T, text string) *Config {
	t.Helper()
	cfg, err := Parse("retort.yaml", []byte(text), environment)
	if err != nil {
		t.Fatalf("parse:\n%v\nof:\n%s", err, text)
	}
	return cfg
}

func TestDefaultsAreValid(t *testing.T) {
	var check func(reflect.Type)
	check = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Map || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || isScalar(typ) {
			return
		}
		for _, f := range fieldsOf(typ) {
			if f.doc == "" {
				t.Errorf("%s.%s has no doc", typ.Name(), f.name)
			}
			if f.fallback != "" {
				base := f.typ
				if base.Kind() == reflect.Pointer {
					base = base.Elem()
				}
				if err := setScalar(reflect.New(base).Elem(), f.fallback); err != nil {
					t.Errorf("%s.%s: default: %v", typ.Name(), f.name, err)
				}
			}
			check(f.typ)
		}
	}
	check(reflect.TypeFor[Config]())
}

func TestPathsStartFromTheFile(t *testing.T) {
	cfg, err := Parse(filepath.Join("etc", "retort.yaml"), []byte("providers: {tape: {dialect: replay, file: tapes/a.jsonl}}"), environment)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join("etc", "retort-data"); cfg.Data != want {
		t.Errorf("data is %q, want %q", cfg.Data, want)
	}
	if want := filepath.Join("etc", "tapes", "a.jsonl"); cfg.Providers["tape"].File != want {
		t.Errorf("file is %q, want %q", cfg.Providers["tape"].File, want)
	}
	text, err := cfg.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"data: ./retort-data\n", "file: tapes/a.jsonl\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the canonical form lacks %q:\n%s", want, text)
		}
	}
}

func TestLoad(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want one of a missing file", err)
	}
}

func TestHugeFile(t *testing.T) {
	_, err := Parse("retort.yaml", []byte(strings.Repeat("# x\n", largest)), environment)
	if err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("error %v", err)
	}
}

func TestAliasesCannotExplode(t *testing.T) {
	doubled := "models:\n  a0: &a0 {provider: x}\n"
	for i := 1; i < 40; i++ {
		doubled += fmt.Sprintf("  a%d: &a%d\n    <<: *a%d\n    <<: *a%d\n", i, i, i-1, i-1)
	}
	tests := map[string]string{
		"merges twice": doubled,
		"merges self":  "models:\n  a: &a {<<: *a}\n",
		"holds self":   "models:\n  a: &a {cascade: *a}\n",
		"is self":      "models: &a *a\n",
	}
	for name, text := range tests {
		if _, err := Parse("retort.yaml", []byte(text), environment); err == nil {
			t.Errorf("%s: no error", name)
		} else if len(err.Error()) > 100_000 {
			t.Errorf("%s: the error has %d bytes", name, len(err.Error()))
		}
	}
}
