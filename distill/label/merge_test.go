// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/dataset"
	"retort/model"
	"retort/task"
)

func TestDistribution(t *testing.T) {
	labels := []string{"card_arrival", "card_lost", "exchange", "exchange_rate"}
	token := func(s string, p float64, top ...model.TokenLogprob) model.TokenLogprob {
		return model.TokenLogprob{Token: s, Logprob: math.Log(p), Top: append([]model.TokenLogprob{{Token: s, Logprob: math.Log(p)}}, top...)}
	}
	other := func(s string, p float64) model.TokenLogprob {
		return model.TokenLogprob{Token: s, Logprob: math.Log(p)}
	}
	for name, c := range map[string]struct {
		said   string
		tokens []model.TokenLogprob
		want   map[string]float64
	}{
		"no tokens":       {"card_lost", nil, nil},
		"no alternatives": {"card_lost", []model.TokenLogprob{{Token: "card_lost", Logprob: -0.1}}, nil},
		"first token tells": {"exchange", []model.TokenLogprob{token("exchange", 0.8, other("card_lost", 0.2))},
			map[string]float64{"exchange": 0.8, "card_lost": 0.2}},
		"later token tells": {"card_arrival", []model.TokenLogprob{token("card", 1), token("_arrival", 0.7, other("_lost", 0.3))},
			map[string]float64{"card_arrival": 0.7, "card_lost": 0.3}},
		"several begin alike": {"exchange_rate", []model.TokenLogprob{token("exchange_rate", 0.6, other("card", 0.4))},
			map[string]float64{"exchange_rate": 0.6, "card_arrival": 0.2, "card_lost": 0.2}},
		"what begins none counts for nothing": {"card_lost", []model.TokenLogprob{token("card_lost", 0.6, other("exchange_rate", 0.2), other("Hmm", 0.2))},
			map[string]float64{"card_lost": 0.75, "exchange_rate": 0.25}},
		"in quotes": {"card_lost", []model.TokenLogprob{token(`"card`, 0.9, other(`"exchange_rate`, 0.1)), token(`_lost"}`, 1)},
			map[string]float64{"card_lost": 0.9, "exchange_rate": 0.1}},
		"in another case": {"card_lost", []model.TokenLogprob{token("Card_Lost", 0.9, other("Exchange_rate", 0.1))},
			map[string]float64{"card_lost": 0.9, "exchange_rate": 0.1}},
		"other words": {"card_lost", []model.TokenLogprob{token("lost ", 0.9, other("x", 0.1)), token("card", 1)}, nil},
	} {
		if diff := cmp.Diff(c.want, Distribution(labels, c.said, c.tokens), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzDistribution(f *testing.F) {
	f.Add("card_lost", "card", "_lost", "x", -0.1)
	f.Fuzz(func(t *testing.T, said, first, second, other string, logprob float64) {
		labels := []string{"card_lost", "card", said}
		tokens := []model.TokenLogprob{{Token: first, Logprob: logprob, Top: []model.TokenLogprob{{Token: other, Logprob: logprob}}}, {Token: second, Logprob: logprob}}
		sum := 0.0
		got := Distribution(labels, said, tokens)
		for _, p := range got {
			sum += p
		}
		if got != nil && !(sum > 0.9 && sum < 1.1) {
			t.Errorf("%v sums to %v", got, sum)
		}
	})
}

func TestVotesBecomeSoftLabels(t *testing.T) {
	u := newUpstream(func(_ context.Context, _ string, n int) (string, error) {
		return []string{"refund", "delivery", "refund", "refund"}[(n-1)%4], nil
	})
	got, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(1), Teachers: []Teacher{u.teacher("a")}, Votes: 4})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"refund": 0.75, "delivery": 0.25}
	if e := got.Examples[0]; e.Label != "refund" || !cmp.Equal(e.Soft, want) || u.calls != 4 {
		t.Errorf("got %+v after %d calls", e, u.calls)
	}
}

// An upstream that has no probabilities, or fewer than asked for, answers all the same.
func TestProbabilitiesAreAskedForAsTheUpstreamGivesThem(t *testing.T) {
	for _, most := range []int{20, 5, 0} {
		refused := 0
		m := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
			content, err := req.Content()
			if err != nil {
				return nil, err
			}
			if content.TopLogprobs > most {
				refused++
				return nil, &model.Error{Kind: model.Invalid, Status: 400}
			}
			resp := model.Answer("up/x", "refund")
			if content.Logprobs {
				resp.Choices[0].Logprobs = []model.TokenLogprob{{Token: "refund", Logprob: math.Log(0.9), Top: []model.TokenLogprob{{Token: "delivery", Logprob: math.Log(0.1)}}}}
			}
			return resp, resp.Emit(emit)
		})
		got, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(9), Soft: true, Concurrency: 1, Teachers: []Teacher{{Name: "a", Model: desk.Teacher(m)}}})
		if err != nil {
			t.Fatal(err)
		}
		if soft := got.Report.Teachers[0].Soft; (soft == 9) != (most > 0) || (soft > 0) != (most > 0) || refused > 4 {
			t.Errorf("an upstream with %d: %d answers have probabilities, %d requests were refused", most, soft, refused)
		}
		if e := got.Examples[0]; e.Label != "refund" || most > 0 && math.Abs(e.Soft["delivery"]-0.1) > 1e-9 {
			t.Errorf("an upstream with %d: %+v", most, e)
		}
	}
}

// Two teachers that each know other classes are right together more often than either, once some true labels tell who is good
// at what.
func TestTeachersOfDifferentStrengthAddUp(t *testing.T) {
	classes := []string{"a", "b", "c", "d", "e", "f"}
	contract := &task.Task{Name: "t", Labels: classes}
	var in []dataset.Example
	var truth []string
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 1200 {
		truth = append(truth, classes[random.IntN(6)])
		in = append(in, dataset.Example{Text: strings.Repeat("x", i+1)})
		if i%4 == 0 {
			in[i].Label = truth[i]
		}
	}
	teacher := func(name string, good string) Teacher {
		rng := rand.New(rand.NewPCG(uint64(name[0]), 3))
		said := make([]string, len(truth))
		for i, label := range truth {
			right := 0.6
			if strings.Contains(good, label) {
				right = 0.95
			}
			if said[i] = label; rng.Float64() > right {
				said[i] = classes[rng.IntN(6)]
			}
		}
		return Teacher{Name: name, Terms: "allowed", Model: contract.Teacher(model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
			content, err := req.Content()
			if err != nil {
				return nil, err
			}
			resp := model.Answer("up/"+name, said[len(content.Messages[1].Text())-1])
			return resp, resp.Emit(emit)
		}))}
	}
	got, err := Run(t.Context(), Job{Task: contract, Inputs: in, Teachers: []Teacher{teacher("left", "abc"), teacher("right", "def")}})
	if err != nil {
		t.Fatal(err)
	}
	var right [3]int
	for i, e := range got.Examples {
		if i%4 == 0 {
			continue
		}
		for k, said := range []string{e.Label, e.Answers[0].Label, e.Answers[1].Label} {
			if said == truth[i] {
				right[k]++
			}
		}
		if len(e.Soft) == 0 || e.Answers[0].Terms != "allowed" {
			t.Fatalf("example %d: %+v", i, e)
		}
	}
	if right[0] < max(right[1], right[2])+30 {
		t.Errorf("together right on %d, alone on %d and %d of 900", right[0], right[1], right[2])
	}
	r := got.Report
	if r.Method != MethodConsensus || len(r.Agreement) != 1 || r.Agreement[0].Both != 1200 || r.Agreement[0].Kappa <= 0 || r.Agreement[0].Kappa >= 1 {
		t.Errorf("agreement %+v", r.Agreement)
	}
	for _, tr := range r.Teachers {
		strong, weak := 0.0, 0.0
		for k, c := range tr.Classes {
			if (k < 3) == (tr.Name == "left") {
				strong += c.Reliability / 3
			} else {
				weak += c.Reliability / 3
			}
		}
		if tr.Reliability == nil || strong < weak+0.1 {
			t.Errorf("%s: %v where it is strong, %v where it is weak", tr.Name, strong, weak)
		}
	}
}

// A teacher that answers nothing leaves the other's labels as they are.
func TestOneTeacherThatAnswersIsTakenAtItsWord(t *testing.T) {
	silent := newUpstream(func(context.Context, string, int) (string, error) { return "no idea", nil })
	u := newUpstream(obvious)
	got, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(12), Teachers: []Teacher{silent.teacher("a"), u.teacher("b")}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Report.Method != MethodSingle || got.Report.Labelled != 12 {
		t.Errorf("report %+v", got.Report)
	}
	for i, e := range got.Examples {
		if e.Label != desk.Labels[i%3] || e.Soft != nil {
			t.Errorf("example %d: %+v", i, e)
		}
	}
}

// Labels that the inputs came with tell how good a teacher is, and are not what comes out.
func TestKnownLabelsMeasureTheTeachers(t *testing.T) {
	in := inputs(30)
	for i := range in {
		in[i].Label = desk.Labels[i%3]
	}
	u := newUpstream(func(_ context.Context, text string, _ int) (string, error) {
		if strings.HasPrefix(text, "invoice") {
			return "refund", nil
		}
		return strings.Fields(text)[0], nil
	})
	got, err := Run(t.Context(), Job{Task: desk, Inputs: in, Teachers: []Teacher{u.teacher("a")}})
	if err != nil {
		t.Fatal(err)
	}
	in[2].Gold = true
	kept, err := Run(t.Context(), Job{Task: desk, Inputs: in, Teachers: []Teacher{u.teacher("a")}})
	if err != nil || kept.Examples[2].Label != "invoice" || kept.Examples[5].Label != "refund" {
		t.Errorf("%v; a person's label became %q", err, kept.Examples[2].Label)
	}
	if tr := got.Report.Teachers[0]; tr.Known != 30 || tr.Right != 20 || got.Examples[2].Label != "refund" {
		t.Errorf("known %d, right %d, label %q", tr.Known, tr.Right, got.Examples[2].Label)
	}
}

func TestObjectsAreDecidedByPlurality(t *testing.T) {
	form := &task.Task{Name: "form", Object: &task.Object{Fields: []string{"a"}, Schema: []byte(`{"type":"object","properties":{"a":{"type":"string"}}}`),
		Canonical: func(_ string, object []byte) ([]byte, error) { return object, nil }}}
	says := func(name, object string) Teacher {
		return Teacher{Name: name, Model: form.Teacher(model.Func(func(_ context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
			resp := model.Answer("up/"+name, object)
			return resp, resp.Emit(emit)
		}))}
	}
	x, y, z := `{"a":"x"}`, `{"a":"y"}`, `{"a":"z"}`
	for _, c := range []struct {
		said []string
		want string
		tied int
	}{{[]string{x, y, y}, y, 0}, {[]string{x, y}, x, 1}, {[]string{z, x, y}, z, 1}} {
		var teachers []Teacher
		for i, s := range c.said {
			teachers = append(teachers, says(string(rune('p'+i)), s))
		}
		got, err := Run(t.Context(), Job{Task: form, Inputs: inputs(1), Teachers: teachers})
		if err != nil {
			t.Fatal(err)
		}
		if got.Examples[0].Label != c.want || got.Report.Tied != c.tied || got.Report.Method != MethodPlurality {
			t.Errorf("%v: got %s, %d ties", c.said, got.Examples[0].Label, got.Report.Tied)
		}
	}
}
