// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// svg draws points: accuracy upwards, the logarithm of cost to the right. Hovering over a point shows its name.
func svg(points []drawn) []byte {
	const width, height, margin = 960, 560, 60
	left, right := math.Inf(1), math.Inf(-1)
	bottom, top := 1.0, 0.0
	for _, p := range points {
		left, right = min(left, math.Log10(p.Cost)), max(right, math.Log10(p.Cost))
		bottom, top = min(bottom, p.Quality), max(top, p.Quality)
	}
	left, right = math.Floor(left), math.Ceil(right)
	bottom, top = math.Floor(bottom*50)/50, math.Ceil(top*50)/50
	x := func(cost float64) float64 {
		return margin + (math.Log10(cost)-left)/(right-left)*(width-2*margin)
	}
	y := func(quality float64) float64 {
		return height - margin - (quality-bottom)/(top-bottom)*(height-2*margin)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`, width, height)
	fmt.Fprintf(&out, "\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width, height)
	for decade := left; decade <= right; decade++ {
		at := x(math.Pow(10, decade))
		fmt.Fprintf(&out, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%g</text>`+"\n",
			at, margin, at, height-margin, at, height-margin+18, math.Pow(10, decade+6))
	}
	for quality := bottom; quality <= top+1e-9; quality += 0.02 {
		fmt.Fprintf(&out, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%.2f</text>`+"\n",
			margin, y(quality), width-margin, y(quality), margin-6, y(quality)+4, quality)
	}
	fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="middle">US dollars per million headlines</text>`+"\n", width/2, height-16)
	fmt.Fprintf(&out, `<text x="16" y="%d" text-anchor="middle" transform="rotate(-90 16 %d)">accuracy on the test split</text>`+"\n", height/2, height/2)
	colours := map[string]string{"model": "#777777", "FrugalGPT": "#d95f02", "student": "#1b9e77", "cascade": "#7570b3"}
	for _, p := range points {
		radius := map[bool]float64{true: 3, false: 5}[p.family == "cascade"]
		fmt.Fprintf(&out, `<circle cx="%.1f" cy="%.1f" r="%g" fill="%s"><title>%s: %.4f at $%.4g per million</title></circle>`+"\n",
			x(p.Cost), y(p.Quality), radius, colours[p.family], html.EscapeString(p.Name), p.Quality, p.Cost*1e6)
		if p.family != "cascade" && p.family != "FrugalGPT" {
			fmt.Fprintf(&out, `<text x="%.1f" y="%.1f" fill="%s">%s</text>`+"\n", x(p.Cost)+7, y(p.Quality)+4, colours[p.family], html.EscapeString(p.Name))
		}
	}
	for i, family := range []string{"model", "FrugalGPT", "student", "cascade"} {
		fmt.Fprintf(&out, `<circle cx="%d" cy="24" r="5" fill="%s"/><text x="%d" y="28">%s</text>`+"\n", margin+120*i, colours[family], margin+10+120*i, family)
	}
	out.WriteString("</svg>\n")
	return out.Bytes()
}
