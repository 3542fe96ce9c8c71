// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"math"
	"time"
)

// Feedback is what somebody said about an answer. At least one of Rating, Correction, Comment and Outcome is set.
type Feedback struct {
	Trace      string    `json:"trace"`
	Rating     *float64  `json:"rating,omitempty"`     // any finite number; what it means is the caller's
	Correction *string   `json:"correction,omitempty"` // what the answer should have been
	Comment    *string   `json:"comment,omitempty"`
	Outcome    *Outcome  `json:"outcome,omitempty"` // what became of the answer, perhaps much later
	ID         string    `json:"id,omitempty"`      // the client's; under one id it is kept once
	Created    time.Time `json:"created"`           // set by AddFeedback

	Again bool `json:"-"` // set by AddFeedback: it was kept before
}

// MaxFeedbackText bounds Correction and Comment, in bytes each.
const MaxFeedbackText = 1 << 20

// AddFeedback adds feedback to a trace of the tenant and returns it with its time. Feedback that says nothing is an
// error of kind Invalid; a trace that does not exist is one of kind NotFound. With an id that the tenant has given before it returns what was
// kept then, and an error of kind Invalid where that says something else.
func (s *Store) AddFeedback(ctx context.Context, tenant string, f Feedback) (Feedback, error) {
	if err := f.check(); err != nil {
		return f, err
	}
	if _, err := s.ref(ctx, tenant, f.Trace); err != nil {
		return f, err
	}
	f.Created = now()
	err := s.change(ctx, "add feedback", func(tx *sql.Tx) error {
		if f.ID != "" {
			known, err := feedback(tx.QueryContext(ctx, selectFeedback+"WHERE tenant = ? AND id = ?", tenant, f.ID))
			if err != nil {
				return err
			}
			if len(known) > 0 {
				return f.repeats(&known[0])
			}
		}
		var measure *string
		var value *float64
		if f.Outcome != nil {
			measure, value = &f.Outcome.Name, &f.Outcome.Value
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO feedback (tenant, trace, rating, correction, comment, measure, value, id, created) VALUES (?,?,?,?,?,?,?,nullif(?, ''),?)",
			tenant, f.Trace, f.Rating, f.Correction, f.Comment, measure, value, f.ID, f.Created.UnixNano())
		return err
	})
	return f, err
}

// repeats makes f what was kept under its id, if it says the same.
func (f *Feedback) repeats(known *Feedback) error {
	same := f.Trace == known.Trace && equal(f.Rating, known.Rating) && equal(f.Correction, known.Correction) && equal(f.Comment, known.Comment) && equal(f.Outcome, known.Outcome)
	if !same {
		return invalid("add feedback", "id", "%q was given before, for feedback that says something else", f.ID)
	}
	*f = *known
	f.Again = true
	return nil
}

func equal[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// MaxFeedbackID bounds the id of a piece of feedback, in bytes.
const MaxFeedbackID = 200

func (f *Feedback) check() error {
	const op = "add feedback"
	switch {
	case f.Trace == "":
		return invalid(op, "trace", "the id of a trace is missing: the answer's header Retort-Trace has it")
	case f.Rating == nil && f.Correction == nil && f.Comment == nil && f.Outcome == nil:
		return invalid(op, "rating", "one of rating, correction, comment and outcome is needed")
	case len(f.ID) > MaxFeedbackID:
		return invalid(op, "id", "%d bytes are too many: %d are allowed", len(f.ID), MaxFeedbackID)
	case f.Rating != nil && (math.IsNaN(*f.Rating) || math.IsInf(*f.Rating, 0)):
		return invalid(op, "rating", "it must be a finite number")
	case f.Correction != nil && len(*f.Correction) > MaxFeedbackText:
		return invalid(op, "correction", "%d bytes are too many: %d are allowed", len(*f.Correction), MaxFeedbackText)
	case f.Comment != nil && len(*f.Comment) > MaxFeedbackText:
		return invalid(op, "comment", "%d bytes are too many: %d are allowed", len(*f.Comment), MaxFeedbackText)
	}
	if f.Outcome != nil {
		return f.Outcome.check(op)
	}
	return nil
}

const selectFeedback = "SELECT trace, rating, correction, comment, measure, value, coalesce(id, ''), created FROM feedback "

// Feedback returns the feedback on a trace, earliest first.
func (s *Store) Feedback(ctx context.Context, tenant, trace string) ([]Feedback, error) {
	out, err := feedback(s.read.QueryContext(ctx, selectFeedback+"WHERE trace = ? AND tenant = ? ORDER BY seq", trace, tenant))
	return out, wrap("list feedback", err)
}

// feedback reads what selectFeedback found.
func feedback(rows *sql.Rows, err error) ([]Feedback, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Feedback
	for rows.Next() {
		var f Feedback
		var measure *string
		var value *float64
		var created int64
		if err := rows.Scan(&f.Trace, &f.Rating, &f.Correction, &f.Comment, &measure, &value, &f.ID, &created); err != nil {
			return nil, err
		}
		if measure != nil && value != nil {
			f.Outcome = &Outcome{*measure, *value}
		}
		f.Created = time.Unix(0, created).UTC()
		out = append(out, f)
	}
	return out, rows.Err()
}

// now returns the time as the store keeps it.
func now() time.Time { return time.Now().UTC().Round(0) }
