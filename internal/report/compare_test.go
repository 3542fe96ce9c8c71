// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"retort/eval"
)

// contrasted are three models, one with a name that would be markup.
func contrasted(t *testing.T, priced bool) Comparison {
	t.Helper()
	all := make([]eval.Series, 3)
	for i, name := range []string{"smart", `<script>alert("x")</script>`, "blend"} {
		all[i].Name = name
		for item := range 60 {
			right := 0.0
			if item%(i+3) != 0 {
				right = 1
			}
			all[i].Quality = append(all[i].Quality, right)
			if priced {
				all[i].Cost = append(all[i].Cost, float64(3-i)*1e-4)
			}
		}
	}
	c, err := eval.Contrast(all, "blend", eval.CompareOptions{Resamples: 50})
	if err != nil {
		t.Fatal(err)
	}
	return Comparison{Made: time.Unix(0, 0), Data: "a&b.csv", Items: 60, Comparison: c, Latency: make([]eval.Latency, 3), Warnings: []string{"<b>"}}
}

func TestComparisonPage(t *testing.T) {
	for _, priced := range []bool{true, false} {
		var page bytes.Buffer
		if err := WriteComparison(&page, contrasted(t, priced)); err != nil {
			t.Fatal(err)
		}
		text := page.String()
		if strings.Contains(text, "<script") || strings.Contains(text, "<b>") || !strings.Contains(text, "a&amp;b.csv") {
			t.Error("text from outside is markup")
		}
		if drawn := strings.Contains(text, "<svg"); drawn != priced {
			t.Errorf("priced: %v, drawn: %v", priced, drawn)
		}
		if strings.Contains(text, "NaN") || strings.Contains(text, "ZgotmplZ") {
			t.Error("the page holds what is no number, or what the template refused")
		}
		if at := strings.Index(text, "<svg"); at >= 0 {
			if err := wellFormed(text[at : strings.Index(text, "</svg>")+len("</svg>")]); err != nil {
				t.Error(err)
			}
		}
	}
	if err := WriteComparison(io.Discard, Comparison{}); err == nil {
		t.Error("a page about nothing is written")
	}
}

func TestComparisonPageByAJudge(t *testing.T) {
	data := contrasted(t, true)
	data.Pairs = nil
	tournament := eval.Tournament{Names: []string{"smart", "<i>fast</i>", "mute"}, Meetings: map[[2]int][]*eval.Meeting{
		{0, 1}: {{Forth: 1, LengthA: 5, LengthB: 9}, {Forth: 1, Back: 1, LengthA: 9, LengthB: 5}}, {0, 2}: {nil, nil}, {1, 2}: {nil, nil}}}
	var err error
	if data.Duels, err = tournament.Duels([]int{0, 1, 2}, eval.CompareOptions{Resamples: 50}); err != nil {
		t.Fatal(err)
	}
	data.Judge = "<b>judge</b>"
	var page bytes.Buffer
	if err := WriteComparison(&page, data); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, want := range []string{"What the judge prefers", "1 : 1 : 0", "75.0 % [", "At equal length", "&lt;b&gt;judge"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(text, "<b>judge") || strings.Contains(text, "<i>fast") || strings.Contains(text, "answered right") || strings.Contains(text, "Each against each") {
		t.Error("the page has markup from outside, or words about labels")
	}
}

func TestAxes(t *testing.T) {
	for _, c := range [][2]float64{{0, 1}, {0.5, 0.93}, {0, 3e-6}, {0, 0}, {1, 1}, {0.999, 1}, {0, 1e5}, {-0.1, 1.2}} {
		from, to, step := axisOf(c[0], c[1])
		if marks := (to - from) / step; !(from <= c[0]+1e-12) || !(to >= c[1]-1e-12) || marks < 1 || marks > 8.01 || math.IsNaN(marks) {
			t.Errorf("%v: from %v to %v by %v", c, from, to, step)
		}
	}
	for x, want := range map[float64]string{0: "$0.00", 12.5: "$12.50", 0.00012345: "$0.000123", 0.5: "$0.500"} {
		if got := dollars(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}
