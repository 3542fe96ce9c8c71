// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"fmt"
	"slices"
	"sync/atomic"

	"retort/compose"
	"retort/eval/consensus"
	"retort/task"
	"retort/tune"
)

// electorate counts the votes of an ensemble: each alike until it is learned how reliable each member is at each class. The
// vote itself and the tasks that it teaches share it.
type electorate struct {
	name    string
	members []string
	samples int
	alike   compose.Teller
	now     atomic.Pointer[learnedVotes] // nil: not tuned
}

// learnedVotes is a tuning that was taken up.
type learnedVotes struct {
	id    string
	known *consensus.Reliability // of each answer that the panel is asked for
}

// electorate returns who counts the votes of an ensemble; the same one each time.
func (p *Plant) electorate(name string, panel compose.Panel) *electorate {
	if e, ok := p.Tunables[name].(*electorate); ok {
		return e
	}
	e := &electorate{name: name, samples: panel.Samples, alike: compose.ByWeight(nil)}
	for _, m := range panel.Members {
		e.members = append(e.members, m.Name)
	}
	p.Tunables[name] = e
	return e
}

// Count decides by what was learned. Votes are compared without what makes no difference, as they were when it was learned.
func (e *electorate) Count(votes []string, open []bool) (winner string, probability float64, settled bool) {
	learned := e.now.Load()
	if learned == nil {
		return e.alike.Count(votes, open)
	}
	bare := make([]string, len(votes))
	for i, vote := range votes {
		bare[i], _ = task.Bare(vote)
	}
	if !slices.ContainsFunc(bare, func(said string) bool { return learned.known.Class(said) >= 0 }) {
		return e.alike.Count(votes, open) // of what was said nothing was learned
	}
	winner, probability, settled = learned.known.Count(bare, open)
	if i := slices.Index(bare, winner); i >= 0 {
		winner = votes[i]
	}
	return winner, probability, settled
}

// Take takes up how reliable each member is.
func (e *electorate) Take(t *Tuning) error {
	if t == nil {
		e.now.Store(nil)
		return nil
	}
	if t.Kind != tune.KindVote {
		return fmt.Errorf("it is for a %s, and %s is a vote", t.Kind, e.name)
	}
	known, err := tune.DecodeVote(t.File)
	if err != nil {
		return err
	}
	if known, err = known.For(slices.Repeat(e.members, max(1, e.samples))...); err != nil {
		return err
	}
	e.now.Store(&learnedVotes{t.ID, known})
	return nil
}

// Tuned returns the id of the tuning that was taken up.
func (e *electorate) Tuned() string {
	if learned := e.now.Load(); learned != nil {
		return learned.id
	}
	return ""
}

// Fitter returns what learns how reliable the members are.
func (e *electorate) Fitter() (tune.Fitter, []string) { return tune.Vote{}, e.members }

// optional says whether there is nobody to weigh against another: of one model's samples the probability of an answer is learned alone.
func (e *electorate) optional() bool { return len(e.members) < 2 }

// Meanwhile says how votes count while nothing is learned.
func (e *electorate) Meanwhile() string { return "each vote counts alike" }
