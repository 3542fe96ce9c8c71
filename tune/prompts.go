// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"retort/eval"
	"retort/eval/judge"
	"retort/model"
)

// Hired is a judge whose verdicts are paid from a budget.
type Hired struct {
	Model       model.Model                           // calls made with a context of Pay are paid, or fail once the budget is spent
	Pay         func(context.Context) context.Context //
	Spent       func() model.Money                    // so far
	Ended       func() bool                           // a call did not fit into the budget
	Budget      model.Money
	Concurrency int    // verdicts under way at once; 0: 8
	Journal     string // a file that keeps verdicts, so that an interrupted tuning pays none twice
}

// Prompts finds the prompt with which a judge agrees best with recorded outcomes: a rubric, and worked examples. The trials are
// divided by request: worked examples come from one part, candidates are compared on another, block by block, and on a third, which has
// served for no choice, it is measured how often the chosen one agrees.
// A candidate that is clearly worse is not asked about further blocks (O. Maron and A. Moore, "Hoeffding Races", 1994). In the end the simplest prompt
// is taken that the best is not ahead of by more than luck alone may put the best of so many ahead.
type Prompts struct {
	Rubrics  []string // the first is the one that the configuration has; empty: the general one
	Pairs    bool     // two answers are compared; else each is graded
	Accept   float64  // single answers are judged right by a grade of at least this; 0: a good one is to be graded above a bad one
	Logprobs bool
}

// Tried is a prompt that was tried.
type Tried struct {
	Rubric   string  `json:"rubric"`
	Examples int     `json:"examples"`
	Trials   int     `json:"trials"`
	Agreed   float64 `json:"agreed"` // share of the trials
	Chosen   bool    `json:"chosen,omitempty"`
}

// candidate is a prompt with what came of it. Simpler ones come first.
type candidate struct {
	prompt judge.Prompt
	agreed []float64 // by trial
	out    bool      // of the race
}

const (
	block    = 8  // trials between looks
	earliest = 16 // trials before which nobody is out, and nothing is chosen

	leastTrials = earliest * 3 / 2 // a third of them is for worked examples
)

// candidates returns the rubrics to try, the simplest first: the one configured, the general one, others of the configuration,
// and those that are built in.
func (p *Prompts) candidates() []*candidate {
	all := append(slices.Clone(p.Rubrics[:1]), "")
	all = append(append(all, p.Rubrics[1:]...), judge.Rubrics...)
	var out []*candidate
	for i, rubric := range all {
		if slices.Index(all, rubric) == i {
			out = append(out, &candidate{prompt: judge.Prompt{Rubric: rubric}})
		}
	}
	return out
}

// choose finds the prompt, and adds to the report how it did.
func (p *Prompts) choose(ctx context.Context, job *Job, t trials, report *Report) (*judge.Prompt, error) {
	if len(t.choosing) < earliest {
		return nil, &NothingError{job.Blend, fmt.Sprintf("of %d trials for the judge is the right verdict known, and of %d of these are the requests not those of worked examples; %d and %d are the least",
			len(t.training)+len(t.choosing)+len(t.unseen), len(t.choosing), leastTrials, earliest)}
	}
	choosing := t.choosing[:min(len(t.choosing), mostTrials)]
	rubrics := p.candidates()
	ahead := rubrics[0]
	// Half of what the choice may cost is for rubrics, so that some is left for worked examples; a quarter of the money is for measuring.
	limit := job.Judge.Budget
	if len(t.unseen) > 0 {
		limit = limit * 3 / 4
	}
	if err := p.race(ctx, job, rubrics, choosing, limit/2); err != nil {
		return nil, err
	}
	chosen := simplest(rubrics, len(rubrics))
	if chosen == nil {
		return nil, &BudgetError{job.Blend, job.Judge.Budget, job.Judge.Spent()}
	}
	with := []*candidate{chosen}
	for _, n := range []int{2, 4} {
		if shown := examples(t.training, p.Pairs, n); len(shown) == n {
			with = append(with, &candidate{prompt: judge.Prompt{Rubric: chosen.prompt.Rubric, Examples: shown}})
		}
	}
	if len(with) > 1 {
		if err := p.race(ctx, job, with, choosing, limit); err != nil {
			return nil, err
		}
		if better := simplest(with, len(rubrics)+len(with)-1); better != nil {
			chosen = better
		}
	}
	fresh, err := p.measure(ctx, job, t.unseen, chosen, ahead)
	if err != nil {
		return nil, err
	}
	return &chosen.prompt, p.tell(job, report, append(rubrics, with[1:]...), chosen, ahead, fresh)
}

// measure has the chosen prompt, and the configured one, judge trials that served for no choice, as far as the money goes.
func (p *Prompts) measure(ctx context.Context, job *Job, unseen []trial, chosen, configured *candidate) (fresh [2]*candidate, err error) {
	fresh[0] = &candidate{prompt: chosen.prompt}
	among := fresh[:1]
	if fresh[1] = fresh[0]; chosen != configured {
		fresh[1] = &candidate{prompt: configured.prompt}
		among = fresh[:]
	}
	unseen = unseen[:min(len(unseen), mostTrials/2)]
	for from := 0; from < len(unseen) && !job.Judge.Ended(); from += block {
		to := min(from+block, len(unseen))
		values := make([][]float64, len(among))
		for i, c := range among {
			if values[i], err = p.judge(ctx, job, c, unseen[from:to]); err != nil && !job.Judge.Ended() {
				return fresh, err
			}
		}
		if job.Judge.Ended() {
			break // what not both have judged compares nothing
		}
		for i, c := range among {
			c.agreed = append(c.agreed, values[i]...)
		}
		job.progress("measure the judge", to, len(unseen))
	}
	return fresh, nil
}

// race has candidates judge the same trials, until only one is left, or the money has been spent.
func (p *Prompts) race(ctx context.Context, job *Job, among []*candidate, trials []trial, limit model.Money) error {
	for _, c := range among {
		c.out = false
	}
	for from := 0; from < len(trials); from += block {
		running := slices.DeleteFunc(slices.Clone(among), func(c *candidate) bool { return c.out })
		if from >= earliest && (len(running) < 2 || job.Judge.Spent() >= limit) {
			return nil
		}
		to := min(from+block, len(trials))
		for _, c := range running {
			if len(c.agreed) >= to { // in an earlier race
				continue
			}
			values, err := p.judge(ctx, job, c, trials[from:to])
			if job.Judge.Ended() {
				return nil // what not all have judged decides nothing
			}
			if err != nil {
				return err
			}
			c.agreed = append(c.agreed, values...)
		}
		job.progress("compare prompts of the judge", to, len(trials))
		if to >= earliest {
			dropWorse(running, to)
		}
	}
	return nil
}

// dropWorse takes those out that are worse than the best by more than two standard errors of the difference, on n trials.
func dropWorse(running []*candidate, n int) {
	best := ahead(running, n)
	for _, c := range running {
		if mean, se := lead(best, c, n); mean > 2*se && mean > 0 {
			c.out = true
		}
	}
}

func ahead(among []*candidate, n int) *candidate {
	best := among[0]
	for _, c := range among {
		if average(c.agreed[:n]) > average(best.agreed[:n]) {
			best = c
		}
	}
	return best
}

// lead returns by how much a agrees more often than b on the first n trials, with its standard error.
func lead(a, b *candidate, n int) (mean, se float64) {
	squares := 0.0
	for i := range n {
		d := a.agreed[i] - b.agreed[i]
		mean += d
		squares += d * d
	}
	mean /= float64(n)
	return mean, math.Sqrt(max(0, squares/float64(n)-mean*mean) / float64(n))
}

// simplest returns the first of those in the race that the best is ahead of by no more than luck would put it, on the trials that all
// have judged; nil where these are too few. tried is how many prompts were tried in all: of n that are equally good, the best is ahead of any
// one by about √(2 ln n) standard errors, so that a lead of one standard error is soon found by luck.
func simplest(among []*candidate, tried int) *candidate {
	running := slices.DeleteFunc(slices.Clone(among), func(c *candidate) bool { return c.out })
	n := len(running[0].agreed)
	for _, c := range running {
		n = min(n, len(c.agreed))
	}
	if n < earliest {
		return nil
	}
	best, luck := ahead(running, n), math.Sqrt(2*math.Log(float64(max(2, tried))))
	for _, c := range running {
		if mean, se := lead(best, c, n); mean <= luck*se {
			return c
		}
	}
	return best
}

// BudgetError says that the money did not suffice to compare anything.
type BudgetError struct {
	Blend         string
	Budget, Spent model.Money
}

// Error says how much there was.
func (e *BudgetError) Error() string {
	return fmt.Sprintf("the budget of $%s does not suffice to compare prompts of the judge of %s: $%s were spent on verdicts, which are kept", e.Budget, e.Blend, e.Spent)
}

// Hint says what to do.
func (e *BudgetError) Hint() string {
	return "the same command with a larger --budget goes on where this one stopped"
}

// judge returns how far a candidate's verdicts agree with what is known of some trials.
func (p *Prompts) judge(ctx context.Context, job *Job, c *candidate, trials []trial) ([]float64, error) {
	hired := job.Judge
	how := judge.Grading{Prompt: c.prompt, Logprobs: p.Logprobs}
	examiner := &examiner{p, trials, judge.Grade(hired.Model, how).Verify, judge.Pairwise(hired.Model, how).Compare}
	text, err := json.Marshal([]any{c.prompt, p.Pairs, p.Accept, p.Logprobs}) // all that a verdict kept in the journal depends on
	if err != nil {
		return nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	sum := sha256.Sum256(text)
	cases := make([]eval.Case, len(trials))
	for i := range cases {
		cases[i].Input = strconv.Itoa(i)
	}
	report, err := eval.Ask(hired.Pay(ctx), examiner, cases, eval.RunOptions{Name: hex.EncodeToString(sum[:8]), Journal: hired.Journal,
		Concurrency: hired.Concurrency, Request: func(k eval.Case) *model.Request {
			i, _ := strconv.Atoi(k.Input) // made above
			return trials[i].asked(job.Blend, i)
		}})
	if err != nil {
		return nil, fmt.Errorf("tune %s: ask the judge: %w", job.Blend, err)
	}
	values := make([]float64, len(trials))
	for i := range report.Outcomes {
		o := &report.Outcomes[i]
		if o.Error != "" && o.Error != model.Unusable.String() {
			return nil, fmt.Errorf("tune %s: ask the judge: %s", job.Blend, o.Message)
		}
		values[i] = 0.5 // who says nothing of use decides nothing
		if o.Error == "" {
			if values[i], err = strconv.ParseFloat(o.Predicted, 64); err != nil {
				return nil, fmt.Errorf("tune %s: read the verdicts in %s: %w", job.Blend, hired.Journal, err)
			}
		}
	}
	return values, nil
}

// asked puts a trial into one request, as which journals know it. Its first message has the number.
func (t *trial) asked(blend string, number int) *model.Request {
	content := &model.Content{Messages: []model.Message{model.Text(model.System, strconv.Itoa(number))}}
	for _, a := range []*judged{t.better, t.worse} {
		if a == nil {
			content.Messages = append(content.Messages, model.Text(model.System, "")) // a single answer is good or bad by its place
			continue
		}
		of, _ := a.request.Content() // records have contents
		content.Messages = append(append(content.Messages, of.Messages...), model.Text(model.Assistant, a.text))
	}
	return model.NewRequest(blend, content)
}

// tell adds to a report what was tried, and what the chosen prompt is worth beside the configured one, on fresh trials where there are
// enough.
func (p *Prompts) tell(job *Job, report *Report, tried []*candidate, chosen, configured *candidate, fresh [2]*candidate) error {
	for _, c := range tried {
		if len(c.agreed) > 0 {
			report.Prompts = append(report.Prompts, Tried{Rubric: c.prompt.Rubric, Examples: len(c.prompt.Examples), Trials: len(c.agreed),
				Agreed: average(c.agreed), Chosen: c == chosen})
		}
	}
	report.Spent = job.Judge.Spent()
	report.Learned = fmt.Sprintf("a prompt with %d worked examples, of %d that were tried", len(chosen.prompt.Examples), len(report.Prompts))
	if job.Judge.Ended() {
		report.Warnings = append(report.Warnings, "the budget ended before all trials were judged")
	}
	now, before, on := chosen.agreed, configured.agreed, "recorded outcomes by which prompts were chosen, which flatters it"
	if len(fresh[0].agreed) >= block {
		now, before, on = fresh[0].agreed, fresh[1].agreed, "recorded outcomes that served for no choice"
		shown := eval.Share(now, 0.95)
		report.Judge = &shown
		on += fmt.Sprintf(" [%.1f, %.1f]", 100*shown.Lower, 100*shown.Upper)
	}
	if p.Accept == 0 && !beyondChance(now) {
		report.Warnings = append(report.Warnings, fmt.Sprintf("the judge agrees with %.1f %% of the outcomes, which is not shown to be more than the 50 %% of a coin: another judge may be needed rather than another prompt", 100*average(now)))
	}
	n := min(len(now), len(before))
	if chosen == configured {
		report.Verdict = fmt.Sprintf("the configured prompt stays, as no other is better by more than luck explains: it agrees with %.1f %% of %d %s", 100*average(now), len(now), on)
		return nil
	}
	gain, err := eval.Difference(now[:n], before[:n], eval.CompareOptions{Seed: job.Seed})
	if err != nil {
		return fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	report.Verdict = fmt.Sprintf("the judge agrees with %.1f %% of %d %s; with %.1f %% of them by the configured prompt (difference %+.1f points, [%+.1f, %+.1f])",
		100*average(now[:n]), n, on, 100*average(before[:n]), 100*gain.Value, 100*gain.Lower, 100*gain.Upper)
	return nil
}

// beyondChance says whether verdicts agree with more than half of the outcomes, with one-sided confidence of 95 %.
func beyondChance(agreed []float64) bool {
	half := &candidate{agreed: make([]float64, len(agreed))}
	for i := range half.agreed {
		half.agreed[i] = 0.5
	}
	mean, se := lead(&candidate{agreed: agreed}, half, len(agreed))
	return mean > 1.645*se
}
