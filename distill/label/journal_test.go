// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/internal/filelock"
	"retort/model"
)

// A journal cut off anywhere, as by kill -9, loses no answer but the one torn, and counts what was set aside as paid.
func TestJournalCutOffAnywhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.jsonl")
	u := newUpstream(obvious)
	job := Job{Task: desk, Inputs: inputs(4), Teachers: []Teacher{u.teacher("a")}, Journal: path, Concurrency: 2}
	if _, err := Run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		if near := whole[max(0, cut-2):min(len(whole), cut+2)]; !bytes.Contains(near, []byte("\n")) && cut%97 > 0 {
			continue // within a line one place is like another
		}
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		kept := strings.Count(string(whole[:cut]), `"said"`)
		if !strings.HasSuffix(string(whole[:cut]), "\n") && strings.Contains(string(whole[strings.LastIndexByte(string(whole[:cut]), '\n')+1:cut]), `"said"`) {
			kept-- // torn
		}
		holds, backs := strings.Count(string(whole[:cut]), `"hold"`), strings.Count(string(whole[:cut]), `"back"`)
		again := newUpstream(obvious)
		job.Teachers = []Teacher{again.teacher("a")}
		got, err := Run(t.Context(), job)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if again.calls != 4-kept || got.Report.Labelled != 4 {
			t.Fatalf("cut at %d: %d calls with %d answers kept", cut, again.calls, kept)
		}
		if holds > backs+1 && got.Report.CostBefore == 0 {
			t.Fatalf("cut at %d: calls under way count for nothing", cut)
		}
	}
}

func TestJournalIsOneRunsAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.jsonl")
	lock, err := filelock.Acquire(path + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	u := newUpstream(obvious)
	_, err = Run(t.Context(), Job{Task: desk, Inputs: inputs(4), Teachers: []Teacher{u.teacher("a")}, Journal: path})
	var busy *filelock.InUseError
	if !errors.As(err, &busy) || u.calls > 0 {
		t.Errorf("got %v after %d calls", err, u.calls)
	}
}

// Another contract, or another model behind a teacher's name, is asked anew; another order of the inputs is not.
func TestJournalKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.jsonl")
	u := newUpstream(obvious)
	job := Job{Task: desk, Inputs: inputs(6), Teachers: []Teacher{u.teacher("a")}, Journal: path}
	calls := func(change func(*Job)) int {
		before := u.calls
		next := job
		next.Teachers = []Teacher{u.teacher("a")}
		change(&next)
		if _, err := Run(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		return u.calls - before
	}
	for _, c := range []struct {
		name   string
		want   int
		change func(*Job)
	}{
		{"first", 6, func(*Job) {}},
		{"again", 0, func(*Job) {}},
		{"part of the inputs, the other way round", 0, func(j *Job) { j.Inputs = append(inputs(2)[1:], inputs(1)...) }},
		{"one more input", 1, func(j *Job) { j.Inputs = inputs(7) }},
		{"a second vote", 6, func(j *Job) { j.Votes = 2 }},
		{"another model", 6, func(j *Job) { j.Teachers[0].Identity = "other" }},
		{"other instructions", 6, func(j *Job) { c := *desk; c.Instructions = "Do."; j.Task = &c }},
		{"another name of the task", 0, func(j *Job) { c := *desk; c.Name = "bureau"; j.Task = &c }},
	} {
		if got := calls(c.change); got != c.want {
			t.Errorf("%s: %d calls, want %d", c.name, got, c.want)
		}
	}
}

// What another model behind a teacher's name was paid for the same inputs is told, and neither used nor counted.
func TestAnotherTeacherOfTheName(t *testing.T) {
	const answerCost = model.Dollar / 10_000 * 11
	u := newUpstream(obvious)
	job := Job{Task: desk, Inputs: inputs(6), Journal: filepath.Join(t.TempDir(), "desk.jsonl"), Budget: new(model.Dollar)}
	for _, c := range []struct {
		identity   string
		inputs     int
		asked      int
		passed     int
		paid       model.Money // to others
		costBefore model.Money
	}{
		{identity: "here", inputs: 6, asked: 6},
		{identity: "there", inputs: 4, asked: 4, passed: 4, paid: 4 * answerCost},
		{identity: "there", inputs: 6, asked: 2, passed: 6, paid: 6 * answerCost, costBefore: 4 * answerCost},
		{identity: "here", inputs: 6, passed: 6, paid: 6 * answerCost, costBefore: 6 * answerCost},
		{identity: "beyond", inputs: 2, asked: 2, passed: 2, paid: 4 * answerCost}, // of both
	} {
		teacher := u.teacher("a")
		teacher.Identity = c.identity
		job.Teachers, job.Inputs = []Teacher{teacher}, inputs(c.inputs)
		got, err := Run(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		r := &got.Report.Teachers[0]
		if r.Asked != c.asked || r.Passed != c.passed || r.PassedCost != c.paid || got.Report.CostBefore != c.costBefore {
			t.Errorf("%s, %d inputs: asked %d, passed %d for $%s, $%s before; want %+v", c.identity, c.inputs, r.Asked, r.Passed, r.PassedCost, got.Report.CostBefore, c)
		}
	}
}

func TestDamagedJournalIsAnError(t *testing.T) {
	for _, text := range []string{"x\n", "{}\n", `{"key":"a","hold":-1}` + "\n", "[1]\n"} {
		path := filepath.Join(t.TempDir(), "desk.jsonl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		u := newUpstream(obvious)
		if _, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(1), Teachers: []Teacher{u.teacher("a")}, Journal: path}); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func FuzzJournal(f *testing.F) {
	f.Add("{\"key\":\"a\",\"hold\":5}\n{\"key\":\"a\",\"back\":5,\"paid\":1}\n{\"key\":\"a\",\"said\":\"x\"}\n{\"key\"")
	f.Add("{\"batch\":{\"identity\":\"a\",\"id\":\"b\",\"keys\":[\"k\"]},\"key\":\"\"}\n")
	f.Fuzz(func(t *testing.T, text string) {
		known, _, whole, err := parseJournal(strings.NewReader(text))
		if err != nil {
			return
		}
		if whole > int64(len(text)) || whole > 0 && text[whole-1] != '\n' {
			t.Errorf("%d of %d bytes are whole", whole, len(text))
		}
		for key, r := range known {
			if key == "" || r.settled != (r.Said != "" || r.Error != "") {
				t.Errorf("key %q: %+v", key, r)
			}
		}
	})
}
