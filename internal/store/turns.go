// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// TurnOutcome is what came of a turn.
type TurnOutcome string

// The outcomes of turns; empty while one is under way.
const (
	TurnPromoted   TurnOutcome = "promoted"   // its student is the champion, or was
	TurnCanary     TurnOutcome = "canary"     // its student passed the gate, and answers a share
	TurnChallenger TurnOutcome = "challenger" // its student is compared further with the champion
	TurnCandidate  TurnOutcome = "candidate"  // its student stays a candidate
	TurnFailed     TurnOutcome = "failed"     // it made no student, or could not judge it
	TurnCancelled  TurnOutcome = "cancelled"  // by a person
)

// settled reports whether nothing changes the outcome any more.
func (o TurnOutcome) settled() bool { return o != "" && o != TurnFailed && o != TurnCancelled }

// Turn is one turn of a task's wheel.
type Turn struct {
	ID       string          `json:"id"` // of its run and its student
	Tenant   string          `json:"tenant"`
	Task     string          `json:"task"`
	Why      string          `json:"trigger"`
	Labels   int             `json:"labels"` // of the teacher that there were when it began, since students were last taken out
	Begun    time.Time       `json:"begun"`
	Ended    *time.Time      `json:"ended"` // null: it is under way, or was interrupted
	Outcome  TurnOutcome     `json:"outcome"`
	Says     string          `json:"says"`
	Evidence json.RawMessage `json:"evidence,omitempty"`
}

// BeginTurn keeps that a turn has begun. Done again for the same id, it changes nothing.
func (s *Store) BeginTurn(ctx context.Context, t Turn) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO turns (id, tenant, task, why, labels, begun, outcome, says, evidence) VALUES (?,?,?,?,?,?,'','','')
		ON CONFLICT DO NOTHING`, t.ID, t.Tenant, t.Task, t.Why, t.Labels, now().UnixNano())
	return wrap("begin turn", err)
}

// Verdict is how a turn ends.
type Verdict struct {
	Outcome  TurnOutcome
	Says     string
	Evidence json.RawMessage // may be nil
	// Over is, for TurnCanary and TurnChallenger, the champion that the student was compared with; empty: none. Where another serves by then, or
	// the student is no candidate any more, it stays what it is and the outcome is TurnCandidate.
	Over string
}

// EndTurn keeps what came of a turn and, with TurnCanary or TurnChallenger, makes its student that: both or none. A turn that ended with a
// student stays as it is, however often it is ended, so that none comes to a stage twice. It returns the turn as it is then. One that does not exist is an error of kind NotFound.
func (s *Store) EndTurn(ctx context.Context, tenant, id string, v Verdict) (out *Turn, err error) {
	err = s.change(ctx, "end turn", func(tx *sql.Tx) error {
		found, err := s.turns(ctx, tx, "WHERE id = ? AND tenant = ?", id, tenant)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return notFound("turn", id, "retort runs list shows them")
		}
		if out = &found[0]; out.Outcome.settled() {
			return nil
		}
		if v.Outcome == TurnCanary || v.Outcome == TurnChallenger {
			if v.Outcome, v.Says, err = s.stageOver(ctx, tx, out, &v); err != nil {
				return err
			}
		}
		ended := now()
		out.Ended, out.Outcome, out.Says, out.Evidence = &ended, v.Outcome, v.Says, v.Evidence
		_, err = tx.ExecContext(ctx, "UPDATE turns SET ended = ?, outcome = ?, says = ?, evidence = ? WHERE id = ?",
			ended.UnixNano(), string(v.Outcome), v.Says, string(v.Evidence), id)
		return errors.Join(err, bump(ctx, tx))
	})
	return out, err
}

// stageOver brings the student of a turn to its stage, if it still is a candidate and the champion is still the one that it was compared with.
func (s *Store) stageOver(ctx context.Context, tx *sql.Tx, t *Turn, v *Verdict) (TurnOutcome, string, error) {
	row, err := one(s.students(ctx, tx, "WHERE id = ? AND tenant = ?", t.ID, t.Tenant))(t.ID)
	if err != nil {
		return "", "", err
	}
	before, err := s.champion(ctx, tx, t.Tenant, t.Task)
	if err != nil {
		return "", "", err
	}
	serving := ""
	if before != nil {
		serving = before.ID
	}
	switch {
	case row.Cleared != nil:
		return TurnCandidate, "the student was cleared meanwhile", nil
	case row.Stage != Candidate:
		return TurnCandidate, "somebody decided about the student meanwhile: it is " + string(row.Stage), nil
	case serving != v.Over:
		return TurnCandidate, "the champion is another one than the student was compared with; " + v.Says, nil
	}
	return v.Outcome, v.Says, s.stage(ctx, tx, &row, Stage(v.Outcome))
}

// Turns returns a task's turns, the latest first, limit at most.
func (s *Store) Turns(ctx context.Context, tenant, task string, limit int) ([]Turn, error) {
	return s.turns(ctx, s.read, "WHERE tenant = ? AND task = ? ORDER BY begun DESC, id LIMIT ?", tenant, task, limit)
}

// Turn returns one turn; nil where there is none of that id.
func (s *Store) Turn(ctx context.Context, tenant, id string) (*Turn, error) {
	found, err := s.turns(ctx, s.read, "WHERE tenant = ? AND id = ?", tenant, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func (s *Store) turns(ctx context.Context, q querier, where string, args ...any) ([]Turn, error) {
	const op = "list turns"
	rows, err := q.QueryContext(ctx, "SELECT id, tenant, task, why, labels, begun, ended, outcome, says, evidence FROM turns "+where, args...)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Turn
	for rows.Next() {
		var t Turn
		var begun int64
		var ended sql.NullInt64
		var evidence string
		if err := rows.Scan(&t.ID, &t.Tenant, &t.Task, &t.Why, &t.Labels, &begun, &ended, &t.Outcome, &t.Says, &evidence); err != nil {
			return nil, wrap(op, err)
		}
		t.Begun = time.Unix(0, begun).UTC()
		if ended.Valid {
			at := time.Unix(0, ended.Int64).UTC()
			t.Ended = &at
		}
		if evidence != "" {
			t.Evidence = json.RawMessage(evidence)
		}
		out = append(out, t)
	}
	return out, wrap(op, rows.Err())
}

// Pause stops a task's wheel, or lets it go on, and reports whether that changed anything.
func (s *Store) Pause(ctx context.Context, tenant, task string, paused bool) (changed bool, err error) {
	err = s.change(ctx, "pause task", func(tx *sql.Tx) error {
		statement, args := "DELETE FROM pauses WHERE tenant = ? AND task = ?", []any{tenant, task}
		if paused {
			statement, args = "INSERT INTO pauses (tenant, task, created) VALUES (?,?,?) ON CONFLICT DO NOTHING", append(args, now().UnixNano())
		}
		result, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if changed = n > 0; err != nil || !changed {
			return err
		}
		return bump(ctx, tx)
	})
	return changed, err
}

// Paused returns since when a task's wheel is stopped; the zero time where it is not.
func (s *Store) Paused(ctx context.Context, tenant, task string) (since time.Time, err error) {
	var created int64
	err = s.read.QueryRowContext(ctx, "SELECT created FROM pauses WHERE tenant = ? AND task = ?", tenant, task).Scan(&created)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return time.Unix(0, created).UTC(), wrap("find pause", err)
}
