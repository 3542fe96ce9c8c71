// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// negations returns n texts whose class depends on which of two words comes first, which no bag of words can tell.
func negations(n int, seed uint64) (texts []string, target [][]float32) {
	rng := rand.New(rand.NewPCG(seed, 0))
	filler := strings.Fields("please today my card the app now again with it")
	for range n {
		words := []string{"refund", "payment"}
		class := rng.IntN(2)
		if class == 1 {
			words = []string{"payment", "refund"}
		}
		pick := func() string { return filler[rng.IntN(len(filler))] }
		texts = append(texts, strings.Join([]string{pick(), pick(), words[0], words[1], pick(), pick()}, " "))
		row := make([]float32, 2)
		row[class] = 1
		target = append(target, row)
	}
	return texts, target
}

func best(p []float32) int {
	b := 0
	for c, v := range p {
		if v > p[b] {
			b = c
		}
	}
	return b
}

func mustFit(t *testing.T, texts []string, target [][]float32, classes int, o Options) *Model {
	t.Helper()
	m, err := Fit(t.Context(), texts, target, nil, classes, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLearnsWordOrder(t *testing.T) {
	texts, target := negations(300, 1)
	m := mustFit(t, texts, target, 2, Options{Epochs: 12, Members: 1})
	texts, target = negations(200, 2)
	var s Scratch
	var dst []float32
	wrong := 0
	for i, text := range texts {
		if dst = m.Logits(dst, text, &s); best(dst) != best(target[i]) {
			wrong++
		}
	}
	if wrong > 4 {
		t.Errorf("%d of 200 new texts wrong, want at most 4", wrong)
	}
}

func TestLearnsSoftTargetsAndWeights(t *testing.T) {
	texts := strings.Split(strings.Repeat("alpha\nbeta\n", 60)+"alpha\nbeta", "\n")
	target := make([][]float32, len(texts))
	weights := make([]float32, len(texts))
	for i := range texts {
		target[i], weights[i] = []float32{0.7, 0.3}, 1
		if i%2 == 1 {
			target[i] = []float32{0.2, 0.8}
		}
		if i >= 100 { // contradictory, but without weight
			target[i], weights[i] = []float32{0, 1}, 0
		}
	}
	m, err := Fit(t.Context(), texts, target, weights, 2, Options{Epochs: 60, Members: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts[:2] {
		p := m.Logits(nil, text, new(Scratch))
		softmax(p)
		want := 0.95*target[i][0] + 0.025 // smoothed
		if math.Abs(float64(p[0]-want)) > 0.1 {
			t.Errorf("%s: class 0 has probability %.2f, want %.2f", text, p[0], want)
		}
	}
}

func TestSameModelWhateverTheWorkers(t *testing.T) {
	texts, target := negations(60, 3)
	var first []byte
	for _, workers := range []int{1, 2, 5} {
		b, err := mustFit(t, texts, target, 2, Options{Seed: 9, Workers: workers, Epochs: 2}).AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if !bytes.Equal(b, first) {
			t.Errorf("with %d workers the model is another one than with 1", workers)
		}
	}
	other, err := mustFit(t, texts, target, 2, Options{Seed: 10, Epochs: 2}).AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(other, first) {
		t.Error("another seed gives the same model")
	}
}

func TestAnyText(t *testing.T) {
	texts, target := negations(40, 5)
	m := mustFit(t, append(texts, ""), append(target, []float32{1, 0}), 2, Options{Epochs: 2})
	var s Scratch
	for name, text := range map[string]string{
		"empty":         "",
		"blank":         " \t\n ",
		"unknown words": "zyx wvu",
		"one megabyte":  strings.Repeat("refund payment ", 70_000),
		"one word":      strings.Repeat("x", 1<<20),
		"not UTF-8":     "refund\xff\xfe\x80payment\xc3",
		"unspaced":      strings.Repeat("返金してください", 40),
		"signs":         "?!?!🙂🙂 €£ \u202e",
		"control":       "\x00\x01refund\x00",
	} {
		t.Run(name, func(t *testing.T) {
			for c, v := range m.Logits(nil, text, &s) {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Errorf("class %d has logit %v", c, v)
				}
			}
		})
	}
	if d := cmp.Diff(m.Logits(nil, "", &s), m.Logits(nil, "\xff \x00", new(Scratch))); d != "" {
		t.Errorf("texts without words differ:\n%s", d)
	}
}

func TestOneClass(t *testing.T) {
	m := mustFit(t, []string{"a", "b"}, [][]float32{{1}, {1}}, 1, Options{})
	if got := m.Logits(nil, "a", new(Scratch)); len(got) != 1 {
		t.Errorf("got %d logits, want 1", len(got))
	}
}

func TestLogitsDoNotAllocate(t *testing.T) {
	texts, target := negations(40, 5)
	m := mustFit(t, texts, target, 2, Options{Epochs: 1})
	var s Scratch
	dst := m.Logits(nil, strings.Repeat("refund payment ", 100), &s)
	n := testing.AllocsPerRun(50, func() {
		for _, text := range texts[:8] {
			dst = m.Logits(dst, text, &s)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestFitRefuses(t *testing.T) {
	nan := float32(math.NaN())
	hard := [][]float32{{1, 0}, {0, 1}}
	for _, c := range []struct {
		name    string
		texts   []string
		target  [][]float32
		weights []float32
		classes int
		want    string
	}{
		{"nothing", nil, nil, nil, 2, "no examples"},
		{"targets missing", []string{"a", "b"}, hard[:1], nil, 2, "2 texts but 1 targets"},
		{"weights missing", []string{"a", "b"}, hard, []float32{1}, 2, "2 texts but 1 weights"},
		{"no class", []string{"a", "b"}, hard, nil, 0, "0 classes"},
		{"short target", []string{"a", "b"}, [][]float32{{1, 0}, {1}}, nil, 2, "example 1: target over 1 classes"},
		{"negative", []string{"a", "b"}, [][]float32{{2, -1}, {1, 0}}, nil, 2, "example 0"},
		{"not a number", []string{"a", "b"}, [][]float32{{1, 0}, {nan, 1}}, nil, 2, "example 1"},
		{"no weight", []string{"a", "b"}, hard, []float32{0, 0}, 2, "weights"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Fit(t.Context(), c.texts, c.target, c.weights, c.classes, Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestFitStopsAndReports(t *testing.T) {
	texts, target := negations(64, 6)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := Fit(ctx, texts, target, nil, 2, Options{Epochs: 1000, Progress: func(done, total int) {
		if want := 1000 * defaultRecipe().members; total != want || done < 1 || done > total {
			t.Errorf("progress %d of %d, want of %d", done, total, want)
		}
		if done == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the context was cancelled", err)
	}
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"I haven't GOT it!", []string{"<i>", "<havent>", "<got>", "<it>", "<!>"}},
		{"top-up £5", []string{"<top>", "<->", "<up>", "<£>", "<5>"}},
		{"Übergrößen\xff naïve", []string{"<übergrößen>", "<naïve>"}},
		{"返金 ok", []string{"<返>", "<金>", "<ok>"}},
		{"' ''", nil},
	} {
		var z tokenizer
		var got []string
		z.each(c.text, func(uint64) { got = append(got, string(z.word)) })
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", c.text, d)
		}
	}
}

func TestTokensEnd(t *testing.T) {
	for _, text := range []string{strings.Repeat("a ", 1000), strings.Repeat("?", 1000), strings.Repeat("a?", 1000)} {
		var z tokenizer
		n := 0
		z.each(text, func(uint64) { n++ })
		if n != maxTokens {
			t.Errorf("%.6q…: %d tokens, want %d", text, n, maxTokens)
		}
	}
}

func ExampleFit() {
	texts := []string{"where is my card", "card has not arrived", "refund my money", "give the money back"}
	target := [][]float32{{1, 0}, {1, 0}, {0, 1}, {0, 1}}
	m, err := Fit(context.Background(), texts, target, nil, 2, Options{Seed: 1, Epochs: 40})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(best(m.Logits(nil, "my card where", new(Scratch))), best(m.Logits(nil, "money back", new(Scratch))))
	// Output: 0 1
}
