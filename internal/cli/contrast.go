// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"retort/eval"
	"retort/internal/app"
	"retort/internal/report"
)

// contrast compares several models.
func (c *evalCmd) contrast(s *session, a *app.App) error {
	bar := s.progress(c.JSON && !s.Terminal)
	result, err := a.Contrast(s.ctx, c.Models, c.Parts, c.options(bar))
	bar.End()
	if err != nil {
		return s.resumable(err)
	}
	if c.Report != "" {
		if err := a.WritePlane(c.Report, result); err != nil {
			return err
		}
	}
	if c.JSON {
		return s.json(result)
	}
	return c.printContrast(s, result)
}

func (c *evalCmd) printContrast(s *session, r *app.Contrast) error {
	if v := r.Verdict; v != nil {
		s.line("verdict", v.Blend+" is "+v.String())
		if p := v.Position; p != nil {
			s.line("", "against mixtures of its parts at the same cost: "+p.Gain.Points())
		}
	}
	s.line("data", fmt.Sprintf("%d items of %s; intervals of %s", r.Items, r.Data, percent(r.Confidence)))
	for _, warning := range r.Warnings {
		s.line("note", warning)
	}
	fmt.Fprintln(s.Stdout)
	if err := c.standings(s, r); err != nil {
		return err
	}
	fmt.Fprintln(s.Stdout)
	if err := c.pairs(s, r); err != nil {
		return err
	}
	if len(r.Frontier) > 0 {
		fmt.Fprintf(s.Stdout, "\n%s", plot(r.Models, r.Frontier))
	}
	if j := r.Judged; j != nil {
		fmt.Fprintln(s.Stdout)
		s.line("judge", fmt.Sprintf("%s compared %d pairs of answers, each in both orders, for $%s", j.Judge, j.Asked, j.Cost))
	}
	oracle := fmt.Sprintf("%s if the best for each item were known", percent(r.Oracle.Quality.Value))
	if r.Oracle.Cost > 0 {
		oracle += fmt.Sprintf(", at $%.4f per 1,000 items", 1000*r.Oracle.Cost)
	}
	fmt.Fprintln(s.Stdout)
	s.line("oracle", oracle)
	if c.Report != "" {
		s.line("report", c.Report)
	}
	return nil
}

// standings prints the table of models, the best first.
func (c *evalCmd) standings(s *session, r *app.Contrast) error {
	var rows [][]string
	for i, m := range r.Models {
		l := r.Evaluations[i].Latency
		cost := "–"
		if m.Cost != nil {
			cost = fmt.Sprintf("$%.4f", 1000*m.Cost.Value)
		}
		rows = append(rows, []string{report.Letter(i), m.Name, percent(m.Quality.Value), fmt.Sprintf("%.1f – %.1f", 100*m.Quality.Lower, 100*m.Quality.Upper), cost, duration(l.P50), duration(l.P99),
			fmt.Sprintf("%.1f", 100*m.Regret.Value), m.Place()})
	}
	return s.table(columns("", "MODEL", ">QUALITY", "INTERVAL", ">COST/1,000", ">P50", ">P99", ">REGRET", ""), rows)
}

// pairs prints how each model does against each other.
func (c *evalCmd) pairs(s *session, r *app.Contrast) error {
	if r.Judged != nil {
		return c.duels(s, r.Judged.Duels)
	}
	var rows [][]string
	for _, p := range r.Pairs {
		finding := "no difference shown"
		switch {
		case p.Holm < 0.05 && p.Quality.Value > 0:
			finding = p.A + " is better"
		case p.Holm < 0.05 && p.Quality.Value < 0:
			finding = p.B + " is better"
		}
		rows = append(rows, []string{p.A, p.B, p.Quality.Points(), fmt.Sprint(p.OnlyA), fmt.Sprint(p.OnlyB), report.Chance(p.Holm), finding})
	}
	return s.table(columns("A", "B", "A − B IN POINTS", ">A ALONE", ">B ALONE", ">P (HOLM)", "FINDING"), rows)
}

// duels prints what a judge prefers of each two models.
func (c *evalCmd) duels(s *session, duels []eval.Duel) error {
	var rows [][]string
	for i := range duels {
		d := &duels[i]
		finding := "no difference shown"
		switch {
		case d.Holm < 0.05 && d.Wins > d.Losses:
			finding = d.A + " is preferred"
		case d.Holm < 0.05 && d.Wins < d.Losses:
			finding = d.B + " is preferred"
		}
		rate, controlled, steady := "–", "–", "–"
		if d.Rate != nil {
			rate, controlled = report.Rate(d.Rate.Plain), report.Rate(d.Rate.LengthControlled)
		}
		if d.Asked > 0 {
			steady = percent(d.Steady)
		}
		rows = append(rows, []string{d.A, d.B, fmt.Sprint(d.Wins), fmt.Sprint(d.Ties), fmt.Sprint(d.Losses), rate, controlled, steady, report.Chance(d.Holm), finding})
	}
	return s.table(columns("A", "B", ">WON", ">TIED", ">LOST", "WIN RATE OF A", "AT EQUAL LENGTH", ">STEADY", ">P (HOLM)", "FINDING"), rows)
}

// The plot's size in characters.
const plotWidth, plotHeight = 60, 14

// plot draws models on the plane of cost and quality, with the hull of those that others can be mixed of.
func plot(models []eval.Standing, hull eval.Hull) string {
	lowCost, highCost := models[0].Cost.Value, models[0].Cost.Value
	low, high := models[0].Quality.Value, models[0].Quality.Value
	for _, m := range models {
		lowCost, highCost = min(lowCost, m.Cost.Value), max(highCost, m.Cost.Value)
		low, high = min(low, m.Quality.Value), max(high, m.Quality.Value)
	}
	place := func(v, from, to float64, cells int) int {
		if to == from {
			return (cells - 1) / 2
		}
		return int((v-from)/(to-from)*float64(cells-1) + 0.5)
	}
	grid := make([][]rune, plotHeight)
	for y := range grid {
		grid[y] = []rune(strings.Repeat(" ", plotWidth))
	}
	put := func(cost, quality float64, mark rune) {
		grid[plotHeight-1-place(quality, low, high, plotHeight)][place(cost, lowCost, highCost, plotWidth)] = mark
	}
	for x := range plotWidth {
		cost := lowCost + (highCost-lowCost)*float64(x)/(plotWidth-1)
		if cost >= hull[0].Cost && cost <= hull[len(hull)-1].Cost {
			put(cost, hull.At(cost), '·')
		}
	}
	for i, m := range slices.Backward(models) { // the best on top
		put(m.Cost.Value, m.Quality.Value, []rune(report.Letter(i))[0])
	}
	var b strings.Builder
	for y, row := range grid {
		tick := ""
		switch y {
		case 0:
			tick = percent(high)
		case plotHeight - 1:
			tick = percent(low)
		}
		fmt.Fprintf(&b, "%8s │%s\n", tick, strings.TrimRight(string(row), " "))
	}
	right := fmt.Sprintf("$%.4f per 1,000 items", 1000*highCost)
	left := fmt.Sprintf("$%.4f", 1000*lowCost)
	fmt.Fprintf(&b, "%8s └%s\n%9s%s%*s\n", "", strings.Repeat("─", plotWidth), "", left, max(plotWidth+1-len(left), len(right)+1), right)
	return b.String()
}
