// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/eval/certify"
	"retort/internal/sections"
)

// fitted returns what Fit finds on drawn records, with a learned verifier.
func fitted(t testing.TB) *Fitted {
	t.Helper()
	f, err := Fit(t.Context(), drawRecords(rand.New(rand.NewPCG(9, 10)), 120), Fitting{Goal: certify.Goal{Agreement: 0.6, Confidence: 0.8}, Verifier: "v"})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func encoded(t testing.TB, f interface{ Encode() ([]byte, error) }) []byte {
	t.Helper()
	file, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFilesComeBackWhole(t *testing.T) {
	f := fitted(t)
	got, err := DecodeFitted(encoded(t, f))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(f, got, cmpopts.IgnoreFields(Fitted{}, "Learned", "Scored")); d != "" {
		t.Error(d)
	}
	for _, r := range drawRecords(rand.New(rand.NewPCG(1, 1)), 50) {
		want, _ := f.Learned.Verify(t.Context(), r.Request, r.Response)
		if score, err := got.Learned.Verify(t.Context(), r.Request, r.Response); err != nil || score != want {
			t.Fatalf("score %v, %v; was %v", score, err, want)
		}
	}
	f.Learned = nil
	if got, err = DecodeFitted(encoded(t, f)); err != nil || got.Learned != nil {
		t.Errorf("without a learned verifier: %+v, %v", got, err)
	}
}

func TestBrokenFilesAreRefused(t *testing.T) {
	f := fitted(t)
	whole := encoded(t, f)
	for _, at := range []int{0, 9, 20, 40, 100, len(whole) / 2, len(whole) - 70} {
		broken := append([]byte{}, whole...)
		broken[at] ^= 1
		if _, err := DecodeFitted(broken); err == nil {
			t.Errorf("byte %d changed: no error", at)
		}
	}
	for name, change := range map[string]func(*Learned){
		"NaN":             func(l *Learned) { l.hashed[3] = float32(math.NaN()) },
		"no deviation":    func(l *Learned) { l.scale[0] = 0 },
		"falls":           func(l *Learned) { l.card.Slope = -1 },
		"features":        func(l *Learned) { l.card.Shapes = l.card.Shapes[1:] },
		"too few buckets": func(l *Learned) { l.hashed = l.hashed[1:] },
	} {
		l, err := DecodeLearned(encoded(t, f.Learned))
		if err != nil {
			t.Fatal(err)
		}
		change(l)
		if _, err := DecodeLearned(encoded(t, l)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.Certificate = certify.Certificate{Status: certify.Certified, Threshold: -1}
	if _, err := DecodeFitted(encoded(t, f)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a threshold below 0: %v", err)
	}
}

// FuzzDecodeFitted puts any bytes behind a valid envelope: what is read can be asked, and has a file of its own again.
func FuzzDecodeFitted(f *testing.F) {
	whole := encoded(f, fitted(f))
	f.Add(whole, true)
	f.Add(whole[:100], false)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, data []byte, seal bool) {
		if seal && len(data) >= sections.HeaderBytes {
			data = sections.Seal(append([]byte{}, data...), &fittedFormat)
		}
		got, err := DecodeFitted(data)
		if err != nil {
			return
		}
		if got.Certificate.Answers(math.NaN()) {
			t.Error("answers no score at all")
		}
		if got.Learned != nil && got.Learned.card.Verdicts != 0 {
			score, err := got.Learned.Verify(t.Context(), asking("where?"), answering("there"))
			if err != nil || !(score >= 0 && score <= 1) {
				t.Errorf("score %v, %v", score, err)
			}
		}
		if _, err := got.Encode(); err != nil {
			t.Error(err)
		}
	})
}
