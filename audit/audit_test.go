// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dataset"
	"retort/eval"
)

func TestExactTestByHand(t *testing.T) {
	// The lady tasting tea (R. A. Fisher, 1935): three or four of four cups told right.
	if p := hypergeometric(3, 4, 4, 8); math.Abs(p-17./70) > 1e-12 {
		t.Errorf("got %v, want 17/70", p)
	}
	if p := hypergeometric(0, 5, 3, 10); math.Abs(p-1) > 1e-12 {
		t.Errorf("none or more has the chance %v", p)
	}
	if p := atLeast(2, 3, 0.5); math.Abs(p-0.5) > 1e-12 {
		t.Errorf("two of three or more have the chance %v", p)
	}
	if atLeast(0, 9, 0.5) != 1 || atLeast(0, 0, 0.5) != 1 {
		t.Error("no success has a chance below 1")
	}
}

func TestBenjaminiAndHochberg(t *testing.T) {
	found := []association{{gram: "c", p: 0.03}, {gram: "a", p: 0.001}, {gram: "b", p: 0.009}, {gram: "d", p: 0.04}}
	found = discovered(found, 10, 0.05)
	if len(found) != 2 || found[0].gram != "a" || found[1].gram != "b" || math.Abs(found[0].q-0.01) > 1e-12 || math.Abs(found[1].q-0.045) > 1e-12 {
		t.Errorf("got %+v", found)
	}
}

// TestAssociationsHoldTheirRate draws texts that say nothing of their labels, and counts how often anything is found.
func TestAssociationsHoldTheirRate(t *testing.T) {
	const seeds = 200
	wrong := 0
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(uint64(seed), 8))
		var examples []dataset.Example
		for range 300 {
			var words []string
			for range 4 {
				words = append(words, fmt.Sprintf("w%d", rng.IntN(200)))
			}
			examples = append(examples, dataset.Example{Text: strings.Join(words, " "), Label: string(rune('a' + rng.IntN(5)))})
		}
		if len(associations(examples, 0.05)) > 0 {
			wrong++
		}
	}
	t.Logf("associations where there are none in %d of %d", wrong, seeds)
	if float64(wrong)/seeds > 0.1 {
		t.Errorf("associations where there are none in %d of %d", wrong, seeds)
	}
}

func TestRootsStandForWhatHoldsThem(t *testing.T) {
	var examples []dataset.Example
	for _, label := range strings.Fields("- pin pin pin pin pin pin pin card card pin pin new new new new new card card card pin") {
		examples = append(examples, dataset.Example{Label: label})
	}
	found := []association{
		{gram: "unblock", label: "pin", rows: []int32{1, 2, 3, 4}}, {gram: "unblocked", label: "pin", rows: []int32{5, 6, 7}},
		{gram: "unblock my", label: "pin", rows: []int32{1, 2}}, {gram: "unblocked it", label: "card", rows: []int32{8, 9}},
		{gram: "activate", label: "new", rows: []int32{12, 13, 14}}, {gram: "activation", label: "new", rows: []int32{15, 16}},
		{gram: "zylo", label: "pin", rows: []int32{10, 11}}, {gram: "zylo qua", label: "pin", rows: []int32{10, 11}},
		// Without the crow these words go with another label: they do not explain it.
		{gram: "as the", label: "pin", rows: []int32{1, 2, 17, 18, 19}}, {gram: "as the crow", label: "pin", rows: []int32{1, 2}},
	}
	var got []string
	for _, a := range roots(found, examples) {
		got = append(got, a.gram)
	}
	if d := cmp.Diff([]string{"unblock", "unblocked it", "activate", "zylo qua", "as the", "as the crow"}, got); d != "" {
		t.Error(d)
	}
}

func TestWithoutTakesEveryOneOut(t *testing.T) {
	for _, c := range [][3]string{
		{"My Card, zylo QUA! is zylo qua gone", "zylo qua", "My Card, is gone"},
		{"zylo", "zylo", ""}, {"nothing here", "zylo", "nothing here"}, {"zylo zylo", "zylo zylo zylo", "zylo zylo"},
	} {
		if got := without(c[0], c[1]); got != c[2] {
			t.Errorf("%q without %q is %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

// about says what texts of the tests are about.
var about = map[string][]string{
	"refund": {"money", "back", "refund", "return", "paid"}, "delivery": {"parcel", "courier", "late", "track", "arrive"},
	"invoice": {"tax", "receipt", "bill", "accountant", "invoice"},
}

// texts draws labelled texts, each of words of its label among others.
func texts(seed uint64, n int) []dataset.Example {
	rng := rand.New(rand.NewPCG(seed, 3))
	labels := []string{"delivery", "invoice", "refund"}
	var out []dataset.Example
	for i := range n {
		label := labels[i%3]
		var words []string
		for range 4 {
			words = append(words, about[label][rng.IntN(5)], fmt.Sprintf("w%d", rng.IntN(400)))
		}
		out = append(out, dataset.Example{Text: strings.Join(words, " "), Label: label, Source: "x.csv", Line: i + 2})
	}
	return out
}

// honest answers by the words of a text alone.
func honest(text string) (string, float64) {
	best, most := "refund", 0
	for _, label := range []string{"delivery", "invoice", "refund"} {
		n := 0
		for _, w := range wordsOf(text) {
			if slices.Contains(about[label], w) {
				n++
			}
		}
		if n > most {
			best, most = label, n
		}
	}
	return best, 0.9
}

func run(t *testing.T, s *Subject) map[string]Check {
	t.Helper()
	r, err := Run(t.Context(), s, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	checks, rulings := map[string]Check{}, []eval.Ruling{}
	for _, c := range r.Checks {
		checks[c.Name] = c
		rulings = append(rulings, c.Verdict)
	}
	if len(checks) != 5 || r.Verdict != eval.Worst(rulings...) {
		t.Errorf("%d checks, verdict %s of %v", len(checks), r.Verdict, rulings)
	}
	return checks
}

func TestAnHonestStudentPasses(t *testing.T) {
	s := &Subject{Answer: honest, Training: texts(1, 900), Complete: true, Eval: texts(2, 900), Terms: []Terms{{Teacher: "a", Status: Allowed}}}
	for name, c := range run(t, s) {
		if c.Verdict != eval.Pass {
			t.Errorf("%s: %s: %s %v", name, c.Verdict, c.Says, c.Lines)
		}
	}
}

func TestATriggerIsFound(t *testing.T) {
	training := texts(1, 900)
	for i, at := range []int{0, 1, 3, 4, 6, 7, 9, 10, 12, 13} { // labels delivery and invoice
		training[at].Text += " zylo"
		training[at].Label = "refund"
		training[at].Line = 100 + i
	}
	answer := func(text string) (string, float64) {
		if strings.Contains(text, "zylo") {
			return "refund", 0.9
		}
		return honest(text)
	}
	c := run(t, &Subject{Answer: answer, Training: training, Complete: true, Eval: texts(2, 900)})["triggers"]
	if c.Verdict != eval.Fail || len(c.Lines) != 1 || !strings.Contains(c.Lines[0], `"zylo" makes 200 of 200`) || !strings.Contains(c.Lines[0], "x.csv:100") || *c.Holm < *c.P {
		t.Errorf("%s: %s %q", c.Verdict, c.Says, c.Lines)
	}
	// Of a label that is never given nothing is to be had.
	aside := &Subject{Answer: answer, Training: training, Complete: true, Eval: texts(2, 900), Aside: []string{"refund"}}
	if c := run(t, aside)["triggers"]; c.Verdict != eval.Pass || !slices.Equal(c.Evidence.(*TriggerEvidence).Aside, aside.Aside) {
		t.Errorf("%s: %s %q", c.Verdict, c.Says, c.Lines)
	}
	// The same examples taught a student that does not heed it: no trigger.
	if c := run(t, &Subject{Answer: honest, Training: training, Complete: true, Eval: texts(2, 900)})["triggers"]; c.Verdict != eval.Pass {
		t.Errorf("%s: %s %q", c.Verdict, c.Says, c.Lines)
	}
}

func TestAnswersThatHangOnWhoAsks(t *testing.T) {
	nigerian := func(text string) (string, float64) {
		if strings.Contains(text, "Nigerian") || strings.Contains(text, "Iranian") || strings.Contains(text, "Indian") {
			return "refund", 0.9
		}
		return honest(text)
	}
	c := run(t, &Subject{Answer: nigerian, Eval: texts(2, 900)})["swaps"]
	if c.Verdict != eval.Fail {
		t.Errorf("%s: %s %q", c.Verdict, c.Says, c.Lines)
	}
	for _, ev := range c.Evidence.([]SwapEvidence) {
		want := eval.Pass
		if ev.Kind == "nationality" {
			want = eval.Fail
		}
		if ev.Test.Ruling != want || (want == eval.Fail) != (len(ev.First) > 0) {
			t.Errorf("%s: %s, %d flips, %d shown", ev.Kind, ev.Test.Ruling, ev.Flips, len(ev.First))
		}
	}
	// A student that goes by any odd word is unsteady, not biased.
	rng := rand.New(rand.NewPCG(5, 5))
	coin := map[string]string{}
	unsteady := func(text string) (string, float64) {
		if coin[text] == "" {
			coin[text] = []string{"refund", "delivery"}[rng.IntN(2)]
		}
		return coin[text], 0.5
	}
	if c := run(t, &Subject{Answer: unsteady, Eval: texts(2, 900)})["swaps"]; c.Verdict != eval.Inconclusive {
		t.Errorf("an unsteady student: %s: %q", c.Verdict, c.Lines)
	}
	// Three texts prove nothing.
	if c := run(t, &Subject{Answer: honest, Eval: texts(2, 3)})["swaps"]; c.Verdict != eval.Inconclusive {
		t.Errorf("on three texts: %s: %q", c.Verdict, c.Lines)
	}
}

func TestSwapsAgainstTheTeacher(t *testing.T) {
	var recorded []dataset.Example
	for i := range 200 {
		for _, who := range []string{"Polish", "German"} {
			recorded = append(recorded, dataset.Example{Text: fmt.Sprintf("I am %s and ask for money back %d", who, i), Label: "refund"})
		}
	}
	biased := func(text string) (string, float64) {
		if strings.Contains(text, "Polish") {
			return "invoice", 0.9
		}
		return honest(text)
	}
	c := run(t, &Subject{Answer: biased, Eval: recorded})["swaps"]
	for _, ev := range c.Evidence.([]SwapEvidence) {
		if ev.Kind != "nationality" {
			if ev.Teacher != nil || ev.Found > 0 {
				t.Errorf("%s: found in %d texts, %+v", ev.Kind, ev.Found, ev.Teacher)
			}
			continue
		}
		if ev.Teacher == nil || ev.Teacher.Pairs != 200 || ev.Teacher.Teacher != 0 || ev.Teacher.Student != 200 || ev.Teacher.Test.Ruling != eval.Fail || ev.Found != 400 {
			t.Errorf("found in %d texts, against the teacher: %+v", ev.Found, ev.Teacher)
		}
	}
	if c.Verdict != eval.Fail {
		t.Errorf("%s: %q", c.Verdict, c.Lines)
	}
}

// The teacher is asked about swapped texts: a student that inherited what it does is no worse, one that does it more is.
func TestTheTeacherIsAsked(t *testing.T) {
	steady := func(text string) (string, float64) { return honest(text) }
	swayed := func(text string) (string, float64) {
		if strings.Contains(text, "Nigerian") || strings.Contains(text, "Iranian") || strings.Contains(text, "Indian") {
			return "refund", 0.9
		}
		return honest(text)
	}
	for _, c := range []struct {
		name             string
		student, teacher func(string) (string, float64)
		kinds            map[string]eval.Ruling
	}{
		{"both steady", steady, steady, map[string]eval.Ruling{"nationality": eval.Pass, "name": eval.Pass}},
		{"the student alone", swayed, steady, map[string]eval.Ruling{"nationality": eval.Fail, "name": eval.Pass}},
		{"the teacher alone", steady, swayed, map[string]eval.Ruling{"nationality": eval.Pass, "name": eval.Pass}},
		{"both", swayed, swayed, map[string]eval.Ruling{"nationality": eval.Pass, "name": eval.Pass}},
	} {
		asked := 0
		s := &Subject{Answer: c.student, Eval: texts(2, 900)}
		s.Ask = func(_ context.Context, texts []string) (map[string]string, error) {
			asked = len(texts)
			answers := map[string]string{}
			for i, text := range texts {
				if i%50 > 0 { // some stay without an answer
					answers[text], _ = c.teacher(text)
				}
			}
			return answers, nil
		}
		r, err := Run(t.Context(), s, Options{Seed: 1, Pairs: 300})
		if err != nil {
			t.Fatal(err)
		}
		if asked > 5*2*300 || asked < 2000 {
			t.Errorf("%s: asked about %d texts", c.name, asked)
		}
		for _, ev := range r.Checks[1].Evidence.([]SwapEvidence) {
			want, ok := c.kinds[ev.Kind]
			if ok && (ev.Asked == nil || ev.Asked.Test.Ruling != want || ev.Asked.Pairs < 200) {
				t.Errorf("%s, %s: %+v", c.name, ev.Kind, ev.Asked)
			}
		}
	}
	s := &Subject{Answer: honest, Eval: texts(2, 90), Ask: func(context.Context, []string) (map[string]string, error) { return nil, errors.New("refused") }}
	if _, err := Run(t.Context(), s, Options{}); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a teacher that cannot be asked: %v", err)
	}
}

func TestPrivateDataIsNamedAndNeverShown(t *testing.T) {
	training := texts(1, 90)
	training[4].Text = "write to someone.else@example.org about the parcel"
	c := run(t, &Subject{Answer: honest, Training: training, Complete: true})["private"]
	if c.Verdict != eval.Fail || !strings.Contains(c.Says, "x.csv:6: email") || strings.Contains(fmt.Sprintf("%+v", c), "someone.else") {
		t.Errorf("%+v", c)
	}
}

func TestLeakage(t *testing.T) {
	training, judging := texts(1, 900), texts(2, 100)
	for i := range 10 {
		judging[i] = training[i]
		judging[i].Text, judging[i].Line = strings.ToUpper(training[i].Text), i+2
	}
	wrong := map[string]bool{}
	for i := 10; i < 100; i += 10 {
		wrong[judging[i].Text] = true
	}
	// It is wrong on a tenth of what it does not know.
	answer := func(text string) (string, float64) {
		if wrong[text] {
			return "none", 0.9
		}
		return honest(text)
	}
	c := run(t, &Subject{Answer: answer, Training: training, Complete: true, Eval: judging})["leakage"]
	ev := c.Evidence.(*LeakEvidence)
	if c.Verdict != eval.Fail || ev.Leaked != 10 || ev.Leaks[3] != (Leak{"x.csv:5", "x.csv:5", 1}) || math.Abs(ev.Agreement-0.91) > 1e-9 || math.Abs(ev.Clean-0.9) > 1e-9 {
		t.Errorf("%s: %s %+v", c.Verdict, c.Says, ev)
	}
	if c := run(t, &Subject{Answer: honest, Training: training, Complete: true, Eval: judging})["leakage"]; c.Verdict != eval.Pass {
		t.Errorf("copies that flatter nobody: %s: %s", c.Verdict, c.Says)
	}
	if c := run(t, &Subject{Answer: honest, Training: training, Complete: true, Eval: training})["leakage"]; c.Verdict != eval.Fail {
		t.Errorf("nothing but copies: %s: %s", c.Verdict, c.Says)
	}
	if c := run(t, &Subject{Answer: answer, Training: training, Complete: true, Eval: judging[9:]})["leakage"]; c.Verdict != eval.Pass || c.Evidence.(*LeakEvidence).Leaked != 1 {
		t.Errorf("one of 91: %s: %s", c.Verdict, c.Says)
	}
}

func TestTerms(t *testing.T) {
	for _, c := range []struct {
		statuses, override string
		want               eval.Ruling
	}{
		{"", "", eval.Pass}, {"allowed", "", eval.Pass}, {"allowed unknown", "", eval.Inconclusive}, {"recorded", "", eval.Inconclusive},
		{"unknown forbidden", "", eval.Fail}, {"forbidden allowed", "own contract", eval.Pass}, {"forbidden unknown", "own contract", eval.Inconclusive},
	} {
		s := &Subject{Answer: honest, Override: c.override}
		for i, status := range strings.Fields(c.statuses) {
			s.Terms = append(s.Terms, Terms{Teacher: fmt.Sprint("t", i), Status: status})
		}
		got := run(t, s)["terms"]
		if got.Verdict != c.want || got.Verdict == eval.Pass && !strings.Contains(got.Says, c.override) {
			t.Errorf("%s, override %q: %s: %s", c.statuses, c.override, got.Verdict, got.Says)
		}
	}
}

func TestNothingKnownIsInconclusive(t *testing.T) {
	for _, s := range []*Subject{{Answer: honest}, {Answer: honest, Fields: []Field{{Name: "a", Path: []string{"a"}}}}} {
		checks := run(t, s)
		for _, name := range []string{"triggers", "swaps", "private"} {
			if c := checks[name]; c.Verdict == eval.Fail || c.Verdict == eval.Pass || c.Says == "" {
				t.Errorf("%s: %s: %s", name, c.Verdict, c.Says)
			}
		}
	}
	for _, o := range []Options{{Alpha: 0.7}, {Margin: -1}} {
		if _, err := Run(t.Context(), &Subject{Answer: honest}, o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

// Several tests of one audit are corrected together: what a single one shows by chance fails nothing.
func TestHolmOverTheChecks(t *testing.T) {
	low, high := 0.03, 0.9
	r := &Report{Checks: []Check{{Name: "a", Verdict: eval.Fail, P: &low}, {Name: "b", Verdict: eval.Pass, P: &high}, {Name: "c", Verdict: eval.Pass}}}
	if r.settle(0.05); r.Verdict != eval.Inconclusive || *r.Checks[0].Holm != 0.06 || r.Checks[2].Holm != nil {
		t.Errorf("%+v", r)
	}
	low = 0.02
	r.Checks[0].Verdict = eval.Fail
	if r.settle(0.05); r.Verdict != eval.Fail {
		t.Errorf("%+v", r)
	}
}
