// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"time"

	"retort/distill"
	"retort/eval"
	"retort/eval/certify"
)

// view is a page ready for its template: every text is final.
type view struct {
	Style          template.CSS
	Title, Made    string
	Status         string // certified, provisional or silent: the word shown, and a CSS class
	Headline       string
	Sentences      []string
	Tiles          []tile
	Curve          template.HTML
	CurveCaption   string
	Points         []certify.Point
	Reliability    template.HTML
	Bins           []certify.Bin
	EvaluatedOn    string
	Confusions     []confusion
	Contradictions []contradiction
	Refined        []refined
	Wrong, Total   string
	Worst, Classes []class // the labels with the lowest F1, and all others
	Fields         []field // of objects, whose fields stand in the place of labels
	FieldsHold     string  // with what confidence the fields' certificates do, all at once
	Facts          []section
	Warnings       []string
}

// tile is a headline figure.
type tile struct{ Name, Value, Was, Note string }

// section is a table of facts.
type section struct {
	Title string
	Rows  [][2]string
}

type confusion struct {
	Teacher, Student string
	Count, Answered  int
	Examples         []example
}

type example struct {
	Text, Score string
	Answered    bool
}

// contradiction is an input that the teacher gave more than one label.
type contradiction struct{ Text, Votes, Kept string }

type class struct {
	Label, Precision, Recall, F1, Answered string
	Bar                                    template.CSS // width of the F1 bar
	Support                                int
}

// field is a class whose Answered is how often the field is right, with what its certificate says of its values.
type field struct {
	class
	Status, Relied, Agreement, Found, Threshold, Reason string
}

// How much a page shows.
const (
	curvePoints    = 200
	tablePoints    = 20
	reliabilityBin = 10
	mostConfusions = 8
	mostExamples   = 3
	mostDisputes   = 5
	mostWorst      = 15
	excerptRunes   = 220
)

func newView(d Data) (*view, error) {
	if d.Traffic != nil && d.Traffic.Certificate.Status != "" {
		d.Report.Certificate = d.Traffic.Certificate
	}
	r := &d.Report
	v := &view{Style: template.CSS(styleText), Made: d.Made.UTC().Format("2 January 2006, 15:04 UTC"),
		Status: string(r.Certificate.Status), EvaluatedOn: r.EvaluatedOn}
	v.Title = excerpt(cmp.Or(d.Title, r.Task), excerptRunes)
	for _, w := range r.Warnings {
		v.Warnings = append(v.Warnings, excerpt(w, 4*excerptRunes))
	}
	if v.Status == "" {
		v.Status = string(certify.Silent)
	}
	v.Headline, v.Sentences = promise(r.Certificate)
	if err := v.draw(d); err != nil {
		return nil, err
	}
	v.Tiles = tiles(d)
	v.Total = number(r.Metrics.Items)
	v.Wrong = number(r.Metrics.Items - r.Metrics.Right)
	v.Confusions = confusions(r, d.Judged)
	v.Worst, v.Classes = classes(r, d.Judged)
	v.Fields, v.FieldsHold = fields(r), whole(r.Confidence)
	v.Contradictions = contradictions(r)
	v.Refined = refinedSteps(r)
	v.Facts = facts(d)
	return v, nil
}

func (v *view) draw(d Data) error {
	judged := make([]certify.Judgement, len(d.Judged))
	for i := range d.Judged {
		judged[i] = certify.Judgement{Score: d.Judged[i].Score, Agree: d.Judged[i].Label == d.Judged[i].Predicted}
	}
	confidence := d.Report.Confidence
	if !(confidence > 0 && confidence < 1) {
		confidence = 0.95
	}
	points, err := certify.Curve(judged, curvePoints, confidence)
	if err != nil {
		return err
	}
	if v.Points, err = certify.Curve(judged, tablePoints, confidence); err != nil {
		return err
	}
	if v.Bins, err = certify.Reliability(judged, reliabilityBin, confidence); err != nil {
		return err
	}
	v.CurveCaption = "The more requests the student answers, the harder they get. The line is the agreement among its answers, with a pointwise interval."
	if d.Report.Certificate.Speaks() {
		v.CurveCaption += " The tinted part is what it answers itself; the rest goes to the teacher. The tick under the dot is the " + v.Status + " bound."
	}
	v.Curve, v.Reliability = drawCurve(points, &d.Report), drawReliability(v.Bins)
	return nil
}

func tiles(d Data) []tile {
	r := &d.Report
	if t := d.Traffic; t != nil && t.HeldOut > 0 {
		return []tile{
			{"Answered by the student", percent(share(t.Answered, t.HeldOut)), "", number(t.Answered) + " of " + number(t.HeldOut) + " held-out requests"},
			agreementTile(r, share(t.Agreed, t.Answered), t.Answered),
			{"Cost of 1,000 requests", money(t.CostAfter), money(t.CostBefore), saved(float64(t.CostBefore), float64(t.CostAfter))},
			{"Time to answer, median", span(t.Student.P50), span(t.Teacher.P50), "student now, teacher before"},
		}
	}
	return []tile{
		{"Answered by the student", percent(r.Coverage), "", "of " + number(r.EvalExamples) + " judged examples"},
		agreementTile(r, r.Agreement, int(r.Coverage*float64(r.EvalExamples)+0.5)),
		{"Accuracy if it answered all", percent(r.Accuracy), "", "macro-F1 " + percent(r.MacroF1)},
		{"Time of one prediction", microseconds(r.PredictP50us), "", "median, in process"},
	}
}

func agreementTile(r *distill.Report, agreement float64, answered int) tile {
	t := tile{Name: "Agreement", Value: percent(agreement)}
	switch {
	case answered == 0:
		t.Value, t.Note = "–", "it answered nothing"
	case agreement < r.Certificate.Lower:
		t.Note = fmt.Sprintf("below the %s bound of %s", r.Certificate.Status, bound(r.Certificate.Lower))
	case r.Certificate.Status == certify.Certified:
		t.Note = "certified: at least " + bound(r.Certificate.Lower)
	case r.Certificate.Status == certify.Provisional:
		t.Note = "provisional: " + bound(r.Certificate.Lower) + " or more expected"
	}
	return t
}

func saved(before, after float64) string {
	if before <= 0 || after >= before {
		return "no saving"
	}
	return percent((before-after)/before) + " less"
}

func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// confusions finds examples for the pairs that are mixed up most often, the ones the student was surest of first.
func confusions(r *distill.Report, judged []distill.Judged) []confusion {
	var out []confusion
	for _, pair := range r.Metrics.Confusions[:min(mostConfusions, len(r.Metrics.Confusions))] {
		c := confusion{Teacher: excerpt(pair.Gold, excerptRunes), Student: excerpt(pair.Predicted, excerptRunes), Count: pair.Count}
		var found []distill.Judged
		for i := range judged {
			if judged[i].Label == pair.Gold && judged[i].Predicted == pair.Predicted {
				found = append(found, judged[i])
			}
		}
		slices.SortStableFunc(found, func(a, b distill.Judged) int { return cmp.Compare(b.Score, a.Score) })
		for i, j := range found {
			answered := r.Certificate.Answers(j.Score)
			if answered {
				c.Answered++
			}
			if i < mostExamples {
				c.Examples = append(c.Examples, example{excerpt(j.Text, excerptRunes), fmt.Sprintf("%.2f", j.Score), answered})
			}
		}
		out = append(out, c)
	}
	return out
}

func contradictions(r *distill.Report) []contradiction {
	var out []contradiction
	for _, c := range r.Cleaned.Contradictions[:min(mostDisputes, len(r.Cleaned.Contradictions))] {
		shown := contradiction{Text: excerpt(c.Text, excerptRunes), Kept: excerpt(c.Label, excerptRunes)}
		for i, v := range c.Votes {
			if i > 0 {
				shown.Votes += ", "
			}
			shown.Votes += fmt.Sprintf("%s ×%d", excerpt(v.Label, excerptRunes), v.Rows)
		}
		out = append(out, shown)
	}
	return out
}

// classes returns the figures of each label, the worst first, cut in two.
func classes(r *distill.Report, judged []distill.Judged) (worst, rest []class) {
	answered := map[string]int{}
	for i := range judged {
		if r.Certificate.Answers(judged[i].Score) {
			answered[judged[i].Label]++
		}
	}
	sorted := slices.Clone(r.Metrics.Classes)
	slices.SortStableFunc(sorted, func(a, b eval.Class) int { return cmp.Compare(a.F1, b.F1) })
	var out []class
	for _, c := range sorted {
		out = append(out, class{Label: excerpt(c.Label, excerptRunes), Support: c.Support, Precision: percent(c.Precision), Recall: percent(c.Recall), F1: percent(c.F1),
			Answered: percent(share(answered[c.Label], c.Support)), Bar: template.CSS(fmt.Sprintf("width:%.1f%%", 100*c.F1))})
	}
	if len(out) <= mostWorst+5 { // a few more are not worth hiding
		return out, nil
	}
	return out[:mostWorst], out[mostWorst:]
}

// fields returns the figures of each field of objects, in their order.
func fields(r *distill.Report) []field {
	out := make([]field, len(r.Metrics.Fields))
	for i, f := range r.Metrics.Fields {
		out[i].class = class{Label: excerpt(f.Name, excerptRunes), Support: f.Support, Precision: percent(f.Precision), Recall: percent(f.Recall), F1: percent(f.F1),
			Answered: percent(f.Accuracy.Value), Bar: template.CSS(fmt.Sprintf("width:%.1f%%", 100*f.F1))}
		if i < len(r.Fields) {
			out[i].promise(&r.Fields[i])
		}
	}
	return out
}

// promise adds what is known of the values of a field.
func (f *field) promise(of *distill.Field) {
	f.Status, f.Reason = string(of.Certificate.Status), sentence(excerpt(of.Certificate.Reason, 2*excerptRunes))
	f.Relied, f.Agreement, f.Found, f.Threshold = "–", "–", "–", "–"
	if of.Threshold != nil {
		f.Relied, f.Agreement, f.Found, f.Threshold = percent(of.Coverage), percent(of.Agreement), percent(of.Found), fmt.Sprintf("%.3f", *of.Threshold)
	}
}

func facts(d Data) []section {
	r := &d.Report
	certificate := [][2]string{
		{"Status", string(r.Certificate.Status)},
		{"Target agreement", whole(r.Target)},
		{"Confidence", whole(r.Confidence)},
		{"How the threshold was found", method(r.Certificate.Method)},
	}
	if r.Certificate.Speaks() {
		certificate = append(certificate, [2]string{"Threshold", fmt.Sprintf("%.4f", r.Certificate.Threshold)},
			[2]string{"Agreement, at least", bound(r.Certificate.Lower)})
	}
	if r.Novelty != nil {
		certificate = append(certificate, [2]string{"Left to the teacher, and novel: unlike the examples", percent(r.NovelShare)},
			[2]string{"Left to the teacher as unsure", percent(r.UnsureShare)}, [2]string{"What is unlike the examples", r.Novelty.String()})
	}
	if c := r.Consistency; c != nil {
		certificate = append(certificate, [2]string{"Teacher's own consistency",
			fmt.Sprintf("%s: the same answer %s of %s times", percent(c.Estimate), number(c.Same), number(c.Asked))})
	}
	return slices.DeleteFunc([]section{traffic(d.Traffic), {"The certificate", certificate}, {"The student", studentFacts(r)}, {"The data", dataFacts(r)}, {"The labels", labelFacts(r.Labelling)}},
		func(s section) bool { return len(s.Rows) == 0 })
}

func traffic(t *Traffic) section {
	if t == nil {
		return section{}
	}
	return section{"The traffic", [][2]string{
		{"Requests the teacher answered, and the student learned from", number(t.Taught)},
		{"Held-out requests sent afterwards", number(t.HeldOut)},
		{"of those, answered by the student", number(t.Answered) + " (" + percent(share(t.Answered, t.HeldOut)) + ")"},
		{"of those, as the teacher would have", number(t.Agreed) + " (" + percent(share(t.Agreed, t.Answered)) + ")"},
		{"Cost of 1,000 requests, before", money(t.CostBefore)},
		{"Cost of 1,000 requests, after", money(t.CostAfter)},
		{"Teacher's latency, median and 99th percentile", span(t.Teacher.P50) + ", " + span(t.Teacher.P99)},
		{"Student's latency, median and 99th percentile", span(t.Student.P50) + ", " + span(t.Student.P99)},
	}}
}

func studentFacts(r *distill.Report) [][2]string {
	rows := [][2]string{
		{"Accuracy, all requests", interval(r.Metrics.Accuracy, r.Metrics.Confidence)},
		{"Macro-F1", interval(r.Metrics.MacroF1, r.Metrics.Confidence)},
		{"Training", seconds(r.TrainSeconds)},
		{"Cross-fitting", seconds(r.CrossFitSeconds)},
		{"One prediction, median and 99th percentile", microseconds(r.PredictP50us) + ", " + microseconds(r.PredictP99us)},
	}
	if r.StudentBytes > 0 {
		rows = append(rows, [2]string{"Size on disk", size(r.StudentBytes)})
	}
	if r.Student != "" {
		rows = append([][2]string{{"Name", excerpt(r.Student, excerptRunes)}}, rows...)
	}
	return rows
}

func dataFacts(r *distill.Report) [][2]string {
	rows := [][2]string{
		{"Distinct examples trained on", number(r.TrainExamples)},
		{"Examples judged", number(r.EvalExamples) + " (" + r.EvaluatedOn + ")"},
		{"Labels", number(r.Labels)},
		{"Duplicates merged", number(r.Cleaned.Duplicates)},
		{"Inputs given more than one label", number(r.Cleaned.Contradictory)},
		{"of those, set aside because labels tie", number(r.Cleaned.SetAside)},
	}
	if n := len(r.Metrics.Fields); n > 0 {
		rows[2] = [2]string{"Fields", number(n)}
	}
	if r.Teacher != "" {
		rows = append(rows, [2]string{"Teacher", excerpt(r.Teacher, excerptRunes)})
	}
	return rows
}

func interval(e eval.Estimate, confidence float64) string {
	return fmt.Sprintf("%s (%s to %s at %s confidence)", percent(e.Value), percent(e.Lower), percent(e.Upper), whole(confidence))
}

func seconds(s float64) string { return span(time.Duration(s * float64(time.Second))) }

func microseconds(us float64) string { return span(time.Duration(us * float64(time.Microsecond))) }
