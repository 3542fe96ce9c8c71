// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Underway is what a run is doing, or was when its process ended.
type Underway struct {
	Step    string    `json:"step"` // its name
	Started time.Time `json:"started"`
	Stage   string    `json:"stage,omitempty"` // of the step's work, in words; empty: it says nothing
	Done    int       `json:"done,omitempty"`  // of Total units of the stage
	Total   int       `json:"total,omitempty"` // 0: nobody knows
	Noted   time.Time `json:"noted"`           // when this was so

	takes int // how many steps of the name are under way
}

// underway keeps what the runs of an engine are doing in a file for each, for others to see. Such a file is for people: it is not synced, and
// a run does not fail for the want of it.
type underway struct {
	dir string

	mu   sync.Mutex
	runs map[string]*Underway
}

// noteEvery is how often the progress within a step is written down.
const noteEvery = time.Second

func underwayIn(dir string) *underway {
	return &underway{dir: filepath.Join(dir, "underway"), runs: map[string]*Underway{}}
}

func (u *underway) path(run string) string { return filepath.Join(u.dir, run+".json") }

// begin notes that a run takes a step, of which there may be several of a name at a time.
func (u *underway) begin(run, step string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now := u.runs[run]; now != nil && now.Step == step {
		now.takes++
		return
	}
	at := time.Now().UTC()
	u.runs[run] = &Underway{Step: step, Started: at, takes: 1}
	u.write(run, at)
}

// end notes that a run has done a step that it began.
func (u *underway) end(run, step string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.runs[run]
	if now == nil || now.Step != step {
		return
	}
	if now.takes--; now.takes == 0 {
		delete(u.runs, run)
		_ = u.forget(run) // it is for people, who see then that the step has ended as well
	}
}

// progress notes how far the work within a run's step is.
func (u *underway) progress(run, stage string, done, total int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.runs[run]
	if now == nil {
		return
	}
	another := now.Stage != stage
	now.Stage, now.Done, now.Total = stage, done, total
	if at := time.Now().UTC(); another || at.Sub(now.Noted) >= noteEvery {
		u.write(run, at)
	}
}

// write is called with the lock held.
func (u *underway) write(run string, at time.Time) {
	u.runs[run].Noted = at
	text, err := json.Marshal(u.runs[run])
	if err == nil {
		err = os.MkdirAll(u.dir, 0o700)
	}
	next := u.path(run) + ".next" // an engine writes for its own runs alone
	if err == nil {
		err = os.WriteFile(next, text, 0o600)
	}
	if err == nil {
		_ = os.Rename(next, u.path(run))
	}
}

func (u *underway) forget(run string) error {
	err := os.Remove(u.path(run))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Underway returns what a run is doing, or was doing when its process ended; nil where it does nothing, or nothing is known.
func (r *Runs) Underway(run *Run) (*Underway, error) {
	if run.State != Running && run.State != Interrupted && run.State != Cancelled {
		return nil, nil
	}
	text, err := os.ReadFile(r.underway.path(filepath.Base(run.ID)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read what run %s does: %w", run.ID, err)
	}
	var now Underway
	if json.Unmarshal(text, &now) != nil || now.Step == "" {
		return nil, nil // torn by a kill of the machine
	}
	return &now, nil
}

// Progress notes for others to see how far the work within the run's step is. It is cheap enough to be called often.
func (c Context) Progress(stage string, done, total int) {
	if c.engine != nil {
		c.engine.underway.progress(c.run, stage, done, total)
	}
}
