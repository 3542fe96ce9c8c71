// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"

	"retort/dataset"
	"retort/model"
)

// askTeacher returns what puts texts to the teacher of a student's task, within the budget of an audit. The calls are traces to measure answers, from which
// nothing learns; a text that was asked before, as a label or by an earlier audit, is not paid again. What it took is noted.
func (a *App) askTeacher(s *Student, o AuditOptions, notes *[]string) (func(context.Context, []string) (map[string]string, error), error) {
	d := a.plant.Load().Desks[s.Task]
	if d == nil {
		return nil, &unlabelledTaskError{s.Task}
	}
	lead := d.Config.Teacher.Lead()
	w := &labelling{app: a, task: d.Task, configured: []string{lead}, asking: &Asking{Budget: o.Budget}, progress: o.Progress, purpose: model.Evaluating}
	return func(ctx context.Context, texts []string) (map[string]string, error) {
		inputs := make([]dataset.Example, len(texts))
		for i, text := range texts {
			inputs[i] = dataset.Example{Text: text, Source: "audit", Line: i + 1}
		}
		result, err := w.run(ctx, inputs)
		if err != nil {
			return nil, err
		}
		answers := map[string]string{}
		for i := range result.Examples {
			e := &result.Examples[i]
			if len(e.Answers) > 0 {
				answers[e.Text] = e.Label
			}
		}
		r := &result.Report
		note := fmt.Sprintf("teacher %s was asked about %d texts with swapped words and answered %d, for $%s", lead, len(texts), len(answers), r.Cost)
		if r.CostBefore > 0 {
			note += fmt.Sprintf(" (and $%s before)", r.CostBefore)
		}
		if r.BudgetEnded {
			note += "; the budget ended there"
		}
		*notes = append(append(*notes, note), w.notes...)
		return answers, nil
	}, nil
}
