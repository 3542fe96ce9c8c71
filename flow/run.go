// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"errors"
	"fmt"
	"time"
)

// State is how a run stands.
type State string

// The states. Only a running run changes without somebody's doing.
const (
	Running     State = "running"     // a living process works on it, or will within a moment
	Interrupted State = "interrupted" // its process is gone; Resume goes on
	Done        State = "done"
	Failed      State = "failed"    // Resume does the step that failed again
	Cancelled   State = "cancelled" // Resume goes on
)

// Run is what is known of a run.
type Run struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Title   string    `json:"title"` // what it does, for people
	State   State     `json:"state"`
	Error   string    `json:"error,omitempty"`
	Process int       `json:"process,omitempty"` // that works on it; 0: none
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	Ended   time.Time `json:"ended,omitzero"`
	From    string    `json:"forked_from,omitempty"` // the run whose first steps it took over

	Key     string `json:"-"` // as in Start.Key
	Awaited bool   `json:"-"` // somebody waits for what it makes, and was not told yet; see Start.Awaited
	owner   string // the instance; empty: none
}

// Entry is a step in a run's journal.
type Entry struct {
	Step    int       `json:"step"` // counts from 0
	Name    string    `json:"name"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Error   string    `json:"error,omitempty"`
}

// ErrCancelled is the error of a run that somebody has cancelled.
var ErrCancelled = errors.New("the run was cancelled")

// NotFoundError says that there is no run of that id, or more than one that begins so.
type NotFoundError struct {
	ID      string
	Several []string
}

// Error names the runs that may be meant.
func (e *NotFoundError) Error() string {
	if len(e.Several) > 0 {
		return fmt.Sprintf("%d runs begin with %q", len(e.Several), e.ID)
	}
	return fmt.Sprintf("there is no run %q", e.ID)
}

// Hint says where to look.
func (e *NotFoundError) Hint() string { return "retort runs list shows them" }

// StateError says that a run is not as what was wanted needs it.
type StateError struct {
	Run   Run
	Doing string
}

// Error says how the run stands.
func (e *StateError) Error() string {
	if e.Run.Process > 0 {
		return fmt.Sprintf("%s run %s: it is %s in process %d", e.Doing, e.Run.ID, e.Run.State, e.Run.Process)
	}
	return fmt.Sprintf("%s run %s: it is %s", e.Doing, e.Run.ID, e.Run.State)
}

// Hint says what can be done.
func (e *StateError) Hint() string {
	if e.Doing == "remove" {
		return "end it first: retort runs cancel " + e.Run.ID
	}
	switch e.Run.State {
	case Running:
		return "wait for it, or end it with: retort runs cancel " + e.Run.ID
	case Done:
		return "to do a part of it again, name the step: retort runs resume " + e.Run.ID + " --from STEP"
	}
	return "retort runs show " + e.Run.ID + " says more"
}

// VersionError says that a run was begun by another version of its function, or by none that this program has.
type VersionError struct{ ID, Kind string }

// Error names the kind.
func (e *VersionError) Error() string {
	return fmt.Sprintf("run %s was begun by another version of Retort, whose runs of kind %q had other steps", e.ID, e.Kind)
}

// Hint says how to go on.
func (e *VersionError) Hint() string {
	return "begin it anew; what was paid for labels is kept and is not paid again"
}
