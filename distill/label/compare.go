// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"fmt"

	"retort/eval/consensus"
	"retort/model"
)

// summary returns the report of what was done so far.
func (r *run) summary() Report {
	report := Report{Inputs: len(r.job.Inputs), Asks: r.total, Missing: r.total - r.done, Votes: r.job.Votes,
		Cost: r.purse.spent(), CostBefore: r.purse.before, CostUnsure: r.purse.unsure, Budget: r.job.Budget, BudgetEnded: r.purse.ended()}
	if n := r.purse.over; n > 0 {
		report.Notes = append(report.Notes, fmt.Sprintf("%d calls cost more than they could by their price and limit of tokens: an upstream does not keep to max_tokens, so that the budget is not sure", n))
	}
	for t, s := range r.stats {
		report.Teachers = append(report.Teachers, TeacherReport{Name: r.askers[t].Name, Terms: r.askers[t].Terms, Models: map[string]int{},
			Reused: s.reused, Traced: s.traced, Asked: s.asked, Batched: s.batched, Calls: s.calls, Refused: s.refused, Usage: s.usage, Cost: s.cost,
			Passed: s.passed, PassedCost: s.passedCost})
	}
	return report
}

// answered counts an answer that the task allows.
func (t *TeacherReport) answered(l *line) {
	t.Answers++
	if l.Model != "" {
		t.Models[l.Model]++
	}
	if l.Soft != nil {
		t.Soft++
	}
}

// repeated counts an input that was answered twice.
func (t *TeacherReport) repeated(same bool) {
	t.Repeated++
	if same {
		t.Repeats++
	}
}

// failed counts an input without an answer.
func (t *TeacherReport) failed(l *line) {
	if l.Error == model.Unusable.String() {
		t.Outside++
		if t.Example == "" {
			t.Example = l.Why
		}
		return
	}
	if t.Failed == nil {
		t.Failed = map[string]int{}
	}
	t.Failed[l.Error]++
}

// reliabilities notes what was estimated of each teacher.
func (r *run) reliabilities(fitted *consensus.Reliability, rows []*row, report *Report) {
	for t := range r.askers {
		right := fitted.Right[t]
		report.Teachers[t].Reliability = &right
		said := map[string]int{}
		for _, w := range rows {
			said[w.votes[t].best]++
		}
		for k, label := range fitted.Classes {
			report.Teachers[t].Classes = append(report.Teachers[t].Classes,
				ClassScore{Label: label, Said: said[label], Reliability: fitted.Confusion[t][k][k]})
		}
	}
	if len(r.askers) == 2 && fitted.Labelled == 0 && (r.job.Voice == nil || len(rows) < fewForVoice) {
		report.Notes = append(report.Notes, "two teachers alone tell little of which of them is right where they differ; true labels of some inputs, or a third teacher, would")
	}
	const few = 100
	if len(rows) < few {
		report.Notes = append(report.Notes, fmt.Sprintf("with %d inputs the teachers' reliability is little more than a guess", len(rows)))
	}
}

// compare counts how often each two teachers agree.
func (r *run) compare(rows []*row, report *Report) {
	for a := range r.askers {
		for b := a + 1; b < len(r.askers); b++ {
			report.Agreement = append(report.Agreement, agreement(rows, a, b, r.askers[a].Name, r.askers[b].Name))
		}
	}
}

func agreement(rows []*row, a, b int, first, second string) Agreement {
	out := Agreement{Teachers: [2]string{first, second}}
	shares := [2]map[string]float64{{}, {}}
	for _, w := range rows {
		x, y := w.votes[a].best, w.votes[b].best
		if x == "" || y == "" {
			continue
		}
		out.Both++
		if x == y {
			out.Same++
		}
		shares[0][x]++
		shares[1][y]++
	}
	if out.Both == 0 {
		return out
	}
	n, chance := float64(out.Both), 0.0
	for label, count := range shares[0] {
		chance += count / n * shares[1][label] / n
	}
	if chance < 1 {
		out.Kappa = (float64(out.Same)/n - chance) / (1 - chance)
	}
	return out
}
