// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"retort/eval"
	"retort/eval/judge"
	"retort/model"
)

// KindBestOf is the kind of a best_of whose ranker is learned.
const KindBestOf = "best_of"

// BestOf trains the ranker that chooses among answers, on recorded answers of which is known how good they are. Its artefact
// is read by judge.DecodeRanker.
type BestOf struct{}

// Kind returns KindBestOf.
func (BestOf) Kind() string { return KindBestOf }

// Fit trains the ranker, and measures on records left out of the training in turn how good the answers are that it picks.
// An outcome without the answer's text does not count.
func (BestOf) Fit(ctx context.Context, job *Job) ([]byte, *Report, error) {
	if err := job.check(); err != nil {
		return nil, nil, err
	}
	report := job.describe(KindBestOf)
	all := job.contests()
	var contests []judge.Contest
	silent := 0
	for i := range all {
		if len(all[i].Answers) > 0 {
			contests = append(contests, all[i])
		} else {
			silent++
		}
	}
	if len(contests) == 0 {
		return nil, nil, &NothingError{job.Blend, "no record has the text of a model's answer and how good it is"}
	}
	if len(contests) < Least {
		return nil, nil, job.tooFew("the requests with a judged answer of its models are", len(contests))
	}
	job.progress("train the ranker", 0, folds+1)
	ranker, err := judge.TrainRanker(ctx, contests, judge.Training{Seed: job.Seed, Workers: job.Workers})
	if err != nil {
		return nil, nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	report.Target, report.Reached, report.Learned = "not below the quality of the best part", true, ranker.String()
	if silent > 0 {
		report.Warnings = append(report.Warnings, fmt.Sprintf("%d of %d records have no text of an answer, and taught nothing", silent, len(all)))
	}
	if err := job.measureRanker(ctx, report, all); err != nil {
		return nil, nil, err
	}
	artefact, err := ranker.Encode()
	return artefact, report, err
}

// contests returns the answers of each record, in the order of the models.
func (j *Job) contests() []judge.Contest {
	contests := make([]judge.Contest, len(j.Records))
	for i := range j.Records {
		r := &j.Records[i]
		c := judge.Contest{Request: model.NewRequest(j.Blend, r.Content)}
		for _, name := range j.Models {
			if out, ok := r.Outcomes[name]; ok && out.Answer != "" {
				c.Answers, c.Worth = append(c.Answers, model.Answer(name, out.Answer)), append(c.Worth, out.Quality)
			}
		}
		contests[i] = c
	}
	return contests
}

// measureRanker picks among the answers of each record that has them all, by a ranker that has not seen what it asks.
func (j *Job) measureRanker(ctx context.Context, report *Report, all []judge.Contest) error {
	whole := func(i int) bool { return len(all[i].Answers) == len(j.Models) }
	report.Complete = 0
	for i := range all {
		if whole(i) {
			report.Complete++
		}
	}
	const few = 4 * folds
	if report.Complete < few || len(j.Models) < 2 {
		report.Verdict = "not shown: too few requests have answers of several models to compare it with its parts"
		return nil
	}
	fold, err := j.foldsByRequest()
	if err != nil {
		return err
	}
	blend, held := eval.Series{Name: j.Blend}, &Held{Shares: map[string]float64{}}
	parts := make([]eval.Series, len(j.Models))
	for f := range folds {
		var seen []judge.Contest
		for i := range all {
			if fold[i] != f && len(all[i].Answers) > 0 {
				seen = append(seen, all[i])
			}
		}
		ranker, err := judge.TrainRanker(ctx, seen, judge.Training{Seed: j.Seed, Workers: j.Workers})
		if err != nil {
			return fmt.Errorf("tune %s: measure: %w", j.Blend, err)
		}
		j.progress("measure the ranker", f+1, folds)
		for i := range all {
			if fold[i] != f || !whole(i) {
				continue
			}
			at, err := ranker.Best(ctx, all[i].Request, all[i].Answers)
			if err != nil {
				return fmt.Errorf("tune %s: measure: %w", j.Blend, err)
			}
			held.Shares[j.Models[at]] += 1 / float64(report.Complete)
			j.pool(i, all[i].Worth[at], held, &blend, parts)
		}
	}
	if err := j.comparePool(report, held, blend, parts); err != nil {
		return err
	}
	report.Reached = held.Verdict.QualityIs != eval.Lower
	return nil
}

// foldsByRequest draws a fold for each record; records that ask the same are in one.
func (j *Job) foldsByRequest() ([]int, error) {
	drawn, fold := rand.New(rand.NewPCG(j.Seed, 11)).Perm(len(j.Records)), make([]int, len(j.Records))
	of := map[string]int{}
	for i := range j.Records {
		text, err := json.Marshal(j.Records[i].Content.Messages)
		if err != nil {
			return nil, fmt.Errorf("tune %s: record %d: %w", j.Blend, i, err)
		}
		if _, known := of[string(text)]; !known {
			of[string(text)] = drawn[i] % folds
		}
		fold[i] = of[string(text)]
	}
	return fold, nil
}
