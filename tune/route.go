// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"retort/eval"
	"retort/router"
)

// KindRoute is the kind of a route that chooses by what it has learned.
const KindRoute = "route"

// Route fits routes: a predictor of each model's quality and cost, and how to choose by it.
type Route struct{ Target router.Target }

// RouteTuning is what a route takes up.
type RouteTuning struct {
	Router *router.Router
	Policy router.Policy
}

// Kind returns KindRoute.
func (Route) Kind() string { return KindRoute }

// folds is in how many parts records are divided to measure what a route is worth: how it chooses on each part was set on
// the others.
const folds = 5

// Fit trains a router, sets λ and measures both on records that they have not seen.
func (r Route) Fit(ctx context.Context, job *Job) ([]byte, *Report, error) {
	if err := job.check(); err != nil {
		return nil, nil, err
	}
	report := job.describe(KindRoute)
	known, enough, second := 0, 0, 0
	for _, k := range report.Models {
		if k.Outcomes >= Least {
			enough++
		} else {
			second = max(second, k.Outcomes)
		}
		if k.Outcomes > 0 {
			known++
			continue
		}
		report.Warnings = append(report.Warnings, fmt.Sprintf("no outcome of %s is known: it is taken for as good as the others are on average, at no cost, until feedback tells", k.Model))
	}
	if known < 2 {
		return nil, nil, &NothingError{job.Blend, "outcomes of two of its models are the least to choose by"}
	}
	if enough < 2 {
		return nil, nil, job.tooFew("outcomes of two of its models are needed; of the second best known there are", second)
	}
	records := job.routerRecords()
	trained, err := router.Train(ctx, records, router.Options{Models: job.Models, Seed: job.Seed, Workers: job.Workers, Progress: job.progress})
	if err != nil {
		return nil, nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	policy, err := router.Calibrate(records, trained.OutOfFold, job.Models, r.Target)
	if err != nil {
		return nil, nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	job.progress("measure", 0, 1)
	report.Lambda, report.Margin, report.Learned = policy.Lambda, policy.Margin, members(trained.Members)
	report.Target, report.Reached = targetText(r.Target, policy.Strongest), !policy.Missed
	if err := r.measure(job, report, records, trained.OutOfFold); err != nil {
		return nil, nil, err
	}
	r.hold(report, policy.Strongest)
	job.progress("measure", 1, 1)
	artefact, err := (&RouteTuning{trained.Router, policy}).encode()
	return artefact, report, err
}

func members(list []router.Member) string {
	text := ""
	for _, m := range list {
		if m.Weight > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%s of %s × %.2f", m.Name, m.Of, m.Weight)
		}
	}
	return text
}

func targetText(t router.Target, strongest string) string {
	if t.Best {
		return "as good as possible, whatever it costs"
	}
	if t.Quality > 0 {
		return fmt.Sprintf("%.4g of %s's quality, as cheaply as possible", t.Quality, strongest)
	}
	return fmt.Sprintf("%.4g of what always asking %s costs, as well as possible", t.Cost, strongest)
}

func (j *Job) routerRecords() []router.Record {
	records := make([]router.Record, len(j.Records))
	for i := range j.Records {
		r := &j.Records[i]
		records[i] = router.Record{Query: router.QueryOf(r.Content), Domain: r.Domain, Outcomes: make(map[string]router.Outcome, len(r.Outcomes))}
		for name, o := range r.Outcomes {
			records[i].Outcomes[name] = router.Outcome{Quality: o.Quality, Cost: o.Cost}
		}
	}
	return records
}

// measure replays the choices on complete records. What a record's models are expected to do comes from a router that has
// not seen it, and λ from the other folds' records, so that neither flatters.
func (r Route) measure(job *Job, report *Report, records []router.Record, estimates [][]router.Estimate) error {
	const few = 4 * folds
	if report.Complete < few {
		report.Verdict = "not shown: too few requests have an outcome of every model to compare with its parts"
		report.Warnings = append(report.Warnings, fmt.Sprintf("%d of %d records have an outcome of every model; %d are the least to measure with, and some hundreds tell",
			report.Complete, report.Records, few))
		return nil
	}
	choice := make([]int, len(records))
	fold := rand.New(rand.NewPCG(job.Seed, 5)).Perm(len(records))
	for f := range folds {
		var seen []router.Record
		var expected [][]router.Estimate
		for i := range records {
			if fold[i]%folds != f {
				seen, expected = append(seen, records[i]), append(expected, estimates[i])
			}
		}
		policy, err := router.Calibrate(seen, expected, job.Models, r.Target)
		if err != nil {
			return fmt.Errorf("tune %s: measure: %w", job.Blend, err)
		}
		for i := range records {
			if fold[i]%folds == f {
				choice[i] = policy.Choose(estimates[i])
			}
		}
	}
	return job.judge(report, choice)
}

// hold says when the target was missed on the requests that were held out.
func (r Route) hold(report *Report, strongest string) {
	held := report.HeldOut
	if held == nil || r.Target.Best {
		return
	}
	var alone eval.Point
	for _, p := range held.Places {
		if p.Name == strongest {
			alone = p.Point
		}
	}
	switch t := r.Target; {
	case t.Quality > 0 && held.Quality.Value < t.Quality*alone.Quality:
		held.Missed = true
		report.Warnings = append(report.Warnings, fmt.Sprintf("on requests that it had not learned from it missed its target: %.3g of %s's quality where %.4g is wanted",
			held.Quality.Value/alone.Quality, strongest, t.Quality))
	case t.Cost > 0 && held.Cost.Value > t.Cost*alone.Cost:
		held.Missed = true
		report.Warnings = append(report.Warnings, fmt.Sprintf("on requests that it had not learned from it missed its target: %.3g of what always asking %s costs where %.4g is wanted",
			held.Cost.Value/alone.Cost, strongest, t.Cost))
	}
}

// judge compares choices, by record, with the parts.
func (j *Job) judge(report *Report, choice []int) error {
	blend := eval.Series{Name: j.Blend}
	parts := make([]eval.Series, len(j.Models))
	held := &Held{Shares: map[string]float64{}}
	for i := range j.Records {
		if !j.complete(i) {
			continue
		}
		best := 0.0
		for m, name := range j.Models {
			o := j.Records[i].Outcomes[name]
			parts[m].Name = name
			parts[m].Quality, parts[m].Cost = append(parts[m].Quality, o.Quality), append(parts[m].Cost, o.Cost)
			best = max(best, o.Quality)
			if m == choice[i] {
				blend.Quality, blend.Cost = append(blend.Quality, o.Quality), append(blend.Cost, o.Cost)
				held.Shares[name] += 1 / float64(report.Complete)
			}
		}
		held.Oracle += best / float64(report.Complete)
	}
	if err := j.compare(report, held, blend, parts); err != nil {
		return err
	}
	report.Outdone = held.outdone(false)
	return nil
}

// compare says what a blend is worth beside its parts, on the same requests.
func (j *Job) compare(report *Report, held *Held, blend eval.Series, parts []eval.Series) error {
	opt := eval.CompareOptions{Seed: j.Seed}
	verdict, err := eval.Judge(blend, parts, opt)
	if err != nil {
		return fmt.Errorf("tune %s: %w", j.Blend, err)
	}
	held.Verdict, report.HeldOut, report.Verdict = verdict, held, verdict.String()
	points := []eval.Point{point(blend)}
	for _, p := range parts {
		points = append(points, point(p))
	}
	held.Places = eval.Frontier(points)
	zero := make([]float64, len(blend.Quality))
	if held.Quality, err = eval.Difference(blend.Quality, zero, opt); err != nil {
		return fmt.Errorf("tune %s: %w", j.Blend, err)
	}
	if held.Cost, err = eval.Difference(blend.Cost, zero, opt); err != nil {
		return fmt.Errorf("tune %s: %w", j.Blend, err)
	}
	report.More = more(verdict, report.Complete)
	return nil
}

// more returns about how many more records would settle what is not shown yet, were the difference what it seems: the width
// of an interval falls with the root of their number. 0: nothing is open, or none would.
func more(v *eval.Verdict, n int) int {
	const hopeless = 100_000
	open := v.Quality
	if v.QualityIs != eval.NotShown {
		if v.Cost == nil || v.CostIs != eval.NotShown {
			return 0
		}
		open = *v.Cost
	}
	half, seen := (open.Upper-open.Lower)/2, max(open.Value, -open.Value)
	if seen == 0 || half <= seen {
		return 0
	}
	wanted := float64(n) * (half / seen) * (half / seen)
	if wanted > hopeless {
		return 0
	}
	return int(wanted) - n
}

func point(s eval.Series) eval.Point {
	return eval.Point{Name: s.Name, Quality: average(s.Quality), Cost: average(s.Cost)}
}

func average(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// routeFormat begins a route's artefact: a line of JSON, then the router's own file.
const routeFormat = "retort route 1"

type routeHead struct {
	Format string        `json:"format"`
	Policy router.Policy `json:"policy"`
}

func (t *RouteTuning) encode() ([]byte, error) {
	head, err := json.Marshal(routeHead{routeFormat, t.Policy})
	if err != nil {
		return nil, fmt.Errorf("write the route's tuning: %w", err)
	}
	file, err := t.Router.Encode()
	if err != nil {
		return nil, fmt.Errorf("write the route's tuning: %w", err)
	}
	return append(append(head, '\n'), file...), nil
}

// maxRoute bounds a route's artefact, in bytes.
const maxRoute = 1 << 30

// DecodeRoute reads the artefact of a route. Bytes that are none give an error that says so.
func DecodeRoute(from io.Reader) (*RouteTuning, error) {
	in := bufio.NewReaderSize(io.LimitReader(from, maxRoute), 1<<20) // no first line is longer
	line, err := in.ReadSlice('\n')
	if err != nil {
		return nil, errors.New("read the route's tuning: it is not the file of one, or damaged")
	}
	var head routeHead
	if err := json.Unmarshal(bytes.Clone(line), &head); err != nil || head.Format != routeFormat {
		return nil, errors.New("read the route's tuning: it is not the file of one, or of another version of Retort")
	}
	if l := head.Policy.Lambda; !(l >= 0 && l <= 1e300) {
		return nil, fmt.Errorf("read the route's tuning: λ is %v", l)
	}
	made, err := router.Read(in)
	if err != nil {
		return nil, fmt.Errorf("read the route's tuning: %w", err)
	}
	return &RouteTuning{made, head.Policy}, nil
}
