// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Wheel is what is kept of a task's wheel, so that the process that serves next goes on with it, turns know what to learn from, and people
// see how it stands.
type Wheel struct {
	Tenant, Task         string
	State, Brief, Report json.RawMessage
	Audits               int64     // number of the latest audit that State has heard of
	Kept                 time.Time // set by KeepWheel
}

// KeepWheel keeps what is known of a wheel in the place of what was; without a State the one that is kept stays, with its Audits. It survives the
// death of the process; a power loss may take the latest.
func (s *Store) KeepWheel(ctx context.Context, w Wheel) (err error) {
	defer func() { err = wrap("keep wheel", err) }()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO wheels (tenant, task, brief, report, kept) VALUES (?,?,?,?,?)
		ON CONFLICT (tenant, task) DO UPDATE SET brief = excluded.brief, report = excluded.report, kept = excluded.kept`,
		w.Tenant, w.Task, string(w.Brief), string(w.Report), now().UnixNano())
	if err == nil && w.State != nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO wheel_states (tenant, task, state, audits) VALUES (?,?,?,?)
			ON CONFLICT (tenant, task) DO UPDATE SET state = excluded.state, audits = excluded.audits`, w.Tenant, w.Task, string(w.State), w.Audits)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// BriefWheel keeps what a turn has to know, in the place of what was.
func (s *Store) BriefWheel(ctx context.Context, tenant, task string, brief json.RawMessage) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO wheels (tenant, task, brief, report, kept) VALUES (?,?,?,'',?)
		ON CONFLICT (tenant, task) DO UPDATE SET brief = excluded.brief`, tenant, task, string(brief), now().UnixNano())
	return wrap("brief wheel", err)
}

// Wheel returns what is kept of a task's wheel; nil where nothing is. Without whole, State and Audits are left out.
func (s *Store) Wheel(ctx context.Context, tenant, task string, whole bool) (*Wheel, error) {
	const columns, from, of = "SELECT w.brief, w.report, w.kept, ", " FROM wheels w ", "WHERE w.tenant = ? AND w.task = ?"
	statement := columns + "'', 0" + from + of
	if whole {
		statement = columns + "coalesce(s.state, ''), coalesce(s.audits, 0)" + from + "LEFT JOIN wheel_states s ON s.tenant = w.tenant AND s.task = w.task " + of
	}
	w := &Wheel{Tenant: tenant, Task: task}
	var kept int64
	var texts [3]string
	err := s.read.QueryRowContext(ctx, statement, tenant, task).Scan(&texts[0], &texts[1], &kept, &texts[2], &w.Audits)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	for i, to := range []*json.RawMessage{&w.Brief, &w.Report, &w.State} {
		if texts[i] != "" {
			*to = json.RawMessage(texts[i])
		}
	}
	w.Kept = time.Unix(0, kept).UTC()
	return w, wrap("read wheel", err)
}

// Restage brings a student from one stage to another, and reports whether it did: it does not where the student is at another stage by now, or was cleared.
// A champion retires the one before it. The turn that made the student says what became of it, with why.
func (s *Store) Restage(ctx context.Context, tenant, id string, from, to Stage, why string) (did bool, err error) {
	return s.restage(ctx, tenant, id, from, to, why, func(*sql.Tx, *Student) (bool, error) { return true, nil })
}

// Succeed makes a student of a stage the champion in the place of who was it at a reign of its task, as Restage does, and reports whether it did: it does
// not where a champion was promoted or rolled back since, whoever did that.
func (s *Store) Succeed(ctx context.Context, tenant, id string, from Stage, at Reign, why string) (did bool, err error) {
	return s.restage(ctx, tenant, id, from, Champion, why, func(tx *sql.Tx, st *Student) (bool, error) {
		now, err := reign(ctx, tx, tenant, st.Task)
		return now == at, err
	})
}

// Reign is a number of a task's that grows with every promotion and every rollback of a champion.
type Reign int64

// Reign returns that of a task.
func (s *Store) Reign(ctx context.Context, tenant, task string) (Reign, error) {
	r, err := reign(ctx, s.read, tenant, task)
	return r, wrap("count promotions", err)
}

func reign(ctx context.Context, q querier, tenant, task string) (n Reign, err error) {
	err = q.QueryRowContext(ctx, "SELECT count(*) + count(undone) FROM promotions WHERE tenant = ? AND task = ?", tenant, task).Scan(&n)
	return n, err
}

// restage is Restage where may allows it.
func (s *Store) restage(ctx context.Context, tenant, id string, from, to Stage, why string, may func(*sql.Tx, *Student) (bool, error)) (did bool, err error) {
	err = s.change(ctx, "restage student", func(tx *sql.Tx) error {
		st, err := one(s.students(ctx, tx, "WHERE id = ? AND tenant = ?", id, tenant))(id)
		if err != nil || st.Stage != from || from == to || st.Cleared != nil {
			return err
		}
		if did, err = may(tx, &st); err != nil || !did {
			return err
		}
		if to == Champion {
			_, err = s.crown(ctx, tx, &st)
		} else {
			err = s.stage(ctx, tx, &st, to)
		}
		if err != nil {
			return err
		}
		outcome := TurnOutcome(to)
		if to == Champion {
			outcome = TurnPromoted
		}
		_, err = tx.ExecContext(ctx, "UPDATE turns SET outcome = ?, says = ? WHERE id = ? AND tenant = ? AND ended IS NOT NULL", string(outcome), why, id, tenant)
		return errors.Join(err, bump(ctx, tx))
	})
	return did, err
}

// stage brings a student to a stage below the champion's. Of canaries and challengers a task has one each: the one before is a candidate
// again, and its turn says why.
func (s *Store) stage(ctx context.Context, tx *sql.Tx, st *Student, to Stage) error {
	if to == Canary || to == Challenger {
		_, err := tx.ExecContext(ctx, `UPDATE turns SET outcome = ?, says = ? || says WHERE ended IS NOT NULL AND id IN
			(SELECT id FROM students WHERE tenant = ? AND task = ? AND stage = ? AND id <> ?)`,
			string(TurnCandidate), "another student became the "+string(to)+"; before: ", st.Tenant, st.Task, string(to), st.ID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE students SET stage = ? WHERE tenant = ? AND task = ? AND stage = ?", string(Candidate), st.Tenant, st.Task, string(to))
		if err != nil {
			return err
		}
	}
	return setStage(ctx, tx, st, to)
}
