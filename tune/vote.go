// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"

	"retort/eval"
	"retort/eval/consensus"
	"retort/task"
)

// KindVote is the kind of a vote whose members' reliability is learned.
const KindVote = "vote"

// Vote fits votes: how reliable each member is at each class, by its answers. Records with a label are what it learns from;
// without any it goes by how the members agree.
type Vote struct{}

// VoteTuning is what a vote takes up. Its classes are answers without what makes no difference, as task.Bare has them.
type VoteTuning struct {
	Format      string                 `json:"format"`
	Reliability *consensus.Reliability `json:"reliability"`
}

const (
	voteFormat  = "retort vote 1"
	mostClasses = 1000
)

// Kind returns KindVote.
func (Vote) Kind() string { return KindVote }

// Fit learns the reliabilities and measures, on labelled records left out of the fit in turn, how often the vote by them is
// right.
func (Vote) Fit(ctx context.Context, job *Job) ([]byte, *Report, error) {
	if err := job.check(); err != nil {
		return nil, nil, err
	}
	report := job.describe(KindVote)
	votes, gold, err := job.votes()
	if err != nil {
		return nil, nil, err
	}
	if n := len(votes.Rows); n < Least {
		return nil, nil, job.tooFew("the requests with an answer of its models are", n)
	}
	known, err := consensus.Fit(votes, consensus.Options{Gold: gold})
	if err != nil {
		return nil, nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	report.Target, report.Reached = "the likeliest class", true
	report.Learned = fmt.Sprintf("%d classes from %d answered records, %d of them labelled", len(known.Classes), known.Items, known.Labelled)
	if known.Labelled == 0 {
		report.Warnings = append(report.Warnings, "no record has a label: the reliabilities follow from how the models agree, and mistakes that they share go unseen")
	}
	if err := job.measureVote(ctx, report, votes, gold); err != nil {
		return nil, nil, err
	}
	artefact, err := json.Marshal(VoteTuning{voteFormat, known})
	if err != nil {
		return nil, nil, fmt.Errorf("write the vote's tuning: %w", err)
	}
	return artefact, report, nil
}

// votes returns the answers that records hold, and the classes of those with a label. Row i is of record i.
func (j *Job) votes() (*consensus.Votes, []int, error) {
	var list []consensus.Vote
	var labels []string
	truth := map[string]string{}
	for i := range j.Records {
		r := &j.Records[i]
		item := strconv.Itoa(i)
		if label, ok := task.Bare(r.Label); ok {
			labels = append(labels, label)
			truth[item] = label
		}
		for _, name := range j.Models {
			if said, ok := task.Bare(r.Outcomes[name].Answer); ok {
				list = append(list, consensus.Vote{Item: item, Answerer: name, Class: said})
			}
		}
	}
	votes := consensus.Tabulate(list, labels...)
	switch n := len(votes.Classes); {
	case len(votes.Rows) == 0:
		return nil, nil, &NothingError{j.Blend, "no record says what a model answered"}
	case n > mostClasses || 2*n > len(votes.Rows) && n > 20:
		return nil, nil, &NothingError{j.Blend, fmt.Sprintf("there are %d different answers to %d requests; votes are learned for outputs of a few classes", n, len(votes.Rows))}
	}
	return votes, votes.Gold(truth), nil
}

// measureVote replays the vote on labelled records that every model answered, each weighed by a fit without its fold.
func (j *Job) measureVote(ctx context.Context, report *Report, votes *consensus.Votes, gold []int) error {
	blend := eval.Series{Name: j.Blend}
	parts := make([]eval.Series, len(j.Models))
	held := &Held{Shares: map[string]float64{}, Untuned: new(float64)}
	fold := rand.New(rand.NewPCG(j.Seed, 7)).Perm(len(votes.Rows))
	for f := range folds {
		if err := ctx.Err(); err != nil {
			return err
		}
		known, err := fitWithout(votes, gold, func(i int) bool { return fold[i]%folds == f })
		if err != nil {
			return fmt.Errorf("tune %s: measure: %w", j.Blend, err)
		}
		for i, row := range votes.Rows {
			at, _ := strconv.Atoi(votes.Items[i]) // made by votes
			if fold[i]%folds != f || gold[i] == consensus.None || !j.complete(at) {
				continue
			}
			said := make([]string, len(row))
			for a, k := range row {
				if k != consensus.None {
					said[a] = votes.Classes[k]
				}
			}
			*held.Untuned += right(plurality(said) == votes.Classes[gold[i]])
			winner, _, _ := known.Count(said, make([]bool, len(said)))
			j.pool(at, right(winner == votes.Classes[gold[i]]), held, &blend, parts)
		}
	}
	const few = 4 * folds
	if len(blend.Quality) < few {
		report.Verdict = "not shown: too few labelled requests have an answer of every model to compare with its parts"
		return nil
	}
	*held.Untuned /= float64(len(blend.Quality))
	for _, name := range j.Models {
		held.Shares[name] = 1
	}
	return j.comparePool(report, held, blend, parts)
}

// plurality returns what most have said, of as many that which was said first.
func plurality(said []string) (winner string) {
	most := 0
	for i, class := range said {
		n := 0
		for _, other := range said {
			if class != "" && other == class {
				n++
			}
		}
		if n > most {
			winner, most = said[i], n
		}
	}
	return winner
}

// pool adds a record on which all models were asked and an answer of this quality was taken.
func (j *Job) pool(i int, quality float64, held *Held, blend *eval.Series, parts []eval.Series) {
	cost, best := 0.0, 0.0
	for m, name := range j.Models {
		o := j.Records[i].Outcomes[name]
		parts[m].Name = name
		parts[m].Quality, parts[m].Cost = append(parts[m].Quality, o.Quality), append(parts[m].Cost, o.Cost)
		cost, best = cost+o.Cost, max(best, o.Quality)
	}
	held.Oracle += best
	blend.Quality, blend.Cost = append(blend.Quality, quality), append(blend.Cost, cost)
}

// comparePool says what a blend that asks all its parts is worth beside them, of the records added by pool.
func (j *Job) comparePool(report *Report, held *Held, blend eval.Series, parts []eval.Series) error {
	report.Complete = len(blend.Quality)
	held.Oracle /= float64(report.Complete)
	if err := j.compare(report, held, blend, parts); err != nil {
		return err
	}
	report.Outdone = held.outdone(true)
	return nil
}

func right(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// fitWithout fits the rows that are not left out.
func fitWithout(votes *consensus.Votes, gold []int, out func(int) bool) (*consensus.Reliability, error) {
	rest := &consensus.Votes{Answerers: votes.Answerers, Classes: votes.Classes}
	var known []int
	for i, row := range votes.Rows {
		if !out(i) {
			rest.Rows, known = append(rest.Rows, row), append(known, gold[i])
		}
	}
	return consensus.Fit(rest, consensus.Options{Gold: known})
}

// DecodeVote reads the artefact of a vote. Bytes that are none give an error that says so.
func DecodeVote(file []byte) (*consensus.Reliability, error) {
	var t VoteTuning
	if err := json.Unmarshal(file, &t); err != nil {
		return nil, fmt.Errorf("read the vote's tuning: %w", err)
	}
	if t.Format != voteFormat || t.Reliability == nil {
		return nil, fmt.Errorf("read the vote's tuning: it is not the file of one, or of another version of Retort")
	}
	return t.Reliability, nil
}
