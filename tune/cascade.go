// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"retort/eval"
	"retort/eval/judge"
	"retort/model"
)

// KindCascade is the kind of a cascade that accepts by a certified threshold.
const KindCascade = "cascade"

// Cascade fits the threshold from which on a cascade accepts its cheap model's answers, and the verifier that scores them where that is
// learned.
type Cascade struct {
	Cheap   string // the model whose answers are scored
	Strong  string // who answers the rest; with outcomes of it too the cascade is compared with both
	Fitting judge.Fitting
	// Ask, where set, asks the cheap model again, since the verifier reads more of an answer than outcomes hold: its own score or
	// log-probabilities. Such an answer counts where it says the same as the recorded one, or there is a label.
	Ask func(ctx context.Context, content *model.Content) (*model.Response, error)
	// Prompts, where set and the job has hired the judge, finds the judge's prompt on one half of the requests; the threshold is
	// certified on the other, which has not served to choose it.
	Prompts *Prompts
}

// Kind returns KindCascade.
func (Cascade) Kind() string { return KindCascade }

// goodEnough is the quality from which on an answer counts as one that should be accepted.
const goodEnough = 0.5

// Fit certifies a threshold on recorded answers of the cheap model; see judge.Fit. An outcome without the answer's text
// does not count.
func (c Cascade) Fit(ctx context.Context, job *Job) ([]byte, *Report, error) {
	if err := job.check(); err != nil {
		return nil, nil, err
	}
	records, err := c.records(ctx, job)
	if err != nil {
		return nil, nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	if len(records) == 0 {
		return nil, nil, &NothingError{job.Blend, fmt.Sprintf("of no answer of %s is it known whether it is good", c.Cheap)}
	}
	job.progress("score answers", 0, len(records))
	how := c.Fitting
	how.Seed = job.Seed
	report := job.describe(KindCascade)
	used := len(records)
	var prompt *judge.Prompt
	if c.Prompts != nil && job.Judge != nil {
		if prompt, records, err = c.prompt(ctx, job, records, report); err != nil {
			return nil, nil, err
		}
		how.Verify = judge.Grade(job.Judge.Model, judge.Grading{Prompt: *prompt, Logprobs: c.Prompts.Logprobs})
		ctx = job.Judge.Pay(ctx)
	}
	fitted, err := judge.Fit(ctx, records, how)
	if err != nil {
		return nil, nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	if fitted.Prompt = prompt; prompt != nil {
		if job.Judge.Ended() { // who was left out depends on how long answers are
			return nil, nil, &BudgetError{job.Blend, job.Judge.Budget, job.Judge.Spent()}
		}
		report.Spent = job.Judge.Spent()
	}
	job.progress("score answers", len(records), len(records))
	artefact, err := fitted.Encode()
	if err != nil {
		return nil, nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	certificate := &fitted.Certificate
	report.Target = fmt.Sprintf("%.4g of the accepted answers of %s are good, with confidence %.4g", certificate.Target, c.Cheap, certificate.Confidence)
	report.Reached, report.More = certificate.Speaks(), certificate.MoreLabels
	if prompt != nil {
		report.Warnings = append(report.Warnings, "of the judge's prompt: "+report.Verdict)
	}
	report.Verdict = fitted.String()
	if err := c.measure(job, report, fitted); err != nil {
		return nil, nil, err
	}
	if !report.Reached {
		report.Warnings = append(report.Warnings, "nothing is certified, so that the strong model answers all")
	}
	if n := len(job.Records) - used; n > 0 {
		report.Warnings = append(report.Warnings, fmt.Sprintf("%d of %d records have no answer of %s of which it is known whether it is good", n, len(job.Records), c.Cheap))
	}
	if fitted.Trained > 0 {
		report.Learned = fmt.Sprintf("a verifier trained on %d answers, which judged nothing", fitted.Trained)
	}
	if fitted.Unjudged > 0 {
		report.Warnings = append(report.Warnings, fmt.Sprintf("%d answers got no verdict; such are never accepted", fitted.Unjudged))
	}
	return artefact, report, nil
}

// prompt finds the judge's prompt on half of the requests, with half of the money, and returns it with those records of the
// other half for whose verdicts the rest will do.
func (c Cascade) prompt(ctx context.Context, job *Job, records []judge.Record, report *Report) (*judge.Prompt, []judge.Record, error) {
	choosing, rest, err := judge.Halves(records, job.Seed)
	if err != nil {
		return nil, nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	answers := make([]judged, len(choosing))
	for i, r := range choosing {
		answers[i] = judged{r.Request, r.Response.Text(), right(r.Good)}
	}
	half := *job
	hired := *job.Judge
	hired.Budget /= 2
	half.Judge = &hired
	prompt, err := c.Prompts.choose(ctx, &half, job.dividedGrades(answers, false), report)
	if err != nil {
		return nil, nil, err
	}
	verdicts := 0
	for _, t := range report.Prompts {
		verdicts += 2 * t.Trials
	}
	rand.New(rand.NewPCG(job.Seed, 13)).Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] }) // any part of it is a fair sample
	const margin = 2                                                                                               // what is set aside before a call is more than what it costs in the end
	if spent := hired.Spent(); spent > 0 {
		affordable := int64(job.Judge.Budget-spent) * int64(verdicts) / (margin * int64(spent))
		rest = rest[:min(int64(len(rest)), max(0, affordable))]
	}
	return prompt, rest, nil
}

// measure replays a cascade that speaks on the requests that certified it, as far as it is known how good the strong model's answer
// to them was too. What a judge costs is not in it. It says so where too little is known.
func (c Cascade) measure(job *Job, report *Report, fitted *judge.Fitted) error {
	if !report.Reached || c.Strong == "" {
		return nil
	}
	of := map[*model.Content]int{}
	for i := range job.Records {
		of[job.Records[i].Content] = i
	}
	blend, held := eval.Series{Name: job.Blend}, &Held{Shares: map[string]float64{}}
	parts := []eval.Series{{Name: c.Cheap}, {Name: c.Strong}}
	for _, s := range fitted.Scored {
		content, err := s.Request.Content()
		if err != nil {
			return fmt.Errorf("tune %s: measure: %w", job.Blend, err)
		}
		r := &job.Records[of[content]]
		cheap, strong := r.Outcomes[c.Cheap], r.Outcomes[c.Strong]
		if _, known := r.Outcomes[c.Strong]; !known {
			continue
		}
		quality, cost := cheap.Quality, cheap.Cost
		if fitted.Certificate.Answers(s.Score) {
			held.Shares[c.Cheap]++
		} else {
			quality, cost = strong.Quality, cost+strong.Cost
			held.Shares[c.Strong]++
		}
		blend.Quality, blend.Cost = append(blend.Quality, quality), append(blend.Cost, cost)
		for m, o := range []Outcome{cheap, strong} {
			parts[m].Quality, parts[m].Cost = append(parts[m].Quality, o.Quality), append(parts[m].Cost, o.Cost)
		}
		held.Oracle += max(cheap.Quality, strong.Quality)
	}
	const few = 4 * folds
	n := len(blend.Quality)
	if n < few {
		report.Warnings = append(report.Warnings, fmt.Sprintf("it was not compared with its parts: of %d of these requests it is known how good the answer of %s is, and %d are the least", n, c.Strong, few))
		return nil
	}
	for name := range held.Shares {
		held.Shares[name] /= float64(n)
	}
	held.Oracle /= float64(n)
	certified, more := report.Verdict, report.More
	if err := job.compare(report, held, blend, parts); err != nil {
		return err
	}
	report.Complete, report.More, report.Outdone = n, more, held.outdone(false)
	report.Verdict = certified + "; " + report.Verdict
	return nil
}

var errAllFailed = errors.New("every request to the cheap model failed")

// records returns the answers of the cheap model whose worth is known.
func (c Cascade) records(ctx context.Context, job *Job) ([]judge.Record, error) {
	var records []judge.Record
	var failed error
	asked := 0
	for i := range job.Records {
		r := &job.Records[i]
		out, ok := r.Outcomes[c.Cheap]
		if !ok || out.Answer == "" {
			continue
		}
		record := judge.Record{Request: model.NewRequest(job.Blend, r.Content), Response: model.Answer(c.Cheap, out.Answer), Good: out.Quality >= goodEnough}
		if c.Ask != nil {
			job.progress("ask "+c.Cheap+" again", i, len(job.Records))
			resp, err := c.Ask(ctx, r.Content)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				failed = err
				continue
			}
			asked++
			if record.Good, ok = worth(resp.Text(), r.Label, out); !ok {
				continue
			}
			record.Response = resp
		}
		records = append(records, record)
	}
	if failed != nil && asked == 0 {
		return nil, errors.Join(errAllFailed, failed)
	}
	return records, nil
}

// worth says whether a new answer is good, and whether that is known.
func worth(text, label string, recorded Outcome) (good, known bool) {
	now, _ := judge.Folded(text)
	if before, _ := judge.Folded(recorded.Answer); now == before {
		return recorded.Quality >= goodEnough, true
	}
	want, ok := judge.Folded(label)
	return now == want, ok
}
