// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"retort/eval/certify"
	"retort/model"
)

// draw returns a request and an answer whose chance to be good depends on its form: those that refuse are bad, those
// that say a certain word are better, and those by one model too.
func draw(rng *rand.Rand) (*model.Request, *model.Response, float64) {
	things := []string{"parcel", "refund", "invoice", "password", "delivery", "voucher"}
	thing := things[rng.IntN(len(things))]
	req := asking(fmt.Sprintf("What about my %s number %d?", thing, rng.IntN(1e6)))
	chance, text, who := 0.5, "We have looked into the matter of your "+thing, "fast"
	switch rng.IntN(3) {
	case 0:
		text, chance = "I'm sorry, I cannot help with that", 0.03
	case 1:
		text, chance = text+". It will arrive tomorrow, and you can track it", 0.97
	}
	if rng.IntN(2) == 0 {
		who, chance = "small", chance*0.8
	}
	return req, model.Answer(who, text+strings.Repeat(" indeed", rng.IntN(3))+"."), chance
}

func drawRecords(rng *rand.Rand, n int) []Record {
	records := make([]Record, n)
	for i := range records {
		req, resp, chance := draw(rng)
		records[i] = Record{Request: req, Response: resp, Good: rng.Float64() < chance}
	}
	return records
}

func TestLearnedVerifierIsCalibrated(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var lessons Lessons
	for _, r := range drawRecords(rng, 400) {
		lessons.Verdicts = append(lessons.Verdicts, Verdict{r.Request, r.Response, passes(r.Good)})
	}
	l, err := Train(t.Context(), lessons, Training{Strength: 0.003})
	if err != nil {
		t.Fatal(err)
	}
	var sum, high, good, mistakes float64
	const n = 500
	for range n {
		req, resp, chance := draw(rng)
		score, err := l.Verify(t.Context(), req, resp)
		if err != nil || !(score >= 0 && score <= 1) {
			t.Fatalf("score %v, %v", score, err)
		}
		sum += score - chance
		mistakes += (score - chance) * (score - chance)
		if score > 0.7 {
			high, good = high+1, good+chance
		}
	}
	if bias := sum / n; bias > 0.05 || bias < -0.05 {
		t.Errorf("scores are %v above the chances in the mean", bias)
	}
	if mistakes/n > 0.02 || high < 50 || good/high < 0.75 {
		t.Errorf("mean squared error %v; %v scores above 0.7, of which %v good", mistakes/n, high, good/high)
	}
}

func TestLearnedRankerPrefersTheBetter(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var lessons Lessons
	for range 300 {
		req, a, chanceA := draw(rng)
		_, b, chanceB := draw(rng)
		lessons.Preferences = append(lessons.Preferences, Preference{req, a, b, passes(rng.Float64() < chanceA/(chanceA+chanceB))})
	}
	l, err := Train(t.Context(), lessons, Training{Strength: 0.003})
	if err != nil {
		t.Fatal(err)
	}
	right, asked := 0, 0
	for range 500 {
		req, a, chanceA := draw(rng)
		_, b, chanceB := draw(rng)
		better, err := l.Compare(t.Context(), req, a, b)
		if err != nil {
			t.Fatal(err)
		}
		worse, err := l.Compare(t.Context(), req, b, a)
		if err != nil || better+worse < 0.999 || better+worse > 1.001 {
			t.Fatalf("both ways the chances are %v and %v, %v", better, worse, err)
		}
		if d := chanceA - chanceB; d > 0.3 || d < -0.3 {
			asked++
			if (better > 0.5) == (d > 0) {
				right++
			}
		}
	}
	if right*100 < asked*93 {
		t.Errorf("%d of %d clear pairs are ranked right", right, asked)
	}
	if _, err := l.Verify(t.Context(), asking("x"), answering("y")); !errors.Is(err, errOnlyCompares) {
		t.Errorf("scores what it never saw scored: %v", err)
	}
}

func TestTrainingIsRepeatable(t *testing.T) {
	records := drawRecords(rand.New(rand.NewPCG(5, 6)), 60)
	train := func(workers int) *Learned {
		var lessons Lessons
		for _, r := range records {
			lessons.Verdicts = append(lessons.Verdicts, Verdict{r.Request, r.Response, passes(r.Good)})
		}
		l, err := Train(t.Context(), lessons, Training{Workers: workers, Strength: 0.01})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	one, other := train(1), train(4)
	for _, r := range records {
		a, _ := one.Verify(t.Context(), r.Request, r.Response)
		if b, _ := other.Verify(t.Context(), r.Request, r.Response); a != b {
			t.Fatalf("scores %v and %v", a, b)
		}
	}
}

func TestTrainingErrors(t *testing.T) {
	verdicts := make([]Verdict, 50)
	for i := range verdicts {
		verdicts[i] = Verdict{asking(fmt.Sprint(i)), answering("x"), float64(i % 2)}
	}
	bad := func(change func(v *Verdict)) []Verdict {
		list := append([]Verdict{}, verdicts...)
		change(&list[7])
		return list
	}
	for name, list := range map[string][]Verdict{"few": verdicts[:5], "above 1": bad(func(v *Verdict) { v.Good = 2 }),
		"no answer": bad(func(v *Verdict) { v.Response = &model.Response{} }), "no request": bad(func(v *Verdict) { v.Request = &model.Request{} })} {
		if _, err := Train(t.Context(), Lessons{Verdicts: list}, Training{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Train(ctx, Lessons{Verdicts: verdicts}, Training{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestOddTextsAreRead(t *testing.T) {
	l := &Learned{card: card{Verdicts: 1}, shape: make([]float32, len(shapes)), middle: make([]float32, len(shapes)),
		scale: make([]float32, len(shapes)), hashed: make([]float32, buckets)}
	for i := range l.scale {
		l.scale[i], l.shape[i] = 1, 1
	}
	for _, text := range []string{"", " ", "\x00\xff\xfe", strings.Repeat("a", 1<<20), strings.Repeat("é\n", 1<<16), "```", "…", "1.", "#"} {
		for _, question := range []string{"", text} {
			if score, err := l.Verify(t.Context(), asking(question), answering(text)); err != nil || !(score >= 0 && score <= 1) {
				t.Errorf("%.10q: %v, %v", text, score, err)
			}
		}
	}
}

func TestFit(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	goal := certify.Goal{Agreement: 0.7, Confidence: 0.9}
	f, err := Fit(t.Context(), drawRecords(rng, 500), Fitting{Goal: goal, Verifier: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	if c := f.Certificate; !c.Speaks() || c.Coverage < 0.15 || f.Learned == nil || f.Trained+c.Labels != 500 || f.Verifier != "v1" {
		t.Errorf("fitted %+v", f)
	}
	all := drawRecords(rng, 300)
	for i := range all {
		all[i].Good = true
	}
	if f, err = Fit(t.Context(), all, Fitting{Goal: goal}); err != nil || f.Certificate.Speaks() || !strings.Contains(f.Certificate.Reason, "bad ones") {
		t.Errorf("nothing but good answers: %+v, %v", f, err)
	}
	if f, err = Fit(t.Context(), nil, Fitting{Goal: goal}); err != nil || f.Certificate.Speaks() {
		t.Errorf("nothing: %+v, %v", f, err)
	}
	if f, err = Fit(t.Context(), all[:100], Fitting{Goal: goal, Verify: Logprob(Mean)}); err != nil || f.Unjudged != 100 || f.Certificate.Speaks() {
		t.Errorf("no log-probabilities: %+v, %v", f, err)
	}
	if _, err = Fit(t.Context(), []Record{{Request: asking("x")}}, Fitting{Goal: goal, Verify: JSON()}); err == nil {
		t.Error("no answer: no error")
	}
	if _, err = Fit(t.Context(), all, Fitting{}); err == nil {
		t.Error("no goal: no error")
	}
}
