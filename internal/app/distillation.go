// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"retort/dataset/refine"
	"retort/distill"
	"retort/flow"
	"retort/internal/config"
	"retort/student"
	"retort/task"
)

// distillation is what a distillation that is a run begins with: all that it hangs on besides the data folder.
type distillation struct {
	Options DistillOptions
	Created time.Time         // of the student
	Folder  string            // that files are relative to
	Files   map[string]string // the SHA-256 of each file that is read
}

// gathered is what a distillation learns from.
type gathered struct {
	Job       distill.Job
	Contract  contract
	Questions []repetition // to put to the teacher again
}

// contract is a task in JSON.
type contract struct {
	Name         string          `json:"name"`
	Instructions string          `json:"instructions,omitempty"`
	Labels       []string        `json:"labels,omitempty"`
	Schema       json.RawMessage `json:"schema,omitempty"`
}

func contractOf(t *task.Task) contract {
	c := contract{Name: t.Name, Instructions: t.Instructions, Labels: t.Labels}
	if t.Object != nil {
		c.Schema = t.Object.Schema
	}
	return c
}

// task is the task as far as a student and its report need it.
func (c *contract) task() (*task.Task, error) {
	t := &task.Task{Name: c.Name, Instructions: c.Instructions, Labels: c.Labels}
	if c.Schema != nil {
		schema, err := student.ParseSchema(c.Schema)
		if err != nil {
			return nil, err
		}
		t.Object = &task.Object{Schema: c.Schema, Fields: schema.Names(), Canonical: schema.Canonical}
	}
	return t, nil
}

// made is what a distillation leaves besides the student.
type made struct {
	Report   distill.Report
	Judged   []distill.Judged
	Contract contract
}

// distil is the steps of a distillation. Its student has the id of the run.
func (a *App) distil(ctx flow.Context, of *distillation) (*made, error) {
	o, run := of.Options, ctx.Run()
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	lessons, err := flow.Step(ctx, "gather", func(ctx context.Context) (*gathered, error) { return a.lay(ctx, of, o) })
	if err != nil {
		return nil, err
	}
	job := lessons.Job
	if job.Task, err = lessons.Contract.task(); err != nil {
		return nil, err
	}
	job.Progress = o.Progress
	var again *distill.Reasked
	if len(lessons.Questions) > 0 {
		d := a.plant.Load().tasks[o.Task]
		if d == nil {
			return nil, &unknownTaskError{o.Task}
		}
		if job.Consistency, again, err = a.reask(ctx, d, lessons.Questions, job.Goal.Confidence, o.Progress); err != nil {
			return nil, err
		}
	}
	settled, err := flow.Step(ctx, "settle", func(ctx context.Context) (*distill.Settled, error) { return (&job).Settle(ctx) })
	if err != nil {
		return nil, fmt.Errorf("distil %s: %w", o.Task, err)
	}
	trained, err := flow.Step(ctx, "learn", func(ctx context.Context) (*distill.Learned, error) { return job.Learn(ctx, settled) })
	if err != nil {
		return nil, fmt.Errorf("distil %s: %w", o.Task, err)
	}
	out, err := flow.Step(ctx, "judge", func(ctx context.Context) (*made, error) {
		outcome, err := job.Judge(ctx, settled, trained)
		if err != nil {
			return nil, fmt.Errorf("distil %s: %w", o.Task, err)
		}
		row, err := a.register(ctx, run, outcome.Student, outcome.Report.TrainSeconds+outcome.Report.CrossFitSeconds,
			newSeen(lessons.Job.Examples, lessons.Job.Hard), job.Dataset)
		if err != nil {
			return nil, err
		}
		outcome.Report.Student, outcome.Report.StudentBytes, outcome.Report.Reasked = row.ID, row.Bytes, again
		return &made{outcome.Report, outcome.Judged, lessons.Contract}, nil
	})
	return out, err
}

// lay gathers what there is to learn from.
func (a *App) lay(ctx context.Context, of *distillation, o DistillOptions) (*gathered, error) {
	if err := of.unchanged(); err != nil {
		return nil, err
	}
	o.Data, o.Eval, o.OutOfScope, o.ContractFile = of.file(o.Data), of.file(o.Eval), of.file(o.OutOfScope), of.file(o.ContractFile)
	if o.Contract == nil && o.ContractFile != "" {
		var err error
		if o.Contract, err = config.LoadTask(o.ContractFile, o.Task); err != nil {
			return nil, err
		}
	}
	d, err := a.taught(&o)
	if err != nil {
		return nil, err
	}
	job := distill.Job{Created: of.Created, Seed: o.Seed, Silent: o.Aside}
	job.Goal, job.Method, job.Effort = o.settings(d)
	if job.Outside, err = o.outside(d); err != nil {
		return nil, err
	}
	if job.Refine = o.Refine; job.Refine == nil {
		job.Refine = refine.Default()
	}
	questions, err := a.gather(ctx, &job, d, o)
	if err != nil {
		return nil, err
	}
	return &gathered{Job: job, Contract: contractOf(job.Task), Questions: questions}, nil
}

// distilled returns what a distillation made.
func (a *App) distilled(m *made) (*Distilled, error) {
	out := &Distilled{Outcome: distill.Outcome{Report: m.Report, Judged: m.Judged}, ID: m.Report.Student}
	var err error
	if out.Task, err = m.Contract.task(); err != nil {
		return nil, err
	}
	file, err := os.ReadFile(filepath.Join(a.plant.Load().config.Data, "students", out.ID+".student"))
	if err != nil {
		return nil, fmt.Errorf("read the student: %w", err)
	}
	out.Student, err = student.DecodeAny(file)
	return out, err
}

// newDistillation notes what a distillation hangs on.
func newDistillation(o DistillOptions, created time.Time) (*distillation, error) {
	folder, err := filepath.Abs(".")
	if err != nil {
		return nil, fmt.Errorf("begin a distillation: %w", err)
	}
	of := &distillation{Options: o, Created: created, Folder: folder, Files: map[string]string{}}
	for _, path := range []string{o.Data, o.Eval, o.OutOfScope, o.ContractFile} {
		if path == "" {
			continue
		}
		sum, err := hashFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a version of a dataset, or what reading it says more about
		} else if err != nil {
			return nil, err
		}
		of.Files[path] = sum
	}
	return of, nil
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// key is the same for distillations that would do the same, but for traces: with the same configuration, at that.
func (of *distillation) key(configuration []byte) (string, error) {
	same := *of
	same.Created = time.Time{}
	text, err := json.Marshal(same)
	if err != nil {
		return "", fmt.Errorf("begin a distillation: %w", err)
	}
	sum := sha256.Sum256(append(text, configuration...))
	return hex.EncodeToString(sum[:16]), nil
}

// title says what a distillation does.
func (of *distillation) title() string {
	from := of.Options.Data
	if from == "" {
		from = "traces"
	}
	return "distil " + of.Options.Task + " from " + filepath.Base(from)
}

// file returns where a file is from here. What was no file when the distillation began is left as it is.
func (of *distillation) file(path string) string {
	if of.Files[path] == "" || filepath.IsAbs(path) {
		return path
	}
	if here, err := filepath.Abs("."); err == nil && here == of.Folder {
		return path
	}
	return filepath.Join(of.Folder, path)
}

// unchanged refuses to go on with files that are others now.
func (of *distillation) unchanged() error {
	for path, was := range of.Files {
		is, err := hashFile(of.file(path))
		if err != nil {
			return fmt.Errorf("go on with the distillation: %w", err)
		}
		if is != was {
			return &changedFileError{path}
		}
	}
	return nil
}

// changedFileError says that a run was to learn from something else.
type changedFileError struct{ path string }

func (e *changedFileError) Error() string {
	return fmt.Sprintf("%s has changed since the run began", strings.TrimSpace(e.path))
}

func (e *changedFileError) Hint() string {
	return "begin anew by the same command as at first; answers of teachers are kept and not paid again"
}
