// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"retort/internal/config"
	"retort/internal/outfile"
	"retort/task/discover"
)

// WriteTasks adds proposals to the configuration file as drafts: tasks that their teacher answers until a student is
// distilled and promoted. The file is replaced whole or not at all, and only by one that can be read.
func WriteTasks(file string, proposals []*Proposal, env func(string) (string, bool)) error {
	tasks, comment := map[string]*config.Task{}, map[string]string{}
	for _, p := range proposals {
		tasks[p.Name] = p.task
		comment[p.Name] = fmt.Sprintf("draft by retort tasks discover: %d calls; call it as model %s, with the input alone", p.Calls, p.Name)
		if p.Found == discover.ByMeaning {
			comment[p.Name] += "; its calls have no template in common, so say in the instructions what is wanted"
		}
	}
	if len(tasks) == 0 {
		return errNoDraft
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("add tasks: %w", err)
	}
	if text, err = config.AddTasks(text, tasks, comment); err != nil {
		return &addTasksError{file, err}
	}
	c, err := config.Parse(file, text, env)
	if err != nil {
		return &addTasksError{file, err}
	}
	for name, want := range tasks {
		got := c.Tasks[name]
		if got.Instructions != want.Instructions || !slices.Equal(got.Output.Enum, want.Output.Enum) || got.Teacher.Lead() != want.Teacher.Lead() {
			return &addTasksError{file, fmt.Errorf("task %s would be read as something else than was written", name)}
		}
	}
	if err := replaceFile(file, text, outfile.Open); err != nil {
		return fmt.Errorf("add tasks: %w", err)
	}
	for _, p := range proposals {
		p.Written = true
	}
	return nil
}

// WriteExamples writes the calls of each proposal as inputs with their answers, in NAME.jsonl in a folder that is made where
// there is none, as retort distill --data reads them. A file that is there is replaced once all is written.
func WriteExamples(folder string, proposals []*Proposal) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("write examples: %w", err)
	}
	for _, p := range proposals {
		var text bytes.Buffer
		out := json.NewEncoder(&text)
		out.SetEscapeHTML(false)
		for _, e := range p.examples {
			if err := out.Encode(map[string]string{"text": e.Text, "label": e.Label}); err != nil {
				return fmt.Errorf("write examples: %w", err)
			}
		}
		p.File = filepath.Join(folder, p.Name+".jsonl")
		if err := replaceFile(p.File, text.Bytes(), outfile.Private); err != nil {
			return fmt.Errorf("write examples: %w", err)
		}
	}
	return nil
}

// replaceFile puts text in the place of a file.
func replaceFile(file string, text []byte, open func(path string) (*outfile.File, error)) error {
	out, err := open(file)
	if err != nil {
		return err
	}
	defer out.Discard()
	if _, err := out.Write(text); err != nil {
		return err
	}
	return out.Commit()
}

// addTasksError says why tasks cannot be added to a file.
type addTasksError struct {
	file string
	err  error
}

func (e *addTasksError) Error() string { return fmt.Sprintf("add tasks to %s: %v", e.file, e.err) }
func (e *addTasksError) Unwrap() error { return e.err }
func (e *addTasksError) Hint() string {
	return "take the tasks from retort tasks discover --json and add them by hand"
}
