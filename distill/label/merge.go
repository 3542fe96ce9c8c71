// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"retort/eval/consensus"
)

// result makes labels of the answers.
func (r *run) result(ctx context.Context) (*Result, error) {
	out := &Result{Report: r.summary()}
	rows := r.rows(&out.Report)
	var err error
	switch {
	case r.job.Task.Object != nil && len(r.askers) > 1:
		out.Report.Method = MethodPlurality
		decideByPlurality(rows, &out.Report)
	case heard(&out.Report) > 1:
		out.Report.Method = MethodConsensus
		err = r.decideByConsensus(ctx, rows, &out.Report)
	default:
		out.Report.Method = MethodSingle
		for _, w := range rows {
			for _, v := range w.votes {
				if v.best != "" {
					w.out.Label, w.out.Soft = v.best, v.spread
				}
			}
		}
	}
	if err != nil {
		return nil, err
	}
	for _, w := range rows {
		w.sign()
		out.Examples = append(out.Examples, w.out)
	}
	out.Report.Labelled = len(out.Examples)
	r.compare(rows, &out.Report)
	return out, nil
}

// heard returns how many teachers answered anything.
func heard(report *Report) int {
	n := 0
	for i := range report.Teachers {
		if report.Teachers[i].Answers > 0 {
			n++
		}
	}
	return n
}

// row is one input with what each teacher says.
type row struct {
	out   Labelled
	truth string // the label that the input came with
	votes []vote // of each teacher
}

// sign says who labelled an input. A person's label stays.
func (w *row) sign() {
	if w.out.Gold && w.truth != "" {
		w.out.Label, w.out.Soft = w.truth, nil
		return
	}
	var names []string
	for _, a := range w.out.Answers {
		if a.Model != "" && !slices.Contains(names, a.Model) {
			names = append(names, a.Model)
		}
	}
	w.out.Teacher = strings.Join(names, ", ")
}

// vote is one teacher's answers to an input.
type vote struct {
	best   string             // empty: it has none
	spread map[string]float64 // of a teacher with more than one opinion; nil: best is all
}

// rows returns the inputs that some teacher answered.
func (r *run) rows(report *Report) []*row {
	contract := Contract(r.job.Task)
	var rows []*row
	for i := range r.job.Inputs {
		w := &row{out: Labelled{Example: r.job.Inputs[i]}, votes: make([]vote, len(r.askers))}
		w.truth, w.out.Label, w.out.Soft = w.out.Label, "", nil
		for t := range r.askers {
			w.votes[t] = r.vote(contract, i, t, w, &report.Teachers[t])
		}
		if len(w.out.Answers) > 0 {
			rows = append(rows, w)
		}
	}
	return rows
}

// vote returns what a teacher says to an input, and notes it.
func (r *run) vote(contract string, input, t int, w *row, report *TeacherReport) vote {
	spread, first, n := map[string]float64{}, "", 0
	said := Said{Teacher: r.askers[t].Name, Terms: r.askers[t].Terms}
	for number := range r.job.Votes {
		q := r.question(contract, input, t, number)
		known := r.known[q.key]
		if known == nil || !known.settled {
			continue
		}
		if known.Error != "" {
			report.failed(&known.line)
			continue
		}
		report.answered(&known.line)
		if n++; n == 1 {
			first = known.Said
		} else if n == 2 {
			report.repeated(first == known.Said)
		}
		said.Model, said.Trace = known.Model, known.Trace
		if a := r.traced[q.key]; a != nil {
			said.Trace = a.Trace
		}
		if known.Soft == nil {
			spread[known.Said]++
			continue
		}
		for label, p := range known.Soft {
			spread[label] += p
		}
	}
	if n == 0 {
		return vote{}
	}
	v := vote{best: most(spread, r.job.Task.Labels)}
	if len(spread) > 1 {
		for label := range spread {
			spread[label] /= float64(n)
		}
		v.spread = spread
	}
	said.Label, said.Soft = v.best, v.spread
	w.out.Answers = append(w.out.Answers, said)
	if w.truth != "" {
		report.Known++
		if w.truth == v.best {
			report.Right++
		}
	}
	return v
}

// most returns the likeliest label, of equals the first in order; objects have no order but that of their text.
func most(spread map[string]float64, order []string) string {
	if order == nil {
		order = slices.Sorted(maps.Keys(spread))
	}
	best := ""
	for _, label := range order {
		if p, ok := spread[label]; ok && (best == "" || p > spread[best]+1e-12) {
			best = label
		}
	}
	return best
}

// decideByPlurality takes what most teachers say, of equals what the first of them does.
func decideByPlurality(rows []*row, report *Report) {
	for _, w := range rows {
		counts := map[string]int{}
		for _, v := range w.votes {
			if v.best != "" {
				counts[v.best]++
			}
		}
		tied := 0
		for _, v := range w.votes {
			if v.best != "" && counts[v.best] > counts[w.out.Label] {
				w.out.Label = v.best
			}
		}
		for _, n := range counts {
			if n == counts[w.out.Label] {
				tied++
			}
		}
		if tied > 1 {
			report.Tied++
		}
	}
}

// posterior returns the probability of each class given what the teachers say. A teacher of several opinions speaks for
// each by its share.
func posterior(r *consensus.Reliability, votes []vote, class map[string]int) []float64 {
	sum := make([]float64, len(r.Classes))
	for k := range sum {
		sum[k] = math.Log(r.Prior[k])
	}
	for t, v := range votes {
		if v.best == "" {
			continue
		}
		spread := v.spread
		if spread == nil {
			spread = map[string]float64{v.best: 1}
		}
		for _, label := range slices.Sorted(maps.Keys(spread)) {
			for k := range sum {
				sum[k] += r.Evidence * spread[label] * math.Log(r.Confusion[t][k][class[label]])
			}
		}
	}
	top, total := slices.Max(sum), 0.0
	for k := range sum {
		sum[k] = math.Exp(sum[k] - top)
		total += sum[k]
	}
	for k := range sum {
		sum[k] /= total
	}
	return sum
}

// relevant returns probabilities without those that are negligible, with a sum of one.
func relevant(spread map[string]float64) map[string]float64 {
	sum := 0.0
	for _, label := range slices.Sorted(maps.Keys(spread)) {
		if spread[label] < negligible {
			delete(spread, label)
			continue
		}
		sum += spread[label]
	}
	for label := range spread {
		spread[label] /= sum
	}
	return spread
}
