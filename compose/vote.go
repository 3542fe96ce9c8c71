// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"slices"

	"retort/model"
)

// Teller counts votes. It is safe for concurrent use and keeps nothing of what it is given.
type Teller interface {
	// Count returns the class that wins and with what probability it is right. votes has a class for each answer that
	// the panel is asked for, in its order, or "" where there is none; open marks those that may still come, or that were
	// not waited for. settled says that they cannot change the winner. Of classes that are alike the one that was voted
	// for first wins. Without a vote the winner is "".
	Count(votes []string, open []bool) (winner string, probability float64, settled bool)
}

// Voting says how Vote decides.
type Voting struct {
	Panel

	// Read returns the class that an answer votes for, never ""; false: the answer votes for none. It is safe for
	// concurrent use and modifies neither.
	Read func(*model.Request, *model.Response) (class string, ok bool)

	Teller Teller // nil: each vote counts its member's Weight
}

// Vote returns a model that puts each request to a panel and answers what most of it says.
//
//	models:
//	  panel: {ensemble: {vote: {of: [a, b, c]}}}
//	  consistent: {ensemble: {vote: {of: [fast], samples: 5, concurrent: 2}}}
//
// Votes are for outputs with a contract, in which answers that mean the same read the same. The answer is that of the
// first member, in their order, which voted for the winner, as it gave it; other answers for the winner stand on the trail
// as they are, those for another class as rejected. Members are canceled, and with Concurrent not even asked, once
// nothing that they may say would change the winner; of classes with equal weight the one that comes first in the order
// of the members wins.
//
// The Response's score is how sure the panel is: by weights it is the winner's share of the weight of those that were
// to vote, so that who failed, came late or was not waited for counts against it, whatever the order in which they come; a
// Teller that knows how reliable each member is makes it a probability. So a panel can be the cheap part of a Cascade, or
// teach. Where the score matters a Quorum of all members has everybody waited for.
//
// Asking the same model several times is self-consistency (X. Wang and others, "Self-consistency improves chain of
// thought reasoning in language models", 2023).
func Vote(v Voting) model.Model {
	b := &vote{voting: v, panel: newPanel(v.Panel)}
	if b.teller = v.Teller; b.teller == nil {
		weights := make([]float64, v.voices())
		for i := range weights {
			weights[i] = v.Members[i%len(v.Members)].Weight
		}
		b.teller = ByWeight(weights)
	}
	return b
}

// ByWeight returns a teller that counts each vote by its weight, and by 1 where none is given.
func ByWeight(weights []float64) Teller {
	w := shares(slices.Clone(weights))
	for i := range w {
		if w[i] == 0 {
			w[i] = 1
		}
	}
	return w
}

type vote struct {
	voting Voting
	panel  *panel
	teller Teller
}

// Generate asks the panel and answers what it says.
func (v *vote) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	s, err := v.panel.begin(ctx, req, "vote", model.ForVote, 0)
	if err != nil {
		return nil, err
	}
	defer s.close()
	b := &ballot{session: s, votes: make([]string, len(s.voices)), open: make([]bool, len(s.voices))}
	err = s.gather(ctx, func(t *voice) bool {
		b.cast(t, v.voting.Read)
		return b.settled(v.teller)
	})
	if err == nil {
		err = s.short()
	}
	if err != nil {
		s.settle(nil, noVoice)
		return nil, err
	}
	winner, probability := b.winner(v.teller)
	s.settle(winner, func(t *voice) bool { return t.usable && t.class == winner.class })
	if err := winner.held.play(emit, false); err != nil {
		return nil, err
	}
	resp := *winner.resp
	resp.Score = probability
	return &resp, nil
}

func noVoice(*voice) bool { return false }

// ballot is the votes on one request.
type ballot struct {
	*session
	votes []string
	open  []bool
}

// cast takes the vote of a member that has ended.
func (b *ballot) cast(t *voice, read func(*model.Request, *model.Response) (string, bool)) {
	if t.err != nil {
		return
	}
	if t.class, t.usable = read(b.req, t.resp); t.class == "" {
		t.usable = false
	}
	if t.usable {
		b.usable++
		b.votes[t.number] = t.class
	}
}

// look notes who may still vote.
func (b *ballot) look() {
	for i := range b.voices {
		b.open[i] = b.session.open(&b.voices[i])
	}
}

func (b *ballot) settled(teller Teller) bool {
	if b.usable < b.panel.Quorum {
		return false
	}
	b.look()
	_, _, settled := teller.Count(b.votes, b.open)
	return settled
}

// winner returns the first voice that voted for the winner. There is a vote.
func (b *ballot) winner(teller Teller) (*voice, float64) {
	b.look()
	class, probability, _ := teller.Count(b.votes, b.open)
	var first *voice
	for i := range b.voices {
		t := &b.voices[i]
		if t.usable && t.class == class {
			return t, probability
		}
		if t.usable && first == nil {
			first = t
		}
	}
	return first, 0 // a teller that names a class nobody said
}

// shares counts votes by weight: those beyond its end by 1.
type shares []float64

func (w shares) weight(i int) float64 {
	if i < len(w) {
		return w[i]
	}
	return 1
}

// Count returns the class with the most weight.
func (w shares) Count(votes []string, open []bool) (winner string, probability float64, settled bool) {
	all, undecided, firstOpen := 0.0, 0.0, len(votes)
	best, bestAt := 0.0, -1
	for i := range votes {
		if open[i] {
			undecided += w.weight(i)
			firstOpen = min(firstOpen, i)
			continue
		}
		all += w.weight(i)
		if first, sum := w.tally(votes, votes[i]); first == i && sum > best+rounding {
			best, bestAt = sum, i
		}
	}
	if bestAt < 0 {
		return "", 0, undecided == 0
	}
	winner = votes[bestAt]
	settled = w.beaten(undecided, firstOpen, best, bestAt) // a class that nobody has said yet
	for i := range votes {
		if first, sum := w.tally(votes, votes[i]); first == i && votes[i] != winner && settled {
			settled = w.beaten(sum+undecided, min(first, firstOpen), best, bestAt)
		}
	}
	return winner, best / (all + undecided), settled // who has not voted yet has not voted for it
}

const rounding = 1e-9

// beaten says whether a class whose weight comes to at most so much loses against the best one.
func (shares) beaten(most float64, first int, best float64, bestAt int) bool {
	return most < best-rounding || most <= best+rounding && bestAt < first
}

// tally returns the weight of a class and who was first to say it; -1 for no class.
func (w shares) tally(votes []string, class string) (first int, sum float64) {
	first = -1
	if class == "" {
		return first, 0
	}
	for i, vote := range votes {
		if vote == class {
			sum += w.weight(i)
			if first < 0 {
				first = i
			}
		}
	}
	return first, sum
}
