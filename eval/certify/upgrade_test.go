// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"strings"
	"testing"
)

func TestUpgrade(t *testing.T) {
	provisional := Certificate{Method: MethodCrossFitted, Status: Provisional, Target: 0.95, Confidence: 0.95,
		Threshold: 0.5, Labels: 1000, Answered: 700, Agreed: 679, Coverage: 0.7, Agreement: 0.97, Lower: 0.95}
	// Of the unseen labels, half fall below the threshold, where all disagree.
	unseen := func(answered, wrong int) []Judgement {
		var js []Judgement
		for i := range answered {
			js = append(js, Judgement{0.5, i >= wrong}, Judgement{0.49, false})
		}
		return js
	}
	cases := []struct {
		name     string
		unseen   []Judgement
		status   Status
		method   Method
		lower    float64
		hasMore  bool
		reasoned string
	}{
		{"enough and good", unseen(400, 8), Certified, MethodVerified, LowerBound(392, 400, 0.05), false, ""},
		{"exactly the least", unseen(59, 0), Certified, MethodVerified, LowerBound(59, 59, 0.05), false, ""},
		{"too few", unseen(50, 0), Provisional, MethodCrossFitted, 0.95, true, "does not decide"},
		{"close to the target", unseen(400, 19), Provisional, MethodCrossFitted, 0.95, true, "does not decide"},
		{"refuted", unseen(400, 60), Silent, MethodVerified, 0, false, "rules out"},
		{"none answered", []Judgement{{0.1, true}}, Provisional, MethodCrossFitted, 0.95, true, "of 0 answers"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := provisional.Upgrade(c.unseen)
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != c.status || got.Method != c.method || got.Lower != c.lower || (got.MoreLabels > 0) != c.hasMore {
				t.Errorf("got %+v", got)
			}
			if !strings.Contains(got.Reason, c.reasoned) || (c.reasoned == "") != (got.Reason == "") {
				t.Errorf("reason %q, want %q", got.Reason, c.reasoned)
			}
			if got.Speaks() && (got.Answers(0.49) || !got.Answers(0.5)) {
				t.Error("the threshold moved")
			}
		})
	}
}

func TestUpgradeRefusesBadInput(t *testing.T) {
	speaking := Certificate{Status: Provisional, Target: 0.95, Confidence: 0.95, Threshold: 0.5}
	cases := []struct {
		name   string
		c      Certificate
		unseen []Judgement
		want   string
	}{
		{"silent", Certificate{Status: Silent}, nil, "silent"},
		{"score out of range", speaking, []Judgement{{0.5, true}, {2, true}}, "judgement 1"},
		{"damaged certificate", Certificate{Status: Provisional, Target: 7}, nil, "agreement is 7"},
	}
	for _, c := range cases {
		if _, err := c.c.Upgrade(c.unseen); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
