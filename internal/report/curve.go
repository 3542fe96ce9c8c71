// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"html/template"
	"math"

	"retort/distill"
	"retort/eval/certify"
)

// drawCurve draws how agreement falls as the student answers more, with the target, the threshold and the bound.
func drawCurve(points []certify.Point, r *distill.Report) template.HTML {
	speaks := r.Certificate.Speaks()
	c := &chart{id: "curve", xHigh: 1, xStep: 0.25, yHigh: 1}
	c.yLow, c.step = axisFrom(lowestOf(points, r) - 0.01)
	c.open("Coverage against agreement", curveWords(r))
	if speaks {
		c.rect("answered", padLeft, padTop, c.x(r.Coverage), plotBottom)
	}
	c.grid("share of requests that the student answers", "agreement with the teacher")

	band, line := make([][2]float64, 0, 2*len(points)), make([][2]float64, 0, len(points)+1)
	if len(points) > 0 { // so that a curve of one point is seen
		line = append(line, [2]float64{c.x(0), c.y(points[0].Agreement)})
	}
	for _, p := range points {
		band = append(band, [2]float64{c.x(p.Coverage), c.y(p.Upper)})
		line = append(line, [2]float64{c.x(p.Coverage), c.y(p.Agreement)})
	}
	for i := len(points) - 1; i >= 0; i-- {
		band = append(band, [2]float64{c.x(points[i].Coverage), c.y(points[i].Lower)})
	}
	c.path("band", true, band)
	c.path("curve", false, line)
	if r.Target >= c.yLow {
		c.line("target", padLeft, c.y(r.Target), plotRight, c.y(r.Target))
		c.text("note", padLeft+wide+2, c.y(r.Target)+labelSpacing-2, "start", "target "+whole(r.Target))
	}
	if speaks {
		c.operating(r)
	}
	return c.done()
}

// operating marks where the student works: threshold, agreement there, and the bound under it.
func (c *chart) operating(r *distill.Report) {
	x := c.x(r.Coverage)
	c.line("threshold", x, padTop, x, plotBottom)
	low := c.y(math.Max(r.Certificate.Lower, c.yLow))
	c.line("bound", x, c.y(math.Max(r.Agreement, c.yLow)), x, low)
	c.line("bound", x-2*wide, low, x+2*wide, low)
	c.dot("point", x, c.y(math.Max(r.Agreement, c.yLow)), 5)
	anchor, at := "end", x-wide-2
	if r.Coverage < 0.4 {
		anchor, at = "start", x+wide+2
	}
	c.text("note strong", at, plotBottom-labelSpacing-wide-3, anchor, "answers "+percent(r.Coverage))
	c.text("note", at, plotBottom-wide-3, anchor, fmt.Sprintf("threshold %.3f", r.Certificate.Threshold))
}

// lowestOf finds how far down the axis must reach: the end of the curve, the target and the bound. The ragged start of
// the curve, where a handful of answers decide, does not count.
func lowestOf(points []certify.Point, r *distill.Report) float64 {
	lowest := 0.97
	for _, p := range points {
		if p.Coverage > 0.05 || p.Answered >= 30 {
			lowest = math.Min(lowest, p.Agreement)
		}
	}
	if r.Target > 0 {
		lowest = math.Min(lowest, r.Target)
	}
	if r.Certificate.Speaks() {
		lowest = math.Min(lowest, math.Min(r.Certificate.Lower, r.Agreement))
	}
	return lowest
}

// curveWords is what the drawing says to somebody who cannot see it.
func curveWords(r *distill.Report) string {
	all := "Answering every request, the student agrees with the teacher on " + percent(r.Accuracy) + "."
	if !r.Certificate.Speaks() {
		return all + " It is silent: no threshold reaches the target of " + whole(r.Target) + "."
	}
	return fmt.Sprintf("%s At its threshold of %.3f it answers %s of requests and agrees on %s of those; the target is %s and the %s bound %s.",
		all, r.Certificate.Threshold, percent(r.Coverage), percent(r.Agreement), whole(r.Target), r.Certificate.Status, bound(r.Certificate.Lower))
}

// drawReliability draws what scores promised against what was kept.
func drawReliability(bins []certify.Bin) template.HTML {
	lowest := 0.9
	for _, b := range bins {
		lowest = math.Min(lowest, math.Min(b.MeanScore, b.Agreement)-0.02)
	}
	low, step := axisFrom(lowest)
	c := &chart{id: "reliability", xLow: low, xHigh: 1, yLow: low, yHigh: 1, xStep: step, step: step}
	c.open("Reliability of the scores", reliabilityWords(bins))
	c.grid("score that the student gave", "agreement that was found")
	c.line("ideal", c.x(low), c.y(low), c.x(1), c.y(1))
	for _, b := range bins {
		x := c.x(b.MeanScore)
		c.line("whisker", x, c.y(math.Max(b.Lower, low)), x, c.y(b.Upper))
	}
	for _, b := range bins {
		c.dot("point", c.x(b.MeanScore), c.y(b.Agreement), 4)
	}
	c.text("note", c.x(1)-wide, plotBottom-wide-3, "end", "on the diagonal, scores tell the truth")
	return c.done()
}

func reliabilityWords(bins []certify.Bin) string {
	s := "Requests in bins of equal size by score."
	for _, b := range bins {
		s += fmt.Sprintf(" Mean score %s: agreement %s.", percent(b.MeanScore), percent(b.Agreement))
	}
	return s
}
