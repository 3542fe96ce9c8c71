// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// desk makes n examples of three classes that share most of their words.
func desk(n int) []Example {
	random := rand.New(rand.NewPCG(11, 12))
	own := map[string][]string{
		"order":  {"parcel", "tracking", "delivery", "courier", "arrive"},
		"refund": {"money", "back", "bank", "refunded", "credit"},
		"broken": {"cracked", "smoke", "dead", "loose", "rattles"},
	}
	shared := strings.Fields("hello please my the is when where i bought it and now today kettle toaster again help")
	labels := []string{"broken", "order", "refund"}
	out := make([]Example, n)
	for i := range out {
		label := labels[i%3]
		words := []string{own[label][random.IntN(5)]}
		for range 4 + random.IntN(6) {
			words = append(words, shared[random.IntN(len(shared))])
		}
		random.Shuffle(len(words), func(a, b int) { words[a], words[b] = words[b], words[a] })
		out[i] = Example{Text: strings.Join(words, " "), Label: label}
	}
	return out
}

func train(t testing.TB, examples []Example, opt Options) *Training {
	t.Helper()
	training, err := Train(context.Background(), examples, opt)
	if err != nil {
		t.Fatal(err)
	}
	return training
}

func TestTrainLearns(t *testing.T) {
	all := desk(450)
	training := train(t, all[:300], Options{Task: "desk"})
	for _, e := range all[300:] {
		p := training.Student.Predict(e.Text)
		if p.Label != e.Label {
			t.Errorf("%q: got %s, want %s", e.Text, p.Label, e.Label)
		}
		if training.Student.Labels()[p.Class] != p.Label || p.Score < 1.0/3 || p.Score > 1 {
			t.Errorf("%q: inconsistent prediction %+v", e.Text, p)
		}
	}
	right := 0
	for i, p := range training.OutOfFold {
		if p.Label == all[i].Label {
			right++
		}
	}
	if right < 295 {
		t.Errorf("%d of 300 right out of fold, want at least 295", right)
	}
	card := training.Student.Card()
	if card.Task != "desk" || card.Examples != 300 || card.Training.Folds != 10 || card.DataHash != HashExamples(all[:300]) {
		t.Errorf("card does not describe the training: %+v", card)
	}
}

func TestTrainIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	cases := []struct {
		effort  Effort
		n       int
		workers []int
	}{{Standard, 60, []int{1, 2, 5}}, {High, 15, []int{1, 2}}}
	for _, c := range cases {
		t.Run(string(c.effort), func(t *testing.T) {
			opt := Options{Seed: 3, Folds: 2, Effort: c.effort}
			var first []byte
			for _, opt.Workers = range c.workers {
				file := encode(t, train(t, desk(c.n), opt).Student)
				if first == nil {
					first = file
				}
				if !bytes.Equal(first, file) {
					t.Errorf("the file of %d workers differs from that of %d", opt.Workers, c.workers[0])
				}
			}
			opt.Seed = 4
			if bytes.Equal(first, encode(t, train(t, desk(c.n), opt).Student)) {
				t.Error("another seed gave the same file")
			}
		})
	}
}

// TestTrainGivesTheSameFileEverywhere pins the bytes of a small student, which are the same on every architecture, with
// and without assembly. A change of the training on purpose changes the digest.
func TestTrainGivesTheSameFileEverywhere(t *testing.T) {
	const want = "1ce0e8b2d11bb96368194960420b33d923ab223e72a718accbd828dc1c31c839"
	file := encode(t, train(t, desk(60), Options{Seed: 3, Folds: 2}).Student)
	if got := fmt.Sprintf("%x", sha256.Sum256(file)); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestPredictAnyText(t *testing.T) {
	s := train(t, desk(90), Options{Folds: 2}).Student
	long := strings.Repeat("where is my parcel ", 1<<20/19)
	texts := map[string]string{
		"empty": "", "spaces": " \n\t ", "one letter": "x", "invalid": "\xff\xfe parcel \xc3", "nul": "a\x00b",
		"one megabyte": long, "one word of a megabyte": strings.Repeat("a", 1<<20), "han": "我的包裹在哪里", "emoji": "📦❓👩‍👩‍👧",
		"marks": strings.Repeat("e\u0301", 50), "nothing known": "zzzz qqqq",
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			p := s.Predict(text)
			d := s.Distribution(nil, text)
			var sum float64
			for _, x := range d {
				sum += x
			}
			if len(d) != 3 || math.Abs(sum-1) > 1e-6 || math.Abs(d[p.Class]-p.Score) > 1e-9 {
				t.Errorf("prediction %+v, distribution %v", p, d)
			}
		})
	}
	if a, b := s.Predict(long), s.Predict(long[:20000]); a != b {
		t.Errorf("what follows the characters read changed the answer: %v, %v", a, b)
	}
}

func TestLabelsNeverSeen(t *testing.T) {
	labels := []string{"alien", "broken", "order", "refund", "zebra"}
	s := train(t, desk(90), Options{Labels: labels, Folds: 2}).Student
	if diff := cmp.Diff([]string{"alien", "zebra"}, s.Card().Training.Unseen); diff != "" {
		t.Error(diff)
	}
	d := s.Distribution(make([]float64, 0, 9), "my alien zebra")
	if len(d) != 5 || d[0] != 0 || d[4] != 0 {
		t.Errorf("distribution over %v is %v", labels, d)
	}
	if got := s.Labels(); !cmp.Equal(got, labels) {
		t.Errorf("labels are %v", got)
	}
}

func TestOneClass(t *testing.T) {
	training := train(t, []Example{{Text: "a", Label: "only"}, {Text: "b", Label: "only"}}, Options{})
	want := Prediction{Class: 0, Label: "only", Score: 1}
	if got := training.Student.Predict("anything"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if diff := cmp.Diff([]Prediction{want, want}, training.OutOfFold); diff != "" {
		t.Error(diff)
	}
	if d := training.Student.Distribution(nil, ""); len(d) != 1 || d[0] != 1 {
		t.Errorf("distribution %v", d)
	}
}

func TestFewExamples(t *testing.T) {
	nobody := Prediction{Class: -1}
	a, b := Prediction{Class: 0, Label: "a", Score: 1}, Prediction{Class: 1, Label: "b", Score: 1}
	cases := []struct {
		name     string
		examples []Example
		want     []Prediction
	}{
		{"one example", []Example{{Text: "x", Label: "a"}}, []Prediction{nobody}},
		{"one text twice, contradicting", []Example{{Text: "x", Label: "a"}, {Text: "x", Label: "b"}}, []Prediction{nobody, nobody}},
		// Each is answered by a model that knows the other class alone.
		{"a class of one example each", []Example{{Text: "x", Label: "a"}, {Text: "y", Label: "b"}}, []Prediction{b, a}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			training := train(t, c.examples, Options{})
			if diff := cmp.Diff(c.want, training.OutOfFold); diff != "" {
				t.Error(diff)
			}
			if p := training.Student.Predict("x"); p.Class < 0 || math.IsNaN(p.Score) {
				t.Errorf("prediction %+v", p)
			}
		})
	}
}

func TestTrainRejects(t *testing.T) {
	good := Example{Text: "x", Label: "a"}
	cases := []struct {
		name     string
		examples []Example
		opt      Options
		want     string
	}{
		{"nothing", nil, Options{}, "no examples"},
		{"a label outside the contract", []Example{good, {Text: "y", Label: "c"}}, Options{Labels: []string{"a", "b"}}, `example 1: label: "c" is not among the 2 labels`},
		{"no label", []Example{{Text: "y"}, good}, Options{}, "example 0: label: empty"},
		{"a label twice", []Example{good}, Options{Labels: []string{"a", "a"}}, `label "a" is listed twice`},
		{"a label without name", []Example{good}, Options{Labels: []string{"a", ""}}, `label 1 is ""`},
		{"a label that is not UTF-8", []Example{{Text: "x", Label: "\xff"}}, Options{}, `label 0 is "\xff"`},
		{"a negative weight", []Example{{Text: "x", Label: "a", Weight: -1}}, Options{}, "example 0: weight: -1"},
		{"a weight that is no number", []Example{{Text: "x", Label: "a", Weight: math.NaN()}}, Options{}, "example 0: weight"},
		{"a negative probability", []Example{{Text: "x", Soft: map[string]float64{"a": -1, "b": 2}}}, Options{}, `example 0: soft labels: the probability of "a" is -1`},
		{"soft labels of nothing", []Example{{Text: "x", Soft: map[string]float64{"a": 0}}}, Options{}, "all are 0"},
		{"a soft label outside the contract", []Example{{Text: "x", Label: "a", Soft: map[string]float64{"q": 1}}}, Options{Labels: []string{"a"}}, `soft labels: "q"`},
		{"one fold", []Example{good}, Options{Folds: 1}, "1 folds"},
		{"an unknown effort", []Example{good}, Options{Effort: "huge"}, `effort "huge"`},
		{"too few bytes", []Example{good}, Options{MaxBytes: 100}, "100 bytes are too few"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			training, err := Train(context.Background(), c.examples, c.opt)
			if err == nil || training != nil {
				t.Fatalf("accepted: %v", training)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ctx, desk(30), Options{}); err == nil {
		t.Error("trained although the context was done")
	}
}

func TestMaxBytes(t *testing.T) {
	small := train(t, desk(300), Options{MaxBytes: 40_000, Folds: 2})
	file, err := small.Student.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if len(file) > 40_000 {
		t.Errorf("file has %d bytes, allowed were 40000", len(file))
	}
}

func TestSoftLabelsTeach(t *testing.T) {
	soft := desk(300)
	for i := range soft {
		if soft[i].Label == "refund" { // a teacher in two minds
			soft[i].Soft = map[string]float64{"refund": 0.6, "order": 0.4}
			soft[i].Label = ""
		}
	}
	s := train(t, soft, Options{Folds: 2}).Student
	hard := train(t, desk(300), Options{Folds: 2}).Student
	text := "my money back please"
	order := 1
	if a, b := s.Distribution(nil, text)[order], hard.Distribution(nil, text)[order]; a < 2*b {
		t.Errorf("probability of order is %.3f with soft labels, %.3f with hard ones", a, b)
	}
	if p := s.Predict(text); p.Label != "refund" {
		t.Errorf("prediction %+v", p)
	}
}

func TestWeightsCount(t *testing.T) {
	examples := desk(90)
	for range 3 {
		examples = append(examples, Example{Text: "kettle whistle", Label: "order"})
	}
	examples = append(examples, Example{Text: "kettle whistle", Label: "broken", Weight: 1000})
	if p := train(t, examples, Options{Folds: 2}).Student.Predict("kettle whistle"); p.Label != "broken" {
		t.Errorf("the heavy example lost: %+v", p)
	}
}

func TestHardExamplesTrainAndDoNotCalibrate(t *testing.T) {
	fair := desk(240)
	hard := make([]Example, 0, 90)
	for i := range 90 { // a class of its own, and nothing but noise
		hard = append(hard, Example{Text: fmt.Sprintf("invoice %d", i), Label: []string{"bill", "order", "refund"}[i%3], Hard: true})
	}
	plain := train(t, fair, Options{})
	both := train(t, append(fair, hard...), Options{})
	for i, p := range both.OutOfFold {
		switch {
		case i >= len(fair) && (p.Class != -1 || p.Score != 0):
			t.Errorf("hard example %d was judged: %+v", i, p)
		case i < len(fair) && (p.Label != fair[i].Label || p.Score < plain.OutOfFold[i].Score-0.1):
			t.Errorf("fair example %d: %+v, without the hard ones %+v", i, p, plain.OutOfFold[i])
		}
	}
	if got := both.Student.Card().Metrics["cross_fit_accuracy"]; got != 1 {
		t.Errorf("accuracy %v of the fair examples, want 1", got)
	}
	if p := both.Student.Distribution(nil, "invoice 6"); p[0] < 0.5 {
		t.Errorf("the hard examples did not train: %v of %v", p, both.Student.Labels())
	}
}

func TestHardCopiesAreHeldOutWithTheirText(t *testing.T) {
	s, err := newSample([]Example{{Text: "a", Label: "x"}, {Text: "b", Label: "y"}, {Text: "a", Label: "x", Hard: true}, {Text: "c", Label: "y", Hard: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	fold, folds := assignFolds(s, 2, 1)
	if folds != 2 || fold[2] != fold[0] || fold[1] == fold[0] || fold[3] != -1 {
		t.Errorf("folds %v of %d", fold, folds)
	}
}

func TestPredictDoesNotAllocate(t *testing.T) {
	if raced {
		t.Skip("the race detector makes pools forget")
	}
	for _, effort := range []Effort{Standard, High} {
		s := train(t, desk(15), Options{Folds: 2, Effort: effort}).Student
		text := "Where is my parcel? I bought the kettle and it's not here"
		if n := testing.AllocsPerRun(200, func() { s.Predict(text) }); n != 0 {
			t.Errorf("%s effort: %v allocations a prediction", effort, n)
		}
	}
}

func TestPredictIsSafeForConcurrentUse(t *testing.T) {
	examples := desk(120)
	s := train(t, examples, Options{Folds: 2}).Student
	want := make([]Prediction, len(examples))
	for i, e := range examples {
		want[i] = s.Predict(e.Text)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i, e := range examples {
				if got := s.Predict(e.Text); got != want[i] {
					t.Errorf("%q: got %+v, want %+v", e.Text, got, want[i])
				}
			}
		})
	}
	group.Wait()
}

func TestProgressReachesTheEnd(t *testing.T) {
	var mu sync.Mutex
	last := map[string]string{}
	train(t, desk(60), Options{Folds: 3, Progress: func(stage string, done, total int) {
		mu.Lock()
		defer mu.Unlock()
		if done == total {
			last[stage] = fmt.Sprint(total)
		}
	}})
	if diff := cmp.Diff(map[string]string{"cross-fit": "3", "fit": "1"}, last); diff != "" {
		t.Error(diff)
	}
}

func TestCardIsACopy(t *testing.T) {
	s := train(t, desk(60), Options{Folds: 2}).Student
	card := s.Card()
	card.Labels[0], card.Metrics["cross_fit_accuracy"] = "changed", -1
	if diff := cmp.Diff(card, s.Card(), cmpopts.EquateEmpty()); diff == "" {
		t.Error("changing the copy changed the student's card")
	}
	card.Task, card.Teachers = "renamed", []string{"big"}
	other := s.WithCard(card)
	if got := other.Card(); got.Task != "renamed" || got.Labels[0] != "broken" {
		t.Errorf("card is %+v", got)
	}
	if a, b := s.Predict("parcel"), other.Predict("parcel"); a != b {
		t.Errorf("the card changed the answer: %v, %v", a, b)
	}
}
