// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"time"

	"retort/eval"
)

// Comparison is what a page about several models shows.
type Comparison struct {
	Made     time.Time // when the figures were taken
	Data     string    // what they were taken on
	Items    int
	Warnings []string
	Latency  []eval.Latency // of each model, in the order of Models
	Judge    string         // who preferred one answer to another; empty: answers were held against labels
	Duels    []eval.Duel    // what it preferred
	*eval.Comparison
}

//go:embed compare.html.tmpl
var comparePage string

// comparison is a page ready for its template.
type comparison struct {
	Style             template.CSS
	Title, Made       string
	Headline, Beside  string
	Basis             string
	Warnings          []string
	Plane             template.HTML
	Blend             string // whose parts the frontier is of; empty: it is of all models
	Models            []standing
	Pairs             []duel
	Judge             string
	Judged            []preferred
	Oracle, OracleWho string
}

type standing struct{ Letter, Name, Quality, Span, Cost, P50, P99, Regret, Note string }

type duel struct{ A, B, Difference, Alone, P string }

type preferred struct{ A, B, Counts, Rate, Controlled, P, Steady string }

// WriteComparison writes the page to w. It fails when there is nothing to show or w fails, in which case w may hold a part.
func WriteComparison(w io.Writer, data Comparison) error {
	if data.Comparison == nil || len(data.Models) == 0 || len(data.Latency) != len(data.Models) {
		return errors.New("write report: there are no models to show, or not the latency of each")
	}
	page, err := template.New("compare").Parse(comparePage)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, newComparison(&data)); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func newComparison(d *Comparison) *comparison {
	v := &comparison{Style: template.CSS(styleText), Title: fmt.Sprintf("%d models on %s", len(d.Models), d.Data),
		Made: "Made " + d.Made.UTC().Format("2 January 2006, 15:04") + " UTC", Warnings: d.Warnings,
		Basis: fmt.Sprintf("%s items; intervals of %s.", number(d.Items), whole(d.Confidence)), Headline: d.headline()}
	if d.Verdict != nil && d.Verdict.Position != nil {
		v.Beside = "Against mixtures of its parts that cost as much: " + d.Verdict.Position.Gain.Points() + " points."
	}
	for i := range d.Models {
		v.Models = append(v.Models, standingOf(i, &d.Models[i], d.Latency[i]))
	}
	for _, p := range d.Pairs {
		v.Pairs = append(v.Pairs, duel{p.A, p.B, p.Quality.Points(), fmt.Sprintf("%d : %d", p.OnlyA, p.OnlyB), Chance(p.Holm)})
	}
	v.Judge = d.Judge
	for i := range d.Duels {
		v.Judged = append(v.Judged, preferredOf(&d.Duels[i]))
	}
	if len(d.Frontier) > 0 {
		v.Plane = drawPlane(d.Models, d.Frontier)
		if d.Verdict != nil {
			v.Blend = d.Verdict.Blend
		}
	}
	v.Oracle = percent(d.Oracle.Quality.Value)
	if d.Oracle.Cost > 0 {
		v.OracleWho = fmt.Sprintf(" It would cost %s for 1,000 items.", dollars(1000*d.Oracle.Cost))
	}
	return v
}

func (d *Comparison) headline() string {
	if d.Verdict != nil {
		return d.Verdict.Blend + " is " + d.Verdict.String() + "."
	}
	best := &d.Models[0]
	if d.Judge != "" {
		return fmt.Sprintf("%s is preferred most often by %s: to %s of the others.", best.Name, d.Judge, percent(best.Quality.Value))
	}
	return fmt.Sprintf("%s has the highest quality, %s.", best.Name, percent(best.Quality.Value))
}

func standingOf(i int, m *eval.Standing, l eval.Latency) standing {
	s := standing{Letter: Letter(i), Name: m.Name, Quality: percent(m.Quality.Value),
		Span: fmt.Sprintf("%.1f–%.1f", 100*m.Quality.Lower, 100*m.Quality.Upper), Cost: "–",
		P50: took(l.P50), P99: took(l.P99), Regret: fmt.Sprintf("%.1f", 100*m.Regret.Value), Note: m.Place()}
	if m.Cost != nil {
		s.Cost = dollars(1000 * m.Cost.Value)
	}
	return s
}

func preferredOf(d *eval.Duel) preferred {
	j := preferred{A: d.A, B: d.B, Counts: fmt.Sprintf("%d : %d : %d", d.Wins, d.Ties, d.Losses), Rate: "–", Controlled: "–", P: Chance(d.Holm), Steady: "–"}
	if d.Rate != nil {
		j.Rate, j.Controlled = Rate(d.Rate.Plain), Rate(d.Rate.LengthControlled)
	}
	if d.Asked > 0 {
		j.Steady = whole(d.Steady)
	}
	return j
}

// Rate prints a share with its interval.
func Rate(e eval.Estimate) string {
	return fmt.Sprintf("%.1f %% [%.1f, %.1f]", 100*e.Value, 100*e.Lower, 100*e.Upper)
}

// Chance prints a p-value.
func Chance(p float64) string {
	if p < 0.0001 {
		return "< 0.0001"
	}
	return fmt.Sprintf("%.4f", p)
}

func took(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// dollars prints an amount with about three digits.
func dollars(x float64) string {
	digits := 2
	if x != 0 {
		digits = min(max(2, 2-int(math.Floor(math.Log10(math.Abs(x))))), 9)
	}
	return fmt.Sprintf("$%.*f", digits, x)
}

// Letter returns the letter that stands for a model in a drawing, by its place; an asterisk for those beyond Z.
func Letter(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return "*"
}

// drawPlane draws models by cost and quality, with intervals of quality, and the hull of those that others are mixed of.
func drawPlane(models []eval.Standing, hull eval.Hull) template.HTML {
	c := &chart{id: "plane"}
	lowest, highest, dearest := 1.0, 0.0, 0.0
	for i := range models {
		m := &models[i]
		lowest, highest = math.Min(lowest, m.Quality.Lower), math.Max(highest, m.Quality.Upper)
		dearest = math.Max(dearest, m.Cost.Value)
	}
	c.yLow, c.yHigh, c.step = axisOf(lowest, highest)
	c.xLow, c.xHigh, c.xStep = axisOf(0, dearest)
	c.open("Quality and cost", planeWords(models))
	c.axes()
	line := make([][2]float64, len(hull))
	for i, p := range hull {
		line[i] = [2]float64{c.x(p.Cost), c.y(p.Quality)}
	}
	c.path("curve", false, line)
	for i := range models {
		x := c.x(models[i].Cost.Value)
		c.line("whisker", x, c.y(models[i].Quality.Lower), x, c.y(models[i].Quality.Upper))
	}
	for i := range models {
		x, y := c.x(models[i].Cost.Value), c.y(models[i].Quality.Value)
		c.dot("point", x, y, 5)
		c.text("note strong", x+wide+3, y-wide-1, "start", Letter(i))
	}
	return c.done()
}

// axes draws the grid of a plane of money and shares.
func (c *chart) axes() {
	for v := c.yLow; v <= c.yHigh+c.step/1e6; v += c.step {
		c.line("grid", padLeft, c.y(v), plotRight, c.y(v))
		c.text("tick", padLeft-tick-2, c.y(v)+4, "end", whole(v))
	}
	for v := c.xLow; v <= c.xHigh+c.xStep/1e6; v += c.xStep {
		c.text("tick", c.x(v), plotBottom+labelSpacing, "middle", dollars(1000*v))
	}
	c.line("axis", padLeft, plotBottom, plotRight, plotBottom)
	c.text("name", padLeft+plotWidth/2, chartHeight-8, "middle", "cost of 1,000 items")
	c.text("name", 4, padTop-labelSpacing, "start", "quality")
}

// axisOf returns an axis that holds a range with four to eight marks at round numbers.
func axisOf(low, high float64) (from, to, step float64) {
	if !(high > low) {
		high = low + math.Max(math.Abs(low)/10, 0.01)
	}
	step = math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, times := range []float64{1, 2, 5, 10} {
		if (high-low)/(step*times) <= 6 {
			step *= times
			break
		}
	}
	return math.Floor(low/step+1e-9) * step, math.Ceil(high/step-1e-9) * step, step
}

func planeWords(models []eval.Standing) string {
	s := "Models by cost of 1,000 items and quality."
	for i := range models {
		s += fmt.Sprintf(" %s, %s: %s at %s.", Letter(i), models[i].Name, percent(models[i].Quality.Value), dollars(1000*models[i].Cost.Value))
	}
	return s
}
