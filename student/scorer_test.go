// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"retort/internal/sections"
)

// scorerDesk returns messages with numbers: the first number is 1 for refunds and 0 else, the second is known for every other text, the third is
// the same for all.
func scorerDesk(n int) []ScorerExample {
	var out []ScorerExample
	for i, e := range desk(n) {
		want := []float32{0, 0, 3}
		if e.Label == "refund" {
			want[0], want[1] = 1, -5
		}
		if i%2 == 0 {
			want[1] = float32(math.NaN())
		}
		out = append(out, ScorerExample{Text: []string{e.Text}, Want: want})
	}
	return out
}

func fitted(t testing.TB, examples []ScorerExample, opt ScorerOptions) *Scorer {
	t.Helper()
	s, err := FitScorer(context.Background(), examples, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScorerLearnsNumbers(t *testing.T) {
	examples := scorerDesk(60)
	s := fitted(t, examples, ScorerOptions{Penalty: []float32{0.3, 0.3, 0.3}})
	got := make([]float32, s.Outputs())
	for i, e := range desk(60) {
		s.Score(got, e.Text)
		want := examples[i].Want[0]
		known := i%2 == 1
		if math.Abs(float64(got[0]-want)) > 0.35 || known && math.Abs(float64(got[1]+5*want)) > 1.7 || math.Abs(float64(got[2]-3)) > 0.01 {
			t.Errorf("%q: %v, want about %v %v 3", e.Text, got, want, -5*want)
		}
	}
	far := fitted(t, examples, ScorerOptions{Penalty: []float32{1e5, 1e5, 1e5}})
	far.Score(got, desk(1)[0].Text)
	if math.Abs(float64(got[0])-1.0/3) > 0.01 {
		t.Errorf("with a large penalty the first number is %v, want the mean", got[0])
	}
}

func TestScorerFile(t *testing.T) {
	s := fitted(t, scorerDesk(20), ScorerOptions{Penalty: []float32{1, 1, 1}})
	file := s.Encode()
	decoded, err := DecodeScorer(file)
	if err != nil {
		t.Fatal(err)
	}
	a, b := make([]float32, 3), make([]float32, 3)
	for _, e := range desk(20) {
		s.Score(a, e.Text, "and more")
		decoded.Score(b, e.Text, "and more")
		if a[0] != b[0] || a[1] != b[1] || a[2] != b[2] {
			t.Fatalf("%v before, %v after", a, b)
		}
	}
	if !bytes.Equal(decoded.Encode(), file) {
		t.Error("encoding what was read gives other bytes")
	}
	file = bytes.Clone(file)
	file[len(file)/2] ^= 1
	if _, err := DecodeScorer(file); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a flipped bit: %v", err)
	}
}

func TestFitScorerRejects(t *testing.T) {
	one := []ScorerExample{{Text: []string{"a"}, Want: []float32{1}}}
	for name, c := range map[string]struct {
		examples []ScorerExample
		penalty  []float32
		want     string
	}{
		"nothing":         {nil, []float32{1}, "no examples"},
		"no outputs":      {one, nil, "0 penalties"},
		"too many":        {one, []float32{1, 1}, "example 0 has 1 numbers"},
		"no penalty":      {one, []float32{0}, "penalty 0 is 0"},
		"infinite number": {[]ScorerExample{{Want: []float32{float32(math.Inf(1))}}}, []float32{1}, "+Inf"},
	} {
		if _, err := FitScorer(context.Background(), c.examples, ScorerOptions{Penalty: c.penalty}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not say %q", name, err, c.want)
		}
	}
}

func FuzzDecodeScorer(f *testing.F) {
	base := fitted(f, scorerDesk(8), ScorerOptions{Penalty: []float32{1, 1, 1}}).Encode()
	f.Add([]byte{}, uint32(0))
	for i := range uint32(8) {
		f.Add(append(binary.LittleEndian.AppendUint32(nil, sections.HeaderBytes+sections.EntryBytes*i+16), 255), 64*i)
	}
	f.Fuzz(func(t *testing.T, changes []byte, cut uint32) {
		file := bytes.Clone(base)
		file = file[:len(file)-int(cut)%len(file)]
		for ; len(changes) >= 5; changes = changes[5:] {
			file[int(binary.LittleEndian.Uint32(changes))%len(file)] += changes[4]
		}
		if len(file) >= sections.HeaderBytes {
			file = sections.Seal(file, &scorerFormat)
		}
		if s, err := DecodeScorer(file); err == nil && s.Outputs() < 1000 {
			s.Score(make([]float32, s.Outputs()), "where is my parcel?", "\xff")
		}
	})
}
