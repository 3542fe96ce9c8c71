// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"retort/compose"
	"retort/eval"
	"retort/eval/certify"
	"retort/eval/judge"
	"retort/model"
)

// alpacaPrompt is a prompt of AlpacaEval with the answers of the models, and how often the recorded judge preferred each to the
// baseline's answer.
type alpacaPrompt struct {
	request *model.Request
	answers []*model.Response
	wins    []float64
	base    int // length of the baseline's answer
}

const alpacaBaseline = "gpt4_1106_preview"

// measureAlpaca has rankers that learned on one half of the prompts pick the best of the answers to the other half, and
// cascades accept the answers of one model by what was learned about them.
func measureAlpaca(ctx context.Context, b *bench) error {
	names, prompts, err := readAlpaca()
	if err != nil {
		return err
	}
	if err := bestOf(ctx, b, "best_of_10", names, prompts); err != nil {
		return err
	}
	strongest := bestSingle(prompts, len(names))
	rest := slices.Delete(slices.Clone(names), strongest, strongest+1)
	if err := bestOf(ctx, b, "best_of_9", rest, without(prompts, strongest)); err != nil {
		return err
	}
	return alpacaCascade(ctx, b, prompts, strongest)
}

func readAlpaca() (names []string, prompts []alpacaPrompt, err error) {
	type line struct {
		ID          int     `json:"id"`
		Model       string  `json:"model"`
		Instruction string  `json:"instruction"`
		Output      string  `json:"output"`
		Better      float64 `json:"p_model_better"`
	}
	var files [3][]line
	for i, name := range []string{"prompts", "outputs", "preferences"} {
		if files[i], err = readLines[line]("alpaca_eval/" + name + ".jsonl.gz"); err != nil {
			return nil, nil, err
		}
	}
	type key struct {
		id   int
		name string
	}
	said, wins := map[key]string{}, map[key]float64{}
	for _, l := range files[1] {
		said[key{l.ID, l.Model}] = l.Output
	}
	for _, l := range files[2] {
		wins[key{l.ID, l.Model}] = l.Better
		if !slices.Contains(names, l.Model) {
			names = append(names, l.Model)
		}
	}
	slices.Sort(names)
	for _, l := range files[0] {
		p := alpacaPrompt{request: model.NewRequest("best", model.Prompt(l.Instruction)), base: len([]rune(said[key{l.ID, alpacaBaseline}]))}
		for _, name := range names {
			if win, ok := wins[key{l.ID, name}]; ok {
				p.answers = append(p.answers, model.Answer(name, said[key{l.ID, name}]))
				p.wins = append(p.wins, win)
			}
		}
		if len(p.wins) == len(names) { // the source lacks two answers
			prompts = append(prompts, p)
		}
	}
	return names, prompts, nil
}

// without returns the prompts without the answers of one model.
func without(prompts []alpacaPrompt, m int) []alpacaPrompt {
	out := slices.Clone(prompts)
	for i := range out {
		out[i].answers = slices.Delete(slices.Clone(out[i].answers), m, m+1)
		out[i].wins = slices.Delete(slices.Clone(out[i].wins), m, m+1)
	}
	return out
}

// bestSingle returns the model whose answers are preferred most often.
func bestSingle(prompts []alpacaPrompt, models int) int {
	sums := make([]float64, models)
	for _, p := range prompts {
		for m, w := range p.wins {
			sums[m] += w
		}
	}
	return slices.Index(sums, slices.Max(sums))
}

// everyOther returns every other prompt, and the others.
func everyOther(prompts []alpacaPrompt) (halves [2][]alpacaPrompt) {
	for i, p := range prompts {
		halves[i%2] = append(halves[i%2], p)
	}
	return halves
}

// picks is what was chosen of the answers to some prompts, and what the best single model and the oracle would have got.
type picks struct {
	ranker, single, oracle []float64
	verdicts               [2][]eval.Preference // of the ranker's picks and of the single model's answers, against the baseline
	others                 int                  // prompts at which the ranker picked another model's answer
}

// bestOf measures a pool: both halves of the prompts, each with what was learned on the other.
func bestOf(ctx context.Context, b *bench, name string, models []string, prompts []alpacaPrompt) error {
	var all picks
	halves := everyOther(prompts)
	for i, train := range halves {
		before := len(all.ranker)
		if err := pickBest(ctx, &all, train, halves[1-i], len(models)); err != nil {
			return err
		}
		gain, err := eval.Difference(all.ranker[before:], all.single[before:], eval.CompareOptions{})
		if err != nil {
			return err
		}
		b.noteInterval(fmt.Sprintf("%s_gain_half_%d", name, i+1), gain)
	}
	gain, err := eval.Difference(all.ranker, all.single, eval.CompareOptions{})
	if err != nil {
		return err
	}
	n := len(all.ranker)
	b.Note("alpaca_"+name+"_prompts", float64(n), "")
	b.Note("alpaca_"+name+"_ranker", meanOf(all.ranker), "")
	b.Note("alpaca_"+name+"_best_single", meanOf(all.single), "")
	b.noteInterval(name+"_gain", gain)
	b.Note("alpaca_"+name+"_oracle", meanOf(all.oracle), "")
	b.Note("alpaca_"+name+"_picks_another", float64(all.others)/float64(n), "")
	for i, who := range []string{"ranker", "best_single"} {
		rate, err := eval.Win(all.verdicts[i], eval.CompareOptions{Resamples: 200})
		if err != nil {
			return err
		}
		b.Note("alpaca_"+name+"_"+who+"_length_controlled", rate.LengthControlled.Value, "")
		b.Note("alpaca_"+name+"_"+who+"_length", averageLength(all.verdicts[i]), "chars")
	}
	return nil
}

// noteInterval notes an estimate with the ends of its interval.
func (b *bench) noteInterval(name string, e eval.Estimate) {
	b.Note("alpaca_"+name, e.Value, "")
	b.Note("alpaca_"+name+"_low", e.Lower, "")
	b.Note("alpaca_"+name+"_high", e.Upper, "")
}

// contestsOf returns what a ranker learns from.
func contestsOf(prompts []alpacaPrompt) []judge.Contest {
	contests := make([]judge.Contest, len(prompts))
	for i, p := range prompts {
		contests[i] = judge.Contest{Request: p.request, Answers: p.answers, Worth: p.wins}
	}
	return contests
}

// pickBest learns on one half which answers are preferred to those of the model that is best there, and picks on the other. How
// strongly the ranker is regularised it finds out by cross-validation on the half that it learns on.
func pickBest(ctx context.Context, to *picks, train, test []alpacaPrompt, models int) error {
	top := bestSingle(train, models)
	ranker, err := judge.TrainRanker(ctx, contestsOf(train), judge.Training{})
	if err != nil {
		return err
	}
	for _, p := range test {
		best, err := ranker.Best(ctx, p.request, p.answers)
		if err != nil {
			return err
		}
		if best != top {
			to.others++
		}
		to.ranker, to.single, to.oracle = append(to.ranker, p.wins[best]), append(to.single, p.wins[top]), append(to.oracle, slices.Max(p.wins))
		for i, m := range []int{best, top} {
			to.verdicts[i] = append(to.verdicts[i], eval.Preference{Win: p.wins[m], LengthA: len([]rune(p.answers[m].Text())), LengthB: p.base})
		}
	}
	return nil
}

// alpacaCascade shows what a learned verifier is worth to a cascade whose cheap model is the strongest of the pool and whose
// strong one the baseline: an answer is good where the judge prefers it to the baseline's. The verifier learns from the
// answers of all models to one half of the prompts.
func alpacaCascade(ctx context.Context, b *bench, prompts []alpacaPrompt, cheap int) error {
	shares := []float64{0.25, 0.5, 0.75, 1}
	kept := make([][]float64, len(shares)) // whether answers are good, of those scored highest in each half
	halves := everyOther(prompts)
	for i, train := range halves {
		verifier, err := judge.Train(ctx, judge.Lessons{Verdicts: verdictsOf(train)}, judge.Training{})
		if err != nil {
			return err
		}
		scored, err := ranked(ctx, verifier, halves[1-i], cheap)
		if err != nil {
			return err
		}
		for k, share := range shares {
			kept[k] = append(kept[k], scored[:int(share*float64(len(scored)))]...)
		}
	}
	for k, share := range shares {
		low, high := certify.Interval(int(math.Round(meanOf(kept[k])*float64(len(kept[k])))), len(kept[k]), 0.95)
		b.noteInterval(fmt.Sprintf("cascade_good_at_%.0f", 100*share), eval.Estimate{Value: meanOf(kept[k]), Lower: low, Upper: high})
	}
	return nil
}

func verdictsOf(prompts []alpacaPrompt) []judge.Verdict {
	var verdicts []judge.Verdict
	for _, p := range prompts {
		for m := range p.answers {
			verdicts = append(verdicts, judge.Verdict{Request: p.request, Response: p.answers[m], Good: p.wins[m]})
		}
	}
	return verdicts
}

// ranked returns whether a model's answers are good, 1 or 0, those first that a verifier scores highest.
func ranked(ctx context.Context, v compose.Verifier, prompts []alpacaPrompt, m int) ([]float64, error) {
	scores, order := make([]float64, len(prompts)), make([]int, len(prompts))
	for i, p := range prompts {
		var err error
		if scores[i], err = v.Verify(ctx, p.request, p.answers[m]); err != nil {
			return nil, err
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(scores[y], scores[x]) })
	good := make([]float64, len(prompts))
	for i, at := range order {
		if prompts[at].wins[m] > 0.5 {
			good[i] = 1
		}
	}
	return good, nil
}

func meanOf(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func averageLength(verdicts []eval.Preference) float64 {
	sum := 0
	for _, v := range verdicts {
		sum += v.LengthA
	}
	return float64(sum) / float64(len(verdicts))
}
