// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/distill/label"
	"retort/eval"
	"retort/eval/certify"
	"retort/model"
	"retort/student"
	"retort/task"
)

// What the figures of a Report were taken on.
const (
	EvalFile  = "eval file"               // examples that had no part in the distillation
	HeldOut   = "held-out fifth"          // examples kept from training, which set the threshold
	OutOfFold = "out-of-fold predictions" // the training examples, each predicted by a sibling that had not seen it
)

// Report is what a distillation found. All shares are in [0, 1].
type Report struct {
	Task    string `json:"task"`
	Student string `json:"student,omitempty"` // its id, once registered
	Teacher string `json:"teacher,omitempty"`

	TrainExamples int            `json:"train_examples"` // distinct ones
	EvalExamples  int            `json:"eval_examples"`
	EvaluatedOn   string         `json:"evaluated_on"`
	Labels        int            `json:"labels"` // 0 where answers are objects
	Cleaned       dataset.Report `json:"cleaned"`
	// Refined says what each refining step took out, changed or only lists, in their order.
	Refined []dataset.StepReport `json:"refined,omitempty"`

	Accuracy float64       `json:"accuracy"` // of all predictions, unthresholded
	MacroF1  float64       `json:"macro_f1"` // over labels, or over the fields of objects
	Metrics  *eval.Metrics `json:"metrics,omitempty"`

	Method     certify.Method `json:"method"`
	Status     certify.Status `json:"status"` // certified, provisional or silent
	Target     float64        `json:"target_agreement"`
	Confidence float64        `json:"confidence"`
	Threshold  *float64       `json:"threshold"` // null when the student is silent
	Coverage   float64        `json:"coverage"`  // share of the evaluated examples that the student answers
	Agreement  float64        `json:"agreement"` // with the teacher, among those
	Lower      float64        `json:"certified_agreement"`

	Certificate certify.Certificate  `json:"certificate"`
	Fields      []Field              `json:"fields,omitempty"`              // of objects: what is known of single fields
	Novelty     *student.Novelty     `json:"novelty"`                       // what is unlike the examples, and whether it is answered; null: not measured
	NovelShare  float64              `json:"novel_share"`                   // of the evaluated examples that are not answered and unlike the examples
	UnsureShare float64              `json:"unsure_share"`                  // of the evaluated examples that are like them and score too low
	Consistency *certify.Consistency `json:"teacher_consistency,omitempty"` // null when it was not measured
	Reasked     *Reasked             `json:"teacher_reasked,omitempty"`     // null when the teacher was not asked again

	StudentBytes    int64   `json:"student_bytes"`
	TrainSeconds    float64 `json:"train_seconds"` // features and fit of the student that serves
	CrossFitSeconds float64 `json:"cross_fit_seconds"`
	PredictP50us    float64 `json:"predict_p50_us"`
	PredictP99us    float64 `json:"predict_p99_us"`

	Labelling *label.Report `json:"labelling,omitempty"` // null when the examples came with their labels

	Warnings []string `json:"warnings,omitempty"`
}

// Reasked is what it took to ask the teacher again.
type Reasked struct {
	Calls int         `json:"calls"` // to upstreams, second tries included
	Cost  model.Money `json:"cost_usd"`
}

// learned notes what training took and what it noticed.
func (r *Report) learned(l *Learned) {
	r.TrainSeconds, r.CrossFitSeconds, r.Warnings = l.Seconds, l.CrossFitSeconds, append(r.Warnings, l.Warnings...)
	if l.Doubted != nil {
		r.Refined = append(r.Refined, *l.Doubted)
	}
}

// inOrder puts the steps in their order: what is listed while training comes late.
func (r *Report) inOrder() {
	order := refine.Names()
	slices.SortStableFunc(r.Refined, func(a, b dataset.StepReport) int {
		return cmp.Compare(slices.Index(order, a.Step), slices.Index(order, b.Step))
	})
}

// warnLabels notes labels too rare to learn.
func (r *Report) warnLabels(t *task.Task, examples []dataset.Example) {
	count := make(map[string]int, len(t.Labels))
	for i := range examples {
		count[examples[i].Label]++
	}
	var none, one []string
	for _, label := range t.Labels {
		switch count[label] {
		case 0:
			none = append(none, label)
		case 1:
			one = append(one, label)
		}
	}
	if len(none) > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d labels have no example and will never be answered: %s", len(none), some(none)))
	}
	if len(one) > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d labels have a single example, too few to learn or to judge: %s", len(one), some(one)))
	}
}

// some joins the first few of many names.
func some(names []string) string {
	const most = 5
	text := ""
	for i, name := range names {
		if i == most {
			return text + fmt.Sprintf(" and %d more", len(names)-most)
		}
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}

// measure fills the figures that come from predictions.
func (r *Report) measure(judged []Judged, job *Job) error {
	opt := eval.MeasureOptions{Seed: job.Seed}
	if job.Task.Object != nil {
		opt.Fields = job.Task.Object.Fields
	}
	metrics, err := eval.Measure(Items(judged), opt)
	if err != nil {
		return fmt.Errorf("measure student: %w", err)
	}
	r.Metrics, r.EvalExamples = metrics, len(judged)
	r.Accuracy, r.MacroF1 = metrics.Accuracy.Value, metrics.MacroF1.Value
	r.Status, r.Lower = r.Certificate.Status, r.Certificate.Lower
	if r.Certificate.Speaks() {
		threshold := r.Certificate.Threshold
		r.Threshold = &threshold
	}
	answered, agreed, novel := 0, 0, 0
	for i := range judged {
		if r.Certificate.Answers(judged[i].Score) {
			answered++
			if judged[i].Predicted == judged[i].Label {
				agreed++
			}
		} else if judged[i].Novel {
			novel++
		}
	}
	if len(judged) > 0 {
		n := float64(len(judged))
		r.Coverage, r.NovelShare, r.UnsureShare = float64(answered)/n, float64(novel)/n, float64(len(judged)-answered-novel)/n
	}
	if answered > 0 {
		r.Agreement = float64(agreed) / float64(answered)
	}
	r.Fields = MeasureFields(r.fieldCertificates(), judged)
	return nil
}

// Items returns judged predictions in the shape that package eval measures.
func Items(judged []Judged) []eval.Item {
	items := make([]eval.Item, len(judged))
	for i := range judged {
		items[i] = eval.Item{Gold: judged[i].Label, Predicted: judged[i].Predicted, Score: judged[i].Score}
	}
	return items
}

// metrics are the figures that go on the student's card.
func (r *Report) metrics() map[string]float64 {
	m := map[string]float64{"accuracy": r.Accuracy, "macro_f1": r.MacroF1, "coverage": r.Coverage, "agreement": r.Agreement}
	for _, f := range r.Metrics.Fields {
		m["field_accuracy_"+f.Name] = f.Accuracy.Value
	}
	return m
}

// timed is how many predictions are timed for the report.
const timed = 2000

// time measures single predictions on this machine, one after the other, over the judged texts.
func (r *Report) time(out *Outcome) {
	if len(out.Judged) == 0 {
		return
	}
	took := make([]time.Duration, 0, timed)
	for i := range timed {
		text := out.Judged[i%len(out.Judged)].Text
		start := time.Now()
		out.Student.Answer(text)
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	r.PredictP50us = float64(took[len(took)/2].Nanoseconds()) / 1e3
	r.PredictP99us = float64(took[len(took)*99/100].Nanoseconds()) / 1e3
}
