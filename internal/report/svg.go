// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
)

// The size of a drawing in its own units. It is drawn for the width of a phone, where its text is larger in these units
// (style.css) and needs the room at the edges; a wide page shows two side by side.
const (
	chartWidth, chartHeight  = 440.0, 330.0
	padLeft, padRight        = 54.0, 26.0
	padTop, padBottom        = 30.0, 46.0
	plotRight, plotBottom    = chartWidth - padRight, chartHeight - padBottom
	plotWidth, plotHeight    = plotRight - padLeft, plotBottom - padTop
	wide, tick, labelSpacing = 4.0, 5.0, 17.0
)

// chart draws one SVG. Its text is escaped and everything else are numbers, so the result is safe as HTML.
type chart struct {
	b                  strings.Builder
	id                 string // unique on the page
	xLow, xHigh, yLow  float64
	yHigh, xStep, step float64
}

func (c *chart) x(v float64) float64 { return padLeft + (v-c.xLow)/(c.xHigh-c.xLow)*plotWidth }
func (c *chart) y(v float64) float64 { return plotBottom - (v-c.yLow)/(c.yHigh-c.yLow)*plotHeight }

// open begins the drawing. title and description are what a screen reader says.
func (c *chart) open(title, description string) {
	fmt.Fprintf(&c.b, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-labelledby="%s-t %s-d" xmlns="http://www.w3.org/2000/svg">`,
		chartWidth, chartHeight, c.id, c.id)
	fmt.Fprintf(&c.b, `<title id="%s-t">%s</title><desc id="%s-d">%s</desc>`, c.id, html.EscapeString(title), c.id, html.EscapeString(description))
	fmt.Fprintf(&c.b, `<clipPath id="%s-c"><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"/></clipPath>`, c.id, padLeft, padTop-1, plotWidth+1, plotHeight+1)
}

// grid draws the axes with their names.
func (c *chart) grid(xName, yName string) {
	for v := c.yLow; v <= c.yHigh+1e-9; v += c.step {
		c.line("grid", padLeft, c.y(v), plotRight, c.y(v))
		c.text("tick", padLeft-tick-2, c.y(v)+4, "end", whole(v))
	}
	for v := c.xLow; v <= c.xHigh+1e-9; v += c.xStep {
		c.text("tick", c.x(v), plotBottom+labelSpacing, "middle", whole(v))
	}
	c.line("axis", padLeft, plotBottom, plotRight, plotBottom)
	c.text("name", padLeft+plotWidth/2, chartHeight-8, "middle", xName)
	c.text("name", 4, padTop-labelSpacing, "start", yName)
}

func (c *chart) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

func (c *chart) text(class string, x, y float64, anchor, s string) {
	fmt.Fprintf(&c.b, `<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, class, x, y, anchor, html.EscapeString(s))
}

func (c *chart) dot(class string, x, y, radius float64) {
	fmt.Fprintf(&c.b, `<circle class="%s" cx="%.1f" cy="%.1f" r="%.1f"/>`, class, x, y, radius)
}

func (c *chart) rect(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, class, x1, y1, math.Max(0, x2-x1), math.Max(0, y2-y1))
}

// path draws points joined by lines, cut off at the plot's edges.
func (c *chart) path(class string, closed bool, points [][2]float64) {
	if len(points) == 0 {
		return
	}
	fmt.Fprintf(&c.b, `<path class="%s" clip-path="url(#%s-c)" d="`, class, c.id)
	for i, p := range points {
		verb := 'L'
		if i == 0 {
			verb = 'M'
		}
		fmt.Fprintf(&c.b, "%c%.1f %.1f", verb, p[0], p[1])
	}
	if closed {
		c.b.WriteByte('Z')
	}
	c.b.WriteString(`"/>`)
}

func (c *chart) done() template.HTML {
	c.b.WriteString("</svg>")
	return template.HTML(c.b.String()) // numbers and escaped text only
}

// axisFrom rounds a lowest value down to a step that gives an axis up to 1 some four to six marks.
func axisFrom(lowest float64) (low, step float64) {
	lowest = math.Min(math.Max(lowest, 0), 0.98)
	for _, step = range []float64{0.01, 0.02, 0.05, 0.1, 0.2} {
		low = math.Floor(lowest/step+1e-9) * step
		if (1-low)/step <= 6+1e-9 && math.Abs(math.Round((1-low)/step)-(1-low)/step) < 1e-6 {
			return low, step
		}
	}
	return 0, 0.2
}
