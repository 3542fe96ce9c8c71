// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ladder makes n judgements of falling scores, of which those at the given ranks (from 1) disagree.
func ladder(n int, wrong ...int) []Judgement {
	js := make([]Judgement, n)
	for i := range js {
		js[i] = Judgement{Score: 1 - float64(i)/float64(n), Agree: true}
	}
	for _, w := range wrong {
		js[w-1].Agree = false
	}
	return js
}

func TestStrictByHand(t *testing.T) {
	cases := []struct {
		name   string
		judged []Judgement
		want   Certificate
	}{
		{"59 without a fault are just enough", ladder(59),
			Certificate{Status: Certified, Labels: 59, Answered: 59, Agreed: 59, Coverage: 1, Agreement: 1,
				Threshold: 1 - 58.0/59, Lower: LowerBound(59, 59, 0.05)}},
		{"a fault after the first 59 of 80 stops there", ladder(80, 60, 61),
			Certificate{Status: Certified, Labels: 80, Answered: 59, Agreed: 59, Coverage: 59.0 / 80, Agreement: 1,
				Threshold: math.Nextafter(1-59.0/80, 2), Lower: 0.95}},
		{"one fault needs 93", ladder(100, 3),
			Certificate{Status: Silent, Labels: 100}},
		{"one fault late", ladder(100, 97),
			Certificate{Status: Certified, Labels: 100, Answered: 100, Agreed: 99, Coverage: 1, Agreement: 0.99, Threshold: 1 - 99.0/100,
				Lower: LowerBound(99, 100, 0.05)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Strict(c.judged, common)
			if err != nil {
				t.Fatal(err)
			}
			c.want.Method, c.want.Target, c.want.Confidence = MethodStrict, 0.95, 0.95
			got.Reason, got.MoreLabels = "", 0
			// The levels of δ are sums of floating-point numbers.
			if diff := cmp.Diff(c.want, got, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })); diff != "" {
				t.Error(diff)
			}
			for i, j := range c.judged {
				if got.Answers(j.Score) != (i < got.Answered) {
					t.Errorf("rank %d (score %v): answers %v with %d answered", i+1, j.Score, got.Answers(j.Score), got.Answered)
				}
			}
		})
	}
}

func TestTiesAreNeverSplit(t *testing.T) {
	var judged []Judgement
	for i := range 1000 {
		judged = append(judged, Judgement{Score: float64(i%4) / 4, Agree: i%4 > 0 || i%8 == 0})
	}
	c, err := Strict(judged, common)
	if err != nil {
		t.Fatal(err)
	}
	if c.Answered != 750 || c.Agreed != 750 || !c.Answers(0.25) || c.Answers(0) {
		t.Errorf("got %v, want the three upper of four equal scores", c)
	}
	all, _ := Strict(ladder(1), common)
	if all.Speaks() {
		t.Errorf("one label certifies: %v", all)
	}
}

func TestBadInput(t *testing.T) {
	cases := []struct {
		name   string
		judged []Judgement
		goal   Goal
		want   string
	}{
		{"target 1", ladder(10), Goal{1, 0.95}, "agreement is 1"},
		{"target in percent", ladder(10), Goal{95, 0.95}, "agreement is 95"},
		{"no confidence", ladder(10), Goal{0.95, 0}, "confidence is 0"},
		{"NaN target", ladder(10), Goal{math.NaN(), 0.95}, "agreement is NaN"},
		{"NaN score", []Judgement{{0.5, true}, {math.NaN(), true}}, common, "judgement 1: score NaN"},
		{"margin instead of probability", []Judgement{{3.2, true}}, common, "judgement 0: score 3.2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range []func([]Judgement, Goal) (Certificate, error){Strict, CrossFitted} {
				got, err := f(c.judged, c.goal)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want one with %q", err, c.want)
				}
				if got.Speaks() {
					t.Errorf("speaks with an error: %v", got)
				}
			}
		})
	}
}

func TestSilenceIsExplained(t *testing.T) {
	half := ladder(400)
	for i := range half {
		half[i].Agree = i%2 == 0
	}
	cases := []struct {
		name   string
		judged []Judgement
		want   string
		more   func(int) bool
	}{
		{"no labels", nil, "0 labels are too few", func(m int) bool { return m >= 59 }},
		{"few labels", ladder(20), "20 labels are too few", func(m int) bool { return m >= 39 && m < 1000 }},
		{"hopeless", half, "a better student or a lower target", func(m int) bool { return m == 0 }},
		{"nearly", ladder(120, 10, 30, 50), "more labels would likely do", func(m int) bool { return m > 50 && m < 2000 }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := CrossFitted(c.judged, common)
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != Silent || !strings.Contains(got.Reason, c.want) || !c.more(got.MoreLabels) {
				t.Errorf("got %v, more %d; want a reason with %q", got, got.MoreLabels, c.want)
			}
			if got.Answers(1) || !strings.HasPrefix(got.String(), "silent: ") {
				t.Errorf("silent certificate answers or does not say so: %v", got)
			}
		})
	}
}

// A cascade's answers are good or not: nobody is taught there.
func TestSilenceOfGoodAnswers(t *testing.T) {
	half := ladder(400)
	for i := range half {
		half[i].Agree = i%2 == 0
	}
	for want, judged := range map[string][]Judgement{
		"0 answers are too few: to show with confidence 95.0 % that 95.0 % are good": nil,
		"answers with the highest scores":                                            half,
		"about":                                                                      ladder(120, 10, 30, 50),
	} {
		got, err := StrictGood(judged, Goal{Agreement: 0.95, Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		if got.Speaks() || !strings.Contains(got.Reason, want) || strings.Contains(got.Reason, "teacher") || strings.Contains(got.Reason, "student") {
			t.Errorf("got %q, want one with %q", got.Reason, want)
		}
	}
	strict, _ := Strict(ladder(200, 40), common)
	if good, _ := StrictGood(ladder(200, 40), common); good != strict {
		t.Errorf("got %+v, want the certificate of Strict, %+v", good, strict)
	}
}

func TestWords(t *testing.T) {
	provisional, _ := CrossFitted(ladder(200), common)
	certified, _ := Strict(ladder(200), common)
	if s := provisional.String(); !strings.HasPrefix(s, "provisional: ") || strings.Contains(s, "certified") {
		t.Errorf("cross-fitted says %q", s)
	}
	if s := certified.String(); !strings.HasPrefix(s, "certified: ") || strings.Contains(s, "provisional") {
		t.Errorf("strict says %q", s)
	}
	if s := (Certificate{}).String(); s != "silent: no certificate" {
		t.Errorf("zero certificate says %q", s)
	}
}

func TestJSON(t *testing.T) {
	for _, judged := range [][]Judgement{ladder(200, 40, 150), ladder(10), ladder(80, 60)} {
		want, err := Strict(judged, common)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Certificate
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %s: %s", data, diff)
		}
	}
}

// TestScoresOfZeroAreNeverAnswered has a student that is silent on a fifth of the requests whatever the threshold.
func TestScoresOfZeroAreNeverAnswered(t *testing.T) {
	var judged []Judgement
	for i := range 1000 {
		switch {
		case i%5 == 0:
			judged = append(judged, Judgement{Score: 0, Agree: i%10 == 0})
		default:
			judged = append(judged, Judgement{Score: 0.9 + float64(i)/1e5, Agree: true})
		}
	}
	for name, find := range map[string]func([]Judgement, Goal) (Certificate, error){"strict": Strict, "cross-fitted": CrossFitted} {
		c, err := find(judged, Goal{0.95, 0.95})
		if err != nil {
			t.Fatal(err)
		}
		if !c.Speaks() || c.Labels != 1000 || c.Answered != 800 || c.Coverage != 0.8 || c.Answers(0) || !c.Answers(0.95) {
			t.Errorf("%s: %+v; want 800 of 1000 answered, and none at a score of 0", name, c)
		}
	}
}
