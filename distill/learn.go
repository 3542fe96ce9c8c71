// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/student"
)

// Learned is a student with its answers to the examples by siblings that had not seen them.
type Learned struct {
	Student   student.Any
	OutOfFold []student.Detail // to the settled fair examples

	Seconds, CrossFitSeconds float64

	Warnings []string
	Doubted  *dataset.StepReport // what the labels say that siblings doubt; nil where it was not wanted
}

// learnedText is Learned in JSON.
type learnedText struct {
	Student         []byte              `json:"student"` // its file
	OutOfFold       []student.Detail    `json:"out_of_fold"`
	Seconds         float64             `json:"seconds"`
	CrossFitSeconds float64             `json:"cross_fit_seconds"`
	Warnings        []string            `json:"warnings,omitempty"`
	Doubted         *dataset.StepReport `json:"doubted,omitempty"`
}

// MarshalJSON writes the student as its file is.
func (l *Learned) MarshalJSON() ([]byte, error) {
	file, err := student.EncodeAny(l.Student)
	if err != nil {
		return nil, err
	}
	return json.Marshal(learnedText{file, l.OutOfFold, l.Seconds, l.CrossFitSeconds, l.Warnings, l.Doubted})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Learned) UnmarshalJSON(text []byte) error {
	var t learnedText
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	s, err := student.DecodeAny(t.Student)
	if err != nil {
		return err
	}
	*l = Learned{s, t.OutOfFold, t.Seconds, t.CrossFitSeconds, t.Warnings, t.Doubted}
	return nil
}

// learn trains the kind of student that gives the task's answers.
//
// Those that are hard train it and its siblings; no score that it gives is calibrated on them.
func (job *Job) learn(ctx context.Context, examples, hard []dataset.Example) (*Learned, error) {
	if job.Task.Object != nil {
		return job.learnObjects(ctx, examples, hard)
	}
	return job.learnLabels(ctx, examples, hard)
}

func (job *Job) learnLabels(ctx context.Context, examples, hard []dataset.Example) (*Learned, error) {
	taught := make([]student.Example, 0, len(examples)+len(hard))
	for i := range examples {
		taught = append(taught, student.Example{Text: examples[i].Text, Label: examples[i].Label, Soft: examples[i].Soft})
	}
	for i := range hard {
		taught = append(taught, student.Example{Text: hard[i].Text, Label: hard[i].Label, Soft: hard[i].Soft, Hard: true})
	}
	opt := student.Options{Task: job.Task.Name, Labels: job.Task.Labels, Effort: job.Effort, Seed: job.Seed, Progress: job.Progress, Outside: job.Outside}
	var doubts *refine.Doubts
	if job.Refine[refine.Errors] == refine.List {
		doubts = refine.NewDoubts(examples, job.Task.Labels)
		opt.Held = doubts.Held
	}
	t, err := student.Train(ctx, taught, opt)
	if err != nil {
		return nil, err
	}
	acts := t.Student.Card().Novelty
	out := &Learned{Student: t.Student, OutOfFold: make([]student.Detail, len(examples)), Seconds: t.Seconds, CrossFitSeconds: t.CrossFitSeconds}
	for i := range examples {
		p := &t.OutOfFold[i]
		out.OutOfFold[i] = student.Detail{Answer: p.Label, Score: acts.Sure(p.Score, p.Novel), Novel: p.Novel}
	}
	if doubts != nil {
		found := doubts.Report()
		out.Doubted = &found
	}
	return out, nil
}

func (job *Job) learnObjects(ctx context.Context, fair, hard []dataset.Example) (*Learned, error) {
	schema, err := student.ParseSchema(job.Task.Object.Schema)
	if err != nil {
		return nil, err
	}
	examples := slices.Concat(fair, hard)
	taught := make([]student.ObjectExample, len(examples))
	for i := range examples {
		taught[i] = student.ObjectExample{Text: examples[i].Text, Object: []byte(examples[i].Label), Hard: i >= len(fair)}
	}
	t, err := student.TrainExtractor(ctx, *schema, taught, student.ExtractorOptions{Task: job.Task.Name, Effort: job.Effort, Seed: job.Seed, Progress: job.Progress, Outside: job.Outside})
	if err != nil {
		return nil, err
	}
	acts := t.Extractor.Card().Novelty
	out := &Learned{Student: t.Extractor, OutOfFold: make([]student.Detail, len(fair)), Seconds: t.Seconds, CrossFitSeconds: t.CrossFitSeconds}
	for i := range fair {
		out.OutOfFold[i] = t.OutOfFold[i].Detail(acts)
	}
	if n := len(t.Unaligned); n > 0 {
		out.Warnings = []string{fmt.Sprintf("%d of %d examples have a value that their text does not have, so that no student can copy it; the first, %.80q: %v",
			n, len(examples), examples[t.Unaligned[0].Example].Text, errors.Unwrap(t.Unaligned[0].Err))}
	}
	return out, nil
}

// spell returns the examples with their answers as the contract spells them, and offsets of spans replaced by the words that they
// mean. What was spelled otherwise is noted.
func (job *Job) spell(examples []dataset.Example) ([]dataset.Example, error) {
	out := slices.Clone(examples)
	bad, why, respelled, first := 0, "", 0, ""
	for i := range out {
		said, err := job.read(&out[i])
		if err != nil {
			if bad++; bad == 1 {
				why = job.outside(&out[i], err)
			}
			continue
		}
		if said != out[i].Label && job.Task.Object == nil {
			if respelled++; respelled == 1 {
				first = fmt.Sprintf("%q is taken for %q (%s)", out[i].Label, said, out[i].Origin())
			}
		}
		out[i].Label = said
	}
	if bad > 0 {
		return nil, fmt.Errorf("%d of %d examples have %s", bad, len(examples), why)
	}
	if respelled > 0 {
		job.Notes = append(job.Notes, fmt.Sprintf("%d labels differ from the task's in case, blanks or punctuation, the first: %s", respelled, first))
	}
	return out, nil
}

// read returns the answer of an example as the contract spells it.
func (job *Job) read(e *dataset.Example) (string, error) {
	said, err := job.Task.Spell(e.Text, e.Label)
	if err == nil || job.Task.Object == nil {
		return said, err
	}
	label, wrong := dataset.Spans(e.Text, e.Label)
	switch {
	case wrong != nil:
		return "", wrong
	case label == e.Label:
		return "", err
	}
	return job.Task.Spell(e.Text, label)
}

// alike returns the examples with their objects spelled as the first of the same text has it, however the texts are cased and
// spaced, so that they can be compared.
func (job *Job) alike(examples []dataset.Example) []dataset.Example {
	if job.Task.Object == nil {
		return examples
	}
	first := make(map[string]string, len(examples))
	out := slices.Clone(examples)
	for i := range out {
		key := dataset.Canonical(out[i].Text)
		text, seen := first[key]
		if !seen {
			first[key] = out[i].Text
			continue
		}
		if said, err := job.Task.Canonical(text, out[i].Label); err == nil {
			out[i].Label = said
		}
	}
	return out
}

// outside says what is wrong with the first answer outside the contract, and what to do.
func (job *Job) outside(e *dataset.Example, err error) string {
	if job.Task.Object != nil {
		return fmt.Sprintf("an answer outside the schema of task %q, the first (%s): %v; correct the file, or the task's output.schema", job.Task.Name, e.Origin(), err)
	}
	return fmt.Sprintf("a label that task %q does not have, the first %q (%s); correct the file, or add the label to the task's output.enum", job.Task.Name, e.Label, e.Origin())
}
