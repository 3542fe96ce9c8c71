// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"retort/dataset"
	"retort/internal/datasets"
	"retort/internal/desk"
	"retort/internal/origin"
	"retort/internal/store"
	"retort/model"
)

// TraceChoice says which traces examples are made of.
type TraceChoice struct {
	Since, Until time.Time // zero: any
	Feedback     FeedbackChoice
	Tenant       string // empty: the default one
}

// addTraces adds what the answers of a task's teacher teach. Corrections by people come before them; see lessons.
func (a *App) addTraces(ctx context.Context, d *datasets.Draft, desk *desk.Desk, c *TraceChoice, progress datasets.Progress) error {
	if desk == nil {
		return &tracesTaskError{}
	}
	p := a.plant.Load()
	unknown, err := origin.Terms(p.Config, desk.Config.Teacher...)
	if err != nil {
		return err
	}
	for _, name := range unknown {
		d.Note("%s", origin.UnknownTerms(name))
	}
	if err := a.flush(ctx); err != nil {
		return err
	}
	filter := store.Filter{Tenant: model.DefaultTenant, Model: desk.Task.Name, Status: store.Answered, Content: true, Since: c.Since, Until: c.Until}
	if c.Tenant != "" {
		filter.Tenant = c.Tenant
	}
	opinions, err := a.store.Opinions(ctx, filter.Tenant)
	if err != nil {
		return err
	}
	total, err := a.store.Count(ctx, filter)
	if err != nil {
		return err
	}
	learned := newLessons(p, desk)
	read, taken, unwanted := 0, 0, 0
	for trace, err := range a.store.Traces(ctx, filter) {
		switch {
		case trace == nil:
			return err
		case err != nil: // its content is damaged; the others count
			learned.skipped++
			continue
		}
		if read++; read%500 == 0 && progress != nil {
			progress("read traces", read, max(read, total))
		}
		opinion, some := opinions[trace.ID]
		if !c.Feedback.takes(opinion, some) {
			unwanted++
			continue
		}
		if e := learned.learn(trace, opinion.Corrected()); e != nil {
			taken++
			if err := d.Add(e); err != nil {
				return err
			}
		}
	}
	d.Source(dataset.Source{Kind: "traces", Name: c.words(&filter), Examples: taken, Skipped: learned.leftOut(unwanted)})
	return nil
}

// leftOut counts by reason what taught nothing.
func (l *lessons) leftOut(unwanted int) map[string]int {
	out := map[string]int{}
	for reason, n := range map[string]int{
		"other feedback": unwanted, "a student's own answer": l.own, "an answer of another model than the teacher": l.others,
		"corrected to what the task does not allow": l.refuted, "no captured content, or an answer that the task does not allow": l.skipped,
	} {
		if n > 0 {
			out[reason] = n
		}
	}
	return out
}

// words says which traces were chosen.
func (c *TraceChoice) words(f *store.Filter) string {
	text := "task " + f.Model
	if f.Tenant != model.DefaultTenant {
		text += ", tenant " + f.Tenant
	}
	if !f.Since.IsZero() {
		text += ", since " + f.Since.UTC().Format(time.RFC3339)
	}
	if !f.Until.IsZero() {
		text += ", until " + f.Until.UTC().Format(time.RFC3339)
	}
	if c.Feedback != "" {
		text += ", feedback " + string(c.Feedback)
	}
	return text
}

// tracesTaskError says that traces alone are no examples.
type tracesTaskError struct{}

func (e *tracesTaskError) Error() string {
	return "whose answers in the traces are wanted? no task is named"
}
func (e *tracesTaskError) Hint() string { return "name a task of the configuration with --task" }

// FeedbackChoice chooses traces by what people said of them: "" takes all, "any" those with feedback, "none" those without,
// "corrected" those with a correction, and "rating>=X" and "rating<=X" those whose latest rating is so.
type FeedbackChoice string

// ParseFeedback reads a FeedbackChoice.
func ParseFeedback(text string) (FeedbackChoice, error) {
	choice := FeedbackChoice(strings.ReplaceAll(strings.ToLower(text), " ", ""))
	switch choice {
	case "", "any", "none", "corrected":
		return choice, nil
	}
	if _, _, ok := choice.rating(); ok {
		return choice, nil
	}
	return "", &feedbackChoiceError{text}
}

// rating returns the limit of a rating, and whether it is the least or the most.
func (c FeedbackChoice) rating() (limit float64, least, ok bool) {
	number, least := strings.CutPrefix(string(c), "rating>=")
	if !least {
		if number, ok = strings.CutPrefix(string(c), "rating<="); !ok {
			return 0, false, false
		}
	}
	limit, err := strconv.ParseFloat(number, 64)
	return limit, least, err == nil && limit == limit
}

func (c FeedbackChoice) takes(o store.Opinion, some bool) bool {
	switch c {
	case "":
		return true
	case "any":
		return some
	case "none":
		return !some
	case "corrected":
		return o.Corrected() != ""
	}
	limit, least, _ := c.rating()
	return o.Rating != nil && (least && *o.Rating >= limit || !least && *o.Rating <= limit)
}

type feedbackChoiceError struct{ text string }

func (e *feedbackChoiceError) Error() string {
	return fmt.Sprintf("--feedback: %q chooses nothing", e.text)
}
func (e *feedbackChoiceError) Hint() string {
	return "give any, none, corrected, or a rating such as 'rating>=1' or 'rating<=0'"
}
