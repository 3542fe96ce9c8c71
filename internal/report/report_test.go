// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"retort/dataset"
	"retort/distill"
	"retort/eval"
	"retort/eval/certify"
	"retort/model"
)

// hostile is text as an attacker would write it into a trace.
const hostile = "</p><script>alert(1)</script><img src=x onerror=alert(2)> \u202Ereversed\u202C \x00\x1b[31m & \"quoted\" 'it' {{.Title}}"

// judged returns n predictions over three labels whose scores rank well.
func judged(n int) []distill.Judged {
	rng := rand.New(rand.NewPCG(1, 2))
	labels := []string{"arrival", "lost <b>card</b>", "rate"}
	out := make([]distill.Judged, n)
	for i := range out {
		gold := labels[i%3]
		score := 0.4 + 0.6*float64(i)/float64(n)
		predicted := gold
		if rng.Float64() > score+0.05 {
			predicted = labels[(i+1)%3]
		}
		out[i] = distill.Judged{Text: fmt.Sprintf("message %d %s", i, hostile), Label: gold, Predicted: predicted, Score: score}
	}
	return out
}

func data(t *testing.T, certificate certify.Certificate) Data {
	t.Helper()
	j := judged(600)
	metrics, err := eval.Measure(distill.Items(j), eval.MeasureOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := distill.Report{Task: "banking", Teacher: "smart", TrainExamples: 2400, EvalExamples: 600, EvaluatedOn: distill.EvalFile, Labels: 3,
		Metrics: metrics, Accuracy: metrics.Accuracy.Value, MacroF1: metrics.MacroF1.Value,
		Target: certificate.Target, Confidence: certificate.Confidence, Certificate: certificate,
		Coverage: certificate.Coverage, Agreement: certificate.Agreement, StudentBytes: 1 << 20, TrainSeconds: 2.5, PredictP50us: 11.2,
		Warnings: []string{"1 label has no example: " + hostile},
		Refined: []dataset.StepReport{{Step: "near"}, {Step: "errors", Flagged: map[string]int{"label probably wrong": 31},
			Cases: []dataset.StepCase{{Reason: "label probably wrong", Origin: hostile + ":7", Text: hostile, Note: "rate, perhaps " + hostile}}}},
		Cleaned: dataset.Report{Contradictions: []dataset.Contradiction{{Text: hostile, Votes: []dataset.Votes{{Label: "rate", Rows: 2}, {Label: hostile, Rows: 1}}, Label: "rate"}}}}
	return Data{Made: time.Date(2026, 3, 14, 15, 9, 0, 0, time.UTC), Report: r, Judged: j}
}

var certified = certify.Certificate{Method: certify.MethodStrict, Status: certify.Certified, Target: 0.9, Confidence: 0.95, Threshold: 0.8,
	Labels: 600, Answered: 200, Agreed: 188, Coverage: 1. / 3, Agreement: 0.94, Lower: 0.9}

func write(t *testing.T, d Data) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, d); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestUntrustedTextStaysText(t *testing.T) {
	d := data(t, certified)
	d.Title, d.Report.Teacher, d.Report.Student = hostile, hostile, hostile
	page := write(t, d)
	for _, bad := range []string{"<script", "<img", "alert(1)</", "<b>card", "\u202e", "\x00", "\x1b"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q unescaped", bad)
		}
	}
	if !strings.Contains(page, "31 only listed: label probably wrong") || strings.Contains(page, ">near<") {
		t.Error("the page does not say what refining found, or tells of a step that found nothing")
	}
	if !strings.Contains(page, "&lt;script&gt;") {
		t.Error("the hostile text is missing from the page; it should be shown as text")
	}
}

func TestFieldsHaveTheirPromises(t *testing.T) {
	d := data(t, certified)
	threshold := 0.75
	d.Report.Metrics.Fields = []eval.Field{{Name: hostile, Support: 90}, {Name: "size", Support: 7}}
	d.Report.Fields = []distill.Field{
		{Name: hostile, Given: 80, Threshold: &threshold, Coverage: 0.625, Agreement: 0.98, Found: 0.544, Certificate: certified},
		{Name: "size", Given: 6, Certificate: certify.Certificate{Status: certify.Silent, Reason: "6 labels are too few"}}}
	page := write(t, d)
	for _, want := range []string{"hold for all fields at once with 95\u00a0% confidence", ">0.750<", ">62.5\u00a0%<", ">54.4\u00a0%<", "size</bdi>: 6 labels are too few."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "<script") {
		t.Error("a field's name is not escaped")
	}
}

// reaches are ways in which a page can load or send something.
var reaches = regexp.MustCompile(`(?i)\b(src|href|action|data|poster|srcset)\s*=|@import|url\((?:[^#)]|$)|<(script|link|iframe|object|embed|form|base)\b|\bon[a-z]+\s*=\s*"`)

func TestPageIsSelfContained(t *testing.T) {
	d := data(t, certified)
	d.Judged = nil
	for _, j := range judged(600) {
		j.Text = "plain"
		d.Judged = append(d.Judged, j)
	}
	d.Report.Warnings, d.Report.Cleaned, d.Report.Refined = nil, dataset.Report{}, nil
	page := write(t, d)
	for _, found := range reaches.FindAllString(page, -1) {
		t.Errorf("the page reaches outside: %q", found)
	}
	if !strings.Contains(page, `default-src 'none'`) {
		t.Error("the page has no content security policy that forbids loading")
	}
}

func TestPageSaysTheRightWord(t *testing.T) {
	provisional := certified
	provisional.Status, provisional.Method = certify.Provisional, certify.MethodCrossFitted
	silent := certify.Certificate{Method: certify.MethodCrossFitted, Status: certify.Silent, Target: 0.9, Confidence: 0.95, Labels: 600,
		Reason: "too little evidence", MoreLabels: 1200}
	cases := []struct {
		name        string
		certificate certify.Certificate
		want        []string
		wantNot     []string
	}{
		{"certified", certified, []string{`<span class="status">certified</span>`, "With 95\u00a0% confidence, at least 90.0\u00a0%", "threshold 0.800"},
			[]string{"Nothing can be promised", "This is provisional"}},
		{"provisional", provisional, []string{`<span class="status">provisional</span>`, "This is provisional", "no finite-sample theorem"},
			[]string{"Nothing can be promised", "certified: at least", "certified bound"}},
		{"silent", silent, []string{`<span class="status">silent</span>`, "the student stays silent", "Too little evidence.", "1,200 more labels"},
			[]string{`class="threshold"`, "at least 0.0", "tinted part"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			page := write(t, data(t, c.certificate))
			for _, want := range c.want {
				if !strings.Contains(page, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			for _, bad := range c.wantNot {
				if strings.Contains(page, bad) {
					t.Errorf("the page says %q", bad)
				}
			}
		})
	}
}

func TestTrafficIsShown(t *testing.T) {
	d := data(t, certified)
	d.Traffic = &Traffic{Taught: 1700, HeldOut: 600, Answered: 420, Agreed: 408, CostBefore: 2 * model.Dollar, CostAfter: model.Dollar / 2,
		Teacher: Latency{450 * time.Millisecond, 1600 * time.Millisecond}, Student: Latency{600 * time.Microsecond, 2 * time.Millisecond}}
	page := write(t, d)
	for _, want := range []string{"70.0\u00a0%", "97.1\u00a0%", "$0.500", "$2.00", "75.0\u00a0% less", "600\u00a0µs", "450\u00a0ms", "1.60\u00a0s", "420 of 600"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestTrafficCanCertify(t *testing.T) {
	provisional := certified
	provisional.Status, provisional.Method = certify.Provisional, certify.MethodCrossFitted
	d := data(t, provisional)
	d.Traffic = &Traffic{Taught: 1700, HeldOut: 600, Answered: 420, Agreed: 408, Certificate: certified}
	if page := write(t, d); !strings.Contains(page, `<span class="status">certified</span>`) {
		t.Error("the page does not say that the held-out traffic certified the student")
	}
	if d.Report.Certificate != provisional {
		t.Error("writing the page changed the caller's report")
	}
}

func TestDrawingsAreWellFormed(t *testing.T) {
	everythingRight := data(t, certified)
	for i := range everythingRight.Judged {
		everythingRight.Judged[i].Predicted, everythingRight.Judged[i].Score = everythingRight.Judged[i].Label, 1
	}
	allWrong := data(t, certified)
	for i := range allWrong.Judged {
		allWrong.Judged[i].Predicted, allWrong.Judged[i].Score = "no such", 0
	}
	one := data(t, certified)
	one.Judged = one.Judged[:1]
	for name, d := range map[string]Data{"usual": data(t, certified), "all right": everythingRight, "all wrong": allWrong, "a single judgement": one} {
		t.Run(name, func(t *testing.T) {
			v, err := newView(d)
			if err != nil {
				t.Fatal(err)
			}
			for _, svg := range []string{string(v.Curve), string(v.Reliability)} {
				if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
					t.Errorf("a drawing has coordinates that are no numbers: %.300s", svg)
				}
				if err := wellFormed(svg); err != nil {
					t.Errorf("a drawing is not well-formed: %v", err)
				}
			}
		})
	}
}

func wellFormed(s string) error {
	dec := xml.NewDecoder(strings.NewReader(s))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestNothingToShowIsAnError(t *testing.T) {
	if err := Write(io.Discard, Data{}); err == nil {
		t.Error("an empty report was written")
	}
}

func TestConfusionsShowTheSurestFirst(t *testing.T) {
	d := data(t, certified)
	found := confusions(&d.Report, d.Judged)
	if len(found) == 0 {
		t.Fatal("no confusions found among predictions with errors")
	}
	for _, c := range found {
		answered := 0
		for i := range d.Judged {
			j := &d.Judged[i]
			if excerpt(j.Label, excerptRunes) == c.Teacher && j.Predicted == c.Student && j.Score >= certified.Threshold {
				answered++
			}
		}
		if c.Answered != answered {
			t.Errorf("%s for %s: %d answered, want %d", c.Student, c.Teacher, c.Answered, answered)
		}
		for i := 1; i < len(c.Examples); i++ {
			if c.Examples[i].Score > c.Examples[i-1].Score {
				t.Errorf("%s for %s: example %d scores %s, after %s", c.Student, c.Teacher, i, c.Examples[i].Score, c.Examples[i-1].Score)
			}
		}
	}
}

func TestWords(t *testing.T) {
	cases := []struct{ name, got, want string }{
		{"a bound rounds down", bound(0.94999), "94.9\u00a0%"},
		{"a round bound", bound(0.95), "95.0\u00a0%"},
		{"a share rounds", percent(0.94999), "95.0\u00a0%"},
		{"whole", whole(0.995), "99.5\u00a0%"},
		{"thousands", number(1234567), "1,234,567"},
		{"hundreds", number(123), "123"},
		{"money", money(model.Dollar * 3 / 2), "$1.50"},
		{"small money", money(model.Dollar / 1000), "$0.001"},
		{"microseconds", span(11200 * time.Nanosecond), "11.2\u00a0µs"},
		{"no time", span(0), "–"},
		{"size", size(1572864), "1.5\u00a0MB"},
		{"sentence", sentence("too few labels"), "Too few labels."},
		{"excerpt", excerpt("a\n\tb  c", 10), "a b c"},
		{"long excerpt", excerpt(strings.Repeat("ü", 300), 5), "üüüü…"},
		{"invalid UTF-8", excerpt("a\xff\xfeb", 10), "a b"},
		{"nothing saved", saved(1, 2), "no saving"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestLabelsBreakAtUnderscores(t *testing.T) {
	d := data(t, certified)
	for i := range d.Report.Metrics.Classes {
		if d.Report.Metrics.Classes[i].Label == "rate" {
			d.Report.Metrics.Classes[i].Label = "exchange_rate_<b>"
		}
	}
	if page := write(t, d); !strings.Contains(page, "<bdi>exchange_<wbr>rate_<wbr>&lt;b&gt;</bdi>") {
		t.Error("a label with underscores cannot break, or is not escaped")
	}
}
