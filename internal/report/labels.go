// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"retort/distill/label"
)

// labelFacts says how the examples were labelled; nothing where they came with their labels.
func labelFacts(r *label.Report) [][2]string {
	if r == nil {
		return nil
	}
	rows := [][2]string{
		{"Inputs labelled", fmt.Sprintf("%s of %s", number(r.Labelled), number(r.Inputs))},
		{"Cost of the labels", money(r.Cost)},
	}
	if r.CostBefore > 0 {
		rows = append(rows, [2]string{"Paid by earlier runs", money(r.CostBefore)})
	}
	if r.Budget != nil {
		budget := money(*r.Budget)
		if r.BudgetEnded {
			budget += fmt.Sprintf(", which ended with %s answers missing", number(r.Missing))
		}
		rows = append(rows, [2]string{"Budget", budget})
	}
	for i := range r.Teachers {
		rows = append(rows, teacherFacts(&r.Teachers[i])...)
	}
	for _, a := range r.Agreement {
		if a.Both > 0 {
			rows = append(rows, [2]string{fmt.Sprintf("%s and %s agree on", excerpt(a.Teachers[0], excerptRunes), excerpt(a.Teachers[1], excerptRunes)),
				fmt.Sprintf("%s of %s inputs (kappa %.2f)", percent(share(a.Same, a.Both)), number(a.Both), a.Kappa)})
		}
	}
	return rows
}

func teacherFacts(t *label.TeacherReport) [][2]string {
	name := excerpt(t.Name, excerptRunes)
	failed := 0
	for _, n := range t.Failed {
		failed += n
	}
	rows := [][2]string{{"Teacher " + name, fmt.Sprintf("%s answers, %s calls, %s answers outside the contract, %s inputs failed, %s; learning from it: %s",
		number(t.Answers), number(t.Calls), number(t.Outside), number(failed), money(t.Cost), t.Terms)}}
	if t.Known > 0 {
		rows = append(rows, [2]string{"of that, right on known labels", fmt.Sprintf("%s of %s", number(t.Right), number(t.Known))})
	}
	if t.Reliability == nil {
		return rows
	}
	classes := slices.Clone(t.Classes)
	slices.SortStableFunc(classes, func(a, b label.ClassScore) int {
		switch {
		case a.Reliability < b.Reliability:
			return -1
		case a.Reliability > b.Reliability:
			return 1
		}
		return 0
	})
	const shown = 10
	var worst []string
	for _, c := range classes[:min(shown, len(classes))] {
		worst = append(worst, fmt.Sprintf("%s %s", excerpt(c.Label, excerptRunes), percent(c.Reliability)))
	}
	return append(rows, [2]string{"Reliability of " + name, fmt.Sprintf("about %s; lowest at %s", percent(*t.Reliability), strings.Join(worst, ", "))})
}
