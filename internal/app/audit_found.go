// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"strings"

	"retort/audit"
	"retort/eval"
	"retort/model"
)

// passed refuses a student whose audit did not pass. One without an audit is not held up, and one of a turn is not by a check that its gate leaves out.
func (a *App) passed(ctx context.Context, id string) error {
	r, err := a.keptAudit(id)
	if err != nil || r == nil || r.Verdict == eval.Pass {
		return err
	}
	e := &auditError{id: id, verdict: r.Verdict, checks: decided(r)}
	if left, err := a.leftOut(ctx, id, r); err != nil || left {
		return err
	}
	return e
}

// decided names the checks of an audit that made its verdict.
func decided(r *audit.Report) []string {
	var names []string
	for i := range r.Checks {
		if r.Checks[i].Verdict == r.Verdict {
			names = append(names, r.Checks[i].Name)
		}
	}
	return names
}

// counts says whether a check decides at the gate of a turn. Leakage does not: the student is judged by siblings that had not seen what judges, so there is
// no other set that could leak. Nor does one that cannot be made of answers of this kind, as no turn would ever pass.
func counts(c *audit.Check) bool { return c.Name != audit.Leakage && !c.Unmeasured }

// leftOut says whether an audit is inconclusive for checks alone that the gate of a turn leaves out.
func (a *App) leftOut(ctx context.Context, id string, r *audit.Report) (bool, error) {
	if r.Verdict != eval.Inconclusive {
		return false, nil
	}
	for i := range r.Checks {
		if c := &r.Checks[i]; c.Verdict == r.Verdict && counts(c) {
			return false, nil
		}
	}
	turn, err := a.store.Turn(ctx, model.DefaultTenant, id)
	return turn != nil, err
}

// found says what an audit found that did not pass; empty where it did.
func (a *App) found(ctx context.Context, id string, r *audit.Report) (string, error) {
	if r.Verdict == eval.Pass {
		return "", nil
	}
	text := strings.Join(decided(r), ", ")
	left, err := a.leftOut(ctx, id, r)
	if !left {
		return text, err
	}
	var why []string
	for i := range r.Checks {
		switch c := &r.Checks[i]; {
		case c.Verdict != r.Verdict:
		case c.Unmeasured:
			why = append(why, "answers like its own cannot show it")
		default:
			why = append(why, "no other texts are known that its examples could have leaked from")
		}
	}
	return text + ", which the gate of its turn leaves out: " + strings.Join(why, "; "), nil
}

// auditError refuses to promote a student by its audit.
type auditError struct {
	id      string
	verdict eval.Ruling
	checks  []string
}

func (e *auditError) Error() string {
	said := "is inconclusive"
	if e.verdict == eval.Fail {
		said = "failed"
	}
	return fmt.Sprintf("the audit of student %s %s: %s", e.id, said, strings.Join(e.checks, ", "))
}
func (e *auditError) Hint() string {
	return "retort audit " + e.id + " shows why; to promote it all the same: retort students promote " + e.id + " --force"
}
