// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"retort/task"
)

// Example is a verdict that a judge is shown before it is asked for one: a worked example.
type Example struct {
	Request string   `json:"request"`
	Answers []string `json:"answers"` // one for a grade, two for a comparison
	Verdict string   `json:"verdict"` // a grade from 1 to 10, or first, second or tie
}

// Prompt is what a judge is told beside what it judges.
type Prompt struct {
	Rubric   string    `json:"rubric"` // empty: the general one
	Examples []Example `json:"examples,omitempty"`
}

// Rubrics are other rubrics than the general one, for a tuning to try: which of them a judge applies best is not for us to know.
var Rubrics = []string{
	"Correctness decides. Check each claim, figure and step against the request and against what you know: an answer that is wrong in " +
		"something that matters is bad, however well it is written. Of correct answers the more complete one is better; style counts last.",
	"List for yourself what the request demands: every question, limit, form and condition. A good answer meets them all, and one " +
		"demand that is missed weighs more than any polish. What nobody asked for is no merit.",
	"Judge as the person who asked. A good answer is one that they can use as it is: it goes to the point, is clear, and leaves out " +
		"nothing that they need. One that dodges, refuses without need or buries its point in words is a bad answer.",
}

// shots returns worked examples as the judge is shown them.
func shots(examples []Example, question string, names ...string) []task.Example {
	out := make([]task.Example, 0, len(examples))
	for _, ex := range examples {
		texts := []shown{{"request", ex.Request}}
		for i, answer := range ex.Answers {
			texts = append(texts, shown{names[min(i, len(names)-1)], answer})
		}
		out = append(out, task.Example{Input: laidOut(rand.Text(), question, texts), Output: ex.Verdict})
	}
	return out
}

// GradeOf returns the grade that stands for a worth from 0 to 1.
func GradeOf(worth float64) string {
	return strconv.Itoa(1 + int(max(0, min(1, worth))*(grades-1)+0.5))
}

var errPrompt = errors.New("it is not the file of a judge's prompt, or of another version of Retort")

const promptFormat = "retort judge 1"

// PromptFile is what tuning a judge leaves: a prompt, and what it is for.
type PromptFile struct {
	Format string `json:"format"`
	For    string `json:"for"` // names the judge and how it is asked; any text
	Pairs  bool   `json:"pairs"`
	Prompt
}

// EncodePrompt returns the file of a prompt for comparisons or grades, and for the judge that is named; any text.
func EncodePrompt(p Prompt, pairs bool, of string) ([]byte, error) {
	text, err := json.MarshalIndent(PromptFile{promptFormat, of, pairs, p}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the judge's prompt: %w", err)
	}
	return append(text, '\n'), nil
}

// DecodePrompt reads the file of a prompt, after checking every example. Bytes that are none give an error that is ErrCorrupt.
func DecodePrompt(file []byte) (*PromptFile, error) {
	p := &PromptFile{}
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil || p.Format != promptFormat {
		return nil, errors.Join(fmt.Errorf("read the judge's prompt: %w", errPrompt), ErrCorrupt)
	}
	if err := p.Check(p.Pairs); err != nil {
		return nil, errors.Join(fmt.Errorf("read the judge's prompt: %w", err), ErrCorrupt)
	}
	return p, nil
}

// Check says whether the examples are of comparisons, or of grades.
func (p *Prompt) Check(pairs bool) error {
	answers, verdicts := 1, gradeLabels()
	if pairs {
		answers, verdicts = 2, pairLabels
	}
	for i, ex := range p.Examples {
		if len(ex.Answers) != answers || !slices.Contains(verdicts, ex.Verdict) {
			return fmt.Errorf("examples[%d] has %d answers and the verdict %.20q; want %d, and one of %v", i, len(ex.Answers), ex.Verdict, answers, verdicts)
		}
	}
	return nil
}

var pairLabels = []string{"first", "second", "tie"}

func gradeLabels() []string {
	labels := make([]string, grades)
	for g := range labels {
		labels[g] = strconv.Itoa(g + 1)
	}
	return labels
}
