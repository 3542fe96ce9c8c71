// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package origin

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/internal/config"
	"retort/model"
)

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("retort.yaml", []byte(text), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const house = `providers:
  up: {dialect: openai, base_url: 'https://api.example.com/v1'}
  near: {dialect: openai, base_url: 'http://vllm:8000/v1'}
models:
  large: {provider: up, name: l-1, price: {input: 10, output: 20}, distillation: {status: allowed, basis: ours}}
  strict: {provider: up, price: {input: 40}, distillation: {status: forbidden, basis: section 2}}
  free: {provider: up}
  own: {provider: near}
  also: {provider: near}
  panel: {ensemble: {vote: {of: [large, own, also]}}}
  steady: {fallback: [large, strict]}
tasks:
  desk: {output: {enum: [a, b]}, teacher: panel}
  second: {output: {enum: [a, b]}, teacher: desk}
`

func TestNamesOfWhatStandsBehind(t *testing.T) {
	c := parse(t, house)
	names := NamesOf(c, "second")
	want := []string{"near/also", "near/own", "student/desk@", "student/second@", "up/l-1"}
	if diff := cmp.Diff(want, names.Sorted()); diff != "" {
		t.Error(diff)
	}
	for name, is := range map[string]bool{"up/l-1": true, Student("desk", "x1"): true, Student("other", "x1"): false, "up/strict": false} {
		if names.Has(name) != is {
			t.Errorf("%s is among them: %v, want %v", name, !is, is)
		}
	}
	if got := Called(c, "up/l-1"); len(got) != 1 || got[0] != "large" {
		t.Errorf("up/l-1 is configured as %v", got)
	}
	if !Reaches(c, "second", "large") || !Behind(c, "own", "second") || Reaches(c, "large", "second") || Behind(c, "strict", "second") {
		t.Error("what stands behind a task is another's")
	}
}

// What one member of a vote says alone is not what the vote says.
func TestAVoteGaveWhatSeveralSaid(t *testing.T) {
	c := parse(t, house)
	trace := &model.Trace{Response: &model.Response{Model: "up/l-1"}, Attempts: []model.Attempt{{Model: "up/l-1"}}}
	names := NamesOf(c, "second")
	if Gave(c, "second", names, trace) {
		t.Error("one member alone spoke for the vote")
	}
	trace.Attempts = append(trace.Attempts, model.Attempt{Model: "near/own"})
	if !Gave(c, "second", names, trace) || !Gave(c, "large", NamesOf(c, "large"), trace) {
		t.Error("the vote did not give its own answer")
	}
}

func TestTermsOfAllBehindATeacher(t *testing.T) {
	c := parse(t, house)
	if unknown, err := Terms(c, "desk"); err != nil || len(unknown) != 2 || unknown[0] != "own" || TermsOf(c, "desk") != config.DistillUnknown {
		t.Errorf("unknown are %v, %v; %s", unknown, err, TermsOf(c, "desk"))
	}
	var forbidden *ForbiddenError
	if _, err := Terms(c, "large", "steady"); !errors.As(err, &forbidden) || forbidden.Model != "strict" || !strings.Contains(err.Error(), "section 2") {
		t.Errorf("a forbidden one: %v", err)
	}
	if TermsOf(c, "large") != config.DistillAllowed {
		t.Errorf("the terms of large are %s", TermsOf(c, "large"))
	}
}

func TestPricesBehindNames(t *testing.T) {
	c := parse(t, house)
	if got := Dearest(c, "steady"); got.Input != 40 {
		t.Errorf("the dearest of steady is %+v", got)
	}
	if got := Unpriced(c, "steady", "own"); got != "" {
		t.Errorf("%s is said to have no price", got)
	}
	if got := Unpriced(c, "own", "free"); got != "free" {
		t.Errorf("without a price is %q", got)
	}
	for address, want := range map[string]bool{"http://127.0.0.1:1/v1": true, "http://vllm:8000/v1": true, "http://10.1.2.3/v1": true, "http://gpu.internal/v1": true,
		"https://api.example.com/v1": false, "http://8.8.8.8/v1": false, "": true} {
		if nearby(address) != want {
			t.Errorf("%q is nearby: %v, want %v", address, !want, want)
		}
	}
}

// A teacher is another one when another model stands behind its name, or one's own server has another address; a price makes none.
func TestIdentity(t *testing.T) {
	of := func(name, old, text string) string {
		return Identity(parse(t, strings.Replace(house, old, text, 1)), name)
	}
	same := Identity(parse(t, house), "panel")
	if of("panel", "input: 10", "input: 11") != same || of("panel", "api.example.com", "eu.example.com") != same {
		t.Error("a price or a vendor's address makes another teacher")
	}
	if of("panel", "l-1", "l-2") == same || of("panel", "vllm:8000", "vllm:9000") == same {
		t.Error("another model is the same teacher")
	}
}
