// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"retort/audit"
	"retort/internal/sections"
)

func (a *App) auditPath(id string) string {
	return filepath.Join(a.plant.Load().Config.Data, "students", id+".audit.json")
}

// keepAudit writes a report beside its student, whole or not at all, and returns it. Earlier ones stay in files of their own, ID.audit.1.json being
// the first, and are named in it: who audits until it passes leaves a trail. Done again for the same run, it leaves the same.
func (a *App) keepAudit(r *audit.Report) (*audit.Report, error) {
	before, err := a.keptAudit(r.Student)
	if broken := (*brokenAuditError)(nil); errors.As(err, &broken) {
		before, err = &audit.Report{}, nil
	}
	if err != nil {
		return nil, err
	}
	path := a.auditPath(r.Student)
	if before != nil && r.Run != "" && before.Run == r.Run {
		return before, nil
	}
	if before != nil {
		earlier, err := putAside(path)
		if err != nil {
			return nil, fmt.Errorf("keep the earlier audit of student %s: %w", r.Student, err)
		}
		r.Earlier = append(slices.Clone(before.Earlier), audit.Past{Created: before.Created, Verdict: before.Verdict, Data: before.Data, Eval: before.Eval,
			Seed: before.Seed, File: filepath.Base(earlier)})
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("keep the audit of student %s: %w", r.Student, err)
	}
	if err := sections.WriteFile(path, append(text, '\n')); err != nil {
		return nil, fmt.Errorf("keep the audit of student %s: %w", r.Student, err)
	}
	return r, nil
}

// putAside copies an audit to a file of its own, unless the last such file has it already, and returns that.
func putAside(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	last := ""
	for n := 1; ; n++ {
		earlier := earlierPath(path, n)
		if _, err := os.Lstat(earlier); errors.Is(err, fs.ErrNotExist) {
			if have, err := os.ReadFile(last); last != "" && err == nil && bytes.Equal(have, text) {
				return last, nil // by one that was killed then
			}
			return earlier, sections.WriteFile(earlier, text)
		}
		last = earlier
	}
}

func earlierPath(path string, n int) string {
	return fmt.Sprintf("%s.%d.json", strings.TrimSuffix(path, ".json"), n)
}

// KeptAudit returns the latest audit of a student; nil where there is none.
func (a *App) KeptAudit(ctx context.Context, id string) (*audit.Report, error) {
	s, err := a.Student(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.keptAudit(s.ID)
}

func (a *App) keptAudit(id string) (*audit.Report, error) {
	text, err := os.ReadFile(a.auditPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the audit of student %s: %w", id, err)
	}
	var r audit.Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, &brokenAuditError{id, err}
	}
	return &r, nil
}

// brokenAuditError says that an audit cannot be read.
type brokenAuditError struct {
	id  string
	err error
}

func (e *brokenAuditError) Error() string {
	return fmt.Sprintf("the audit of student %s cannot be read: %v", e.id, e.err)
}
func (e *brokenAuditError) Unwrap() error { return e.err }
func (e *brokenAuditError) Hint() string  { return "make it anew: retort audit " + e.id + " --again" }
