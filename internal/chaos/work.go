// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Work is a command to kill.
type Work struct {
	Name   string
	Kind   string     // of its runs
	Before [][]string // commands whose work it needs
	Args   []string   // the command; STUDENT stands for the id of the one student that there is

	files map[string]func(ctx context.Context, t Trial, dir string) ([]byte, error) // what it leaves
	// unlike are the fields of its report, wherever they stand, which differ by chance: how long things took, ids of runs, and which of
	// the labels this process paid for.
	unlike []string
}

var asking = []string{"--budget", "100", "--max-tokens", "20", "--concurrency", fmt.Sprint(atOnce)}

// Works are the commands that are runs.
func Works() []Work {
	type files = map[string]func(context.Context, Trial, string) ([]byte, error)
	return []Work{
		{Name: "distil", Kind: "distil", Args: append([]string{"distill", "desk", "--data", "mail.csv", "--json"}, asking...),
			files:  files{"the student": only("students", "*.student"), "what it was made from": only("students", "*.seen"), "what judged it": only("students", "*.held"), "the students": listed("students", "list")},
			unlike: []string{"student", "train_seconds", "cross_fit_seconds", "predict_p50_us", "predict_p99_us", "labelling", "seconds"}},
		{Name: "label", Kind: "label", Args: append([]string{"label", "desk", "--data", "mail.csv", "--out", "labels.jsonl", "--dataset", "mail", "--json"}, asking...),
			files:  files{"the rows": rows, "the versions": listed("datasets", "list")},
			unlike: []string{"cost_usd", "cost_before_usd", "cost_unsure_usd", "teachers", "created", "written"}},
		{Name: "create", Kind: "create", Before: [][]string{{"datasets", "create", "base", "--data", "labelled.csv"}},
			Args:   []string{"datasets", "create", "mail", "--data", "labelled.csv", "--from", "base@1", "--task", "desk", "--tag", "good", "--json"},
			files:  files{"the versions": listed("datasets", "list"), "the examples": printed("datasets", "export", "mail@good", "--format", "jsonl")},
			unlike: []string{"created"}},
		{Name: "refine", Kind: "refine", Before: [][]string{{"datasets", "create", "mail", "--data", "labelled.csv"}},
			Args:   []string{"datasets", "refine", "mail", "--as", "clean", "--tag", "good", "--json"},
			files:  files{"the versions": listed("datasets", "list"), "the examples": printed("datasets", "export", "clean@good", "--format", "jsonl")},
			unlike: []string{"created", "seconds"}},
		{Name: "audit", Kind: "audit", Before: [][]string{{"distill", "desk", "--data", "labelled.csv"}},
			Args:   []string{"audit", "STUDENT", "--data", "labelled.csv", "--eval", "labelled.csv", "--json"},
			files:  files{"the audit": audit},
			unlike: []string{"run"}},
	}
}

// args are the command's, with the student's id.
func (w *Work) args(ctx context.Context, t Trial, dir string) ([]string, error) {
	args := append([]string{}, w.Args...)
	for i := range args {
		if args[i] != "STUDENT" {
			continue
		}
		var students []struct{ ID string }
		if err := t.json(ctx, &students, dir, "students", "list", "--json"); err != nil {
			return nil, err
		}
		if len(students) != 1 {
			return nil, fmt.Errorf("there are %d students, want one", len(students))
		}
		args[i] = students[0].ID
	}
	return args, nil
}

// look reads what the command left.
func (w *Work) look(ctx context.Context, t Trial, dir string, report []byte) (*left, error) {
	l := &left{files: map[string][]byte{}}
	for name, read := range w.files {
		text, err := read(ctx, t, dir)
		if err != nil {
			return nil, fmt.Errorf("read what %s left: %w", w.Name, err)
		}
		l.files[name] = text
	}
	if err := json.Unmarshal(report, &l.report); err != nil {
		return nil, fmt.Errorf("read the report of %s: %w", w.Name, err)
	}
	without(l.report, w.unlike)
	return l, nil
}

// without takes fields out of JSON, wherever they stand.
func without(v any, names []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range names {
			delete(v, name)
		}
		for _, inner := range v {
			without(inner, names)
		}
	case []any:
		for _, inner := range v {
			without(inner, names)
		}
	}
}

// only reads the one file of the data folder that matches a pattern.
func only(folder, pattern string) func(context.Context, Trial, string) ([]byte, error) {
	return func(_ context.Context, _ Trial, dir string) ([]byte, error) {
		found, err := filepath.Glob(filepath.Join(dir, "data", folder, pattern))
		if err != nil || len(found) != 1 {
			return nil, errors.Join(err, fmt.Errorf("there are %d files %s, want one", len(found), pattern))
		}
		return os.ReadFile(found[0])
	}
}

// printed is what a command prints.
func printed(args ...string) func(context.Context, Trial, string) ([]byte, error) {
	return func(ctx context.Context, t Trial, dir string) ([]byte, error) {
		out, err := t.command(ctx, dir, args...).Output()
		if err != nil {
			return nil, fmt.Errorf("retort %s: %w", strings.Join(args, " "), err)
		}
		return out, nil
	}
}

// listed is what a command lists as JSON, but for ids and what tells times.
func listed(args ...string) func(context.Context, Trial, string) ([]byte, error) {
	return func(ctx context.Context, t Trial, dir string) ([]byte, error) {
		var all []any
		if err := t.json(ctx, &all, dir, append(args, "--json")...); err != nil {
			return nil, err
		}
		without(all, []string{"id", "path", "created", "seconds", "training_seconds", "metrics"})
		return json.MarshalIndent(all, "", " ")
	}
}

var traceIDs = regexp.MustCompile(`"trace":"[^"]*"`)

// rows are the labelled rows, but for the ids of traces, which are drawn.
func rows(_ context.Context, _ Trial, dir string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, "labels.jsonl"))
	return traceIDs.ReplaceAll(text, nil), err
}

var runIDs = regexp.MustCompile(`"run": "[^"]*"`)

// audit is the one audit that there is, but for the id of its run.
func audit(ctx context.Context, t Trial, dir string) ([]byte, error) {
	text, err := only("students", "*.audit*.json")(ctx, t, dir)
	if !bytes.Contains(text, []byte(`"run": "`)) && err == nil {
		err = errors.New("the audit does not name its run")
	}
	return runIDs.ReplaceAll(text, nil), err
}
