// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"math/rand/v2"
	"testing"

	"retort/eval/certify"
)

// TestAsideIsKeptOut certifies on labels of which a part are aside, and of these some score high. What may be answered of further ones is bounded,
// whatever their number.
func TestAsideIsKeptOut(t *testing.T) {
	const runs, further = 200, 500
	rng := rand.New(rand.NewPCG(5, 5))
	held := func(request int64) (l Label, h Held) {
		l, h = Label{Request: request, Label: "a", Fair: true}, Held{request, Said{Answer: "a", Score: 0.5 + 0.5*rng.Float64()}}
		switch {
		case request%10 == 0:
			l.Label, h.Score = "oos", rng.Float64()
		case rng.Float64() > h.Score+0.4:
			l.Label = "b"
		}
		return l, h
	}
	for _, n := range []int{100, 200, 400, 1000} {
		sum, plain, answers := 0.0, 0.0, 0
		for range runs {
			l := Lesson{Brief: Brief{Goal: certify.Goal{Agreement: 0.9, Confidence: 0.9}}, Aside: []string{"oos"}}
			all := make([]Held, n)
			for i := range all {
				var label Label
				label, all[i] = held(int64(i))
				l.Labels = append(l.Labels, label)
			}
			c, err := l.certify(all)
			if err != nil {
				t.Fatal(err)
			}
			l.Aside = nil
			without, err := l.certify(all)
			if err != nil {
				t.Fatal(err)
			}
			if c.Threshold < without.Threshold || c.Speaks() && !without.Speaks() || c.Answered > without.Answered {
				t.Fatalf("%+v, and without labels aside %+v", c, without)
			}
			for range further {
				score := rng.Float64()
				if c.Answers(score) {
					sum++
				}
				if without.Answers(score) {
					plain++
				}
			}
			answers += c.Answered
		}
		sum, plain = sum/runs/further, plain/runs/further
		t.Logf("%d labels: %.3f of what is aside is answered, else %.3f; %d answers in the mean", n, sum, plain, answers/runs)
		switch strays := n / 10; {
		case float64(strays) < 1/certify.Leak-1:
			if sum != plain {
				t.Errorf("%d labels: %d aside are too few to say anything", n, strays)
			}
		case sum > certify.Leak+0.01 || plain < 2*certify.Leak:
			t.Errorf("%d labels: %.3f of what is aside is answered, want %.2f at most; without, %.3f", n, sum, certify.Leak, plain)
		case answers == 0:
			t.Errorf("%d labels: nothing is answered", n)
		}
	}
}
