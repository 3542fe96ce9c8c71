// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"math"
	"time"
)

// Feedback is what somebody said about an answer. At least one of Rating, Correction and Comment is set.
type Feedback struct {
	Trace      string    `json:"trace"`
	Rating     *float64  `json:"rating,omitempty"`     // any finite number; what it means is the caller's
	Correction *string   `json:"correction,omitempty"` // what the answer should have been
	Comment    *string   `json:"comment,omitempty"`
	Created    time.Time `json:"created"` // set by AddFeedback
}

// MaxFeedbackText bounds Correction and Comment, in bytes each.
const MaxFeedbackText = 1 << 20

// AddFeedback adds feedback to a trace of the tenant and returns it with its time. Feedback that says nothing is an
// error of kind Invalid; a trace that does not exist is one of kind NotFound.
func (s *Store) AddFeedback(ctx context.Context, tenant string, f Feedback) (Feedback, error) {
	if err := f.check(); err != nil {
		return f, err
	}
	if _, err := s.ref(ctx, tenant, f.Trace); err != nil {
		return f, err
	}
	f.Created = now()
	err := s.change(ctx, "add feedback", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO feedback (tenant, trace, rating, correction, comment, created) VALUES (?,?,?,?,?,?)",
			tenant, f.Trace, f.Rating, f.Correction, f.Comment, f.Created.UnixNano())
		return err
	})
	return f, err
}

func (f *Feedback) check() error {
	const op = "add feedback"
	switch {
	case f.Trace == "":
		return invalid(op, "trace", "the id of a trace is missing: the answer's header Retort-Trace has it")
	case f.Rating == nil && f.Correction == nil && f.Comment == nil:
		return invalid(op, "rating", "one of rating, correction and comment is needed")
	case f.Rating != nil && (math.IsNaN(*f.Rating) || math.IsInf(*f.Rating, 0)):
		return invalid(op, "rating", "it must be a finite number")
	case f.Correction != nil && len(*f.Correction) > MaxFeedbackText:
		return invalid(op, "correction", "%d bytes are too many: %d are allowed", len(*f.Correction), MaxFeedbackText)
	case f.Comment != nil && len(*f.Comment) > MaxFeedbackText:
		return invalid(op, "comment", "%d bytes are too many: %d are allowed", len(*f.Comment), MaxFeedbackText)
	}
	return nil
}

// Feedback returns the feedback on a trace, earliest first.
func (s *Store) Feedback(ctx context.Context, tenant, trace string) ([]Feedback, error) {
	const op = "list feedback"
	rows, err := s.read.QueryContext(ctx, "SELECT trace, rating, correction, comment, created FROM feedback"+
		" WHERE trace = ? AND tenant = ? ORDER BY seq", trace, tenant)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Feedback
	for rows.Next() {
		var f Feedback
		var created int64
		if err := rows.Scan(&f.Trace, &f.Rating, &f.Correction, &f.Comment, &created); err != nil {
			return nil, wrap(op, err)
		}
		f.Created = time.Unix(0, created).UTC()
		out = append(out, f)
	}
	return out, wrap(op, rows.Err())
}

// now returns the time as the store keeps it.
func now() time.Time { return time.Now().UTC().Round(0) }
