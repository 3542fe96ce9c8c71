// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"errors"
	"fmt"
	"time"

	"retort/dataset"
	"retort/model"
	"retort/task"
)

// Teacher is who answers.
type Teacher struct {
	Name string // in the configuration
	// Identity changes when the answers would, as with another upstream model behind the same name. It is part of the
	// journal's keys; empty: Name.
	Identity string
	// Model answers the task, as task.Task.Teacher makes of a language model. Upstreams' models in it are wrapped by
	// Meter, else their calls are not within the budget. It may be called from many goroutines.
	Model model.Model
	// Batch is how the upstream is asked in batches, where Model asks one upstream, with no repair but its own; nil: it is not.
	Batch *Batch
	// Trace makes the id of the trace that a call of Model becomes, so that labels lead to it; nil: calls become none. It may be
	// called from many goroutines.
	Trace func() string
	Terms string // what is known of whether its answers may be learned from: "allowed", "unknown" or "recorded"
}

// Job is inputs to label.
type Job struct {
	Task *task.Task
	// Inputs are the texts; those that are the same as dataset.Canonical has it are put once. A label that one has already is
	// taken as true: it tells how reliable the teachers are. It is not the label that comes out, unless it is Gold.
	Inputs   []dataset.Example
	Teachers []Teacher // at least one; of equal answers that of the first counts

	Votes       int           // how often each teacher is asked about each input; 0: once
	Soft        bool          // ask for the probabilities of tokens
	Budget      *model.Money  // most that the labels of these inputs may cost, with what earlier runs paid these teachers for them; nil: any
	MaxTokens   int           // most output tokens of a call; 0: 1,024, and 4,096 where answers are objects
	Concurrency int           // inputs under way at a time; 0: 8
	Deadline    time.Duration // how long the labels may take; from an hour on, batches are used, and canceled once four fifths are gone
	Offline     bool          // ask nobody: make labels of what is known
	Retry       bool          // ask again where an earlier run got no answer that the task allows

	Journal string   // file that keeps the answers; empty: none does
	Earlier []Answer // known from elsewhere, such as traces: these are not asked for

	Voice Voice // helps to estimate how reliable several teachers are; nil: their answers alone do

	Progress func(Progress) // may be nil; called after each answer, one call at a time
}

// Answer is what one teacher said to one input.
type Answer struct {
	Teacher string // name
	Text    string // the input
	Said    string // as the task spells it
	Model   string // the concrete model that answered
	Trace   string // id of the trace it comes from; empty: none
}

// Progress is how far a run is.
type Progress struct {
	Done, Total int // answers, failures included
	Spent       model.Money
	Waiting     string // name of a teacher that refuses for now; empty: none does
}

// Labelled is an input with the label made of its answers: Label is what comes out, Soft the probabilities of the labels that
// are not negligible, where more is known than the label, and Teacher the concrete models that answered.
type Labelled struct {
	dataset.Example
	Answers []Said `json:"answers,omitempty"` // of the teachers that answered, in their order
}

// Said is a teacher's answer to an input, with where it comes from.
type Said struct {
	Teacher string             `json:"teacher"`
	Model   string             `json:"model,omitempty"`
	Terms   string             `json:"terms,omitempty"`
	Trace   string             `json:"trace,omitempty"`
	Label   string             `json:"label"`
	Soft    map[string]float64 `json:"soft,omitempty"`
}

// Result is what came of a Job.
type Result struct {
	Examples []Labelled // in the order of the inputs; those without an answer are left out
	Report   Report
}

// Run labels. Its errors are about the job, or say why no teacher can be asked, such as a refused key; those of inputs are
// counted. A budget that ends before the inputs do is no error: the Report says how far it came. When Run fails, also
// because ctx ended, the answers so far are in the journal, and the same job goes on from there. Two runs must not share a
// journal at the same time; the second is refused. Run returns after all goroutines that it started have ended.
func Run(ctx context.Context, job Job) (*Result, error) {
	if err := job.complete(); err != nil {
		return nil, err
	}
	r, err := newRun(&job)
	if err != nil {
		return nil, err
	}
	err = r.askAll(ctx)
	if e := r.journal.close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, &StoppedError{Done: r.done, Total: r.total, Spent: r.purse.spent(), Kept: job.Journal != "", Err: err}
	}
	return r.result(ctx)
}

func (j *Job) complete() error {
	switch {
	case j.Task == nil:
		return errors.New("label: there is no task")
	case len(j.Inputs) == 0:
		return errors.New("label: there are no inputs")
	case len(j.Teachers) == 0:
		return errors.New("label: there is no teacher; name one or several")
	case j.Votes < 0 || j.Votes > mostVotes:
		return fmt.Errorf("label: votes: %d is not from 1 to %d", j.Votes, mostVotes)
	case j.Budget != nil && *j.Budget < 0:
		return fmt.Errorf("label: budget: %s is below 0", *j.Budget)
	}
	names := map[string]bool{}
	for i := range j.Teachers {
		t := &j.Teachers[i]
		if t.Model == nil || t.Name == "" || names[t.Name] {
			return fmt.Errorf("label: teachers[%d]: needs a model and a name of its own, not %q", i, t.Name)
		}
		names[t.Name] = true
		if t.Identity == "" {
			t.Identity = t.Name
		}
	}
	j.Votes = max(1, j.Votes)
	if j.MaxTokens <= 0 {
		j.MaxTokens = answerTokens
		if j.Task.Object != nil {
			j.MaxTokens = 4096
		}
	}
	if j.Concurrency <= 0 {
		j.Concurrency = 8
	}
	return nil
}

const mostVotes = 100

// answerTokens is how many tokens a call may answer with where nothing is said.
const answerTokens = 1024

// StoppedError says that a run ended before it was done, for another reason than its budget.
type StoppedError struct {
	Done, Total int
	Spent       model.Money
	Kept        bool // in a journal
	Err         error
}

// Error says how far the run came and what stopped it.
func (e *StoppedError) Error() string {
	return fmt.Sprintf("labelling stopped after %d of %d answers and $%s: %v", e.Done, e.Total, e.Spent, e.Err)
}

// Unwrap returns what stopped the run.
func (e *StoppedError) Unwrap() error { return e.Err }

// Hint says how to go on.
func (e *StoppedError) Hint() string {
	if !e.Kept {
		return "what was answered is lost: no journal was kept"
	}
	const goOn = "what was answered is kept; the same command goes on where this one stopped"
	var why *model.Error
	if errors.As(e.Err, &why) && why.Hint != "" {
		return why.Hint + "; " + goOn
	}
	return goOn
}
