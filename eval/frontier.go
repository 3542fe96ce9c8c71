// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Point is a model on the plane of quality and cost.
type Point struct {
	Name    string  `json:"name"`
	Quality float64 `json:"quality"` // higher is better
	Cost    float64 `json:"cost"`    // of an item in US dollars, or in any unit that all points share; lower is better
}

// Place is where a point lies among others.
type Place struct {
	Point
	// DominatedBy names a point that is at least as good and at most as dear, and better or cheaper; the best of them, of
	// equally good ones the cheapest. Empty when there is none.
	DominatedBy string `json:"dominated_by,omitempty"`
	// Hull says that the point is a corner of the hull: no mixture of two others is as good for its cost.
	Hull bool `json:"hull"`
	// Gap is how much quality the hull has above the point at the same cost: 0 on the hull.
	Gap float64 `json:"gap"`
}

// Frontier places points among each other, in their order. All figures must be finite.
func Frontier(points []Point) []Place {
	hull := HullOf(points)
	out := make([]Place, len(points))
	for i, p := range points {
		out[i] = Place{Point: p, DominatedBy: dominator(p, points), Gap: max(0, hull.At(p.Cost)-p.Quality)}
		out[i].Hull = slices.Contains(hull, p)
	}
	return out
}

func dominator(p Point, points []Point) string {
	var best *Point
	for i := range points {
		q := &points[i]
		if q.Quality < p.Quality || q.Cost > p.Cost || q.Quality == p.Quality && q.Cost == p.Cost {
			continue
		}
		if best == nil || q.Quality > best.Quality || q.Quality == best.Quality && q.Cost < best.Cost {
			best = q
		}
	}
	if best == nil {
		return ""
	}
	return best.Name
}

// Hull is the upper left hull of points on the plane: its corners by rising cost and quality, the first the cheapest. All
// that lies on the lines between them can be had without any cleverness, by drawing for each request which of the two
// models answers, so a router earns its keep only above them.
type Hull []Point

// HullOf returns the hull of points: by rising cost, from the cheapest to the best, and never bent upwards (A. M. Andrew,
// "Another efficient algorithm for convex hulls in two dimensions", 1979). Of equal points the first counts.
func HullOf(points []Point) Hull {
	sorted := slices.Clone(points)
	slices.SortStableFunc(sorted, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.Cost, b.Cost), cmp.Compare(b.Quality, a.Quality))
	})
	var hull Hull
	for _, p := range sorted {
		if n := len(hull); n > 0 && p.Quality <= hull[n-1].Quality {
			continue
		}
		for len(hull) > 1 && !bent(hull[len(hull)-2], hull[len(hull)-1], p) {
			hull = hull[:len(hull)-1]
		}
		hull = append(hull, p)
	}
	return hull
}

// bent reports whether b lies above the line from a to c.
func bent(a, b, c Point) bool {
	return (b.Quality-a.Quality)*(c.Cost-a.Cost) > (c.Quality-a.Quality)*(b.Cost-a.Cost)
}

// At returns the best quality that a mixture of two points has at this cost. Below the cheapest point it is that point's
// quality, though it costs more: nothing is known that is as cheap. It is 0 on a hull without corners.
func (h Hull) At(cost float64) float64 {
	if len(h) == 0 {
		return 0
	}
	i, found := slices.BinarySearchFunc(h, cost, func(p Point, c float64) int { return cmp.Compare(p.Cost, c) })
	switch {
	case found:
		return h[i].Quality
	case i == 0:
		return h[0].Quality
	case i == len(h):
		return h[i-1].Quality
	}
	a, b := h[i-1], h[i]
	return a.Quality + (b.Quality-a.Quality)*(cost-a.Cost)/(b.Cost-a.Cost)
}

// Area returns the mean of At over the costs between from and to; at from where they are equal. Over the range between
// the cheapest and the dearest model it is the average improvement in quality of Q. J. Hu and others, "RouterBench: a
// benchmark for multi-LLM routing system" (2024).
func (h Hull) Area(from, to float64) float64 {
	if to < from {
		from, to = to, from
	}
	if to == from || len(h) == 0 {
		return h.At(from)
	}
	at := []float64{from}
	for _, p := range h {
		if p.Cost > from && p.Cost < to {
			at = append(at, p.Cost)
		}
	}
	at = append(at, to)
	var sum float64
	for i := 1; i < len(at); i++ {
		sum += (h.At(at[i-1]) + h.At(at[i])) / 2 * (at[i] - at[i-1])
	}
	return sum / (to - from)
}

// Position is where a blend lies against the hull of its parts.
type Position struct {
	// Gain is the blend's quality less that of the hull at the blend's cost: above 0 when the blend beats every mixture
	// of two parts that costs as much. Below the cheapest part's cost it is taken against that part.
	Gain Estimate `json:"gain"`
	// Saving is the share of cost that the blend saves against the cheapest mixture that is as good; null when no mixture
	// of the parts is.
	Saving *float64 `json:"saving,omitempty"`
}

// PositionOf returns where a blend lies against the hull of its parts on the same items. The interval is a bootstrap's
// over items or clusters, in which the hull is that of the resample, so that it also has the uncertainty of the parts. All
// series need costs.
func PositionOf(blend Series, parts []Series, opt CompareOptions) (*Position, error) {
	all := append(slices.Clone(parts), blend)
	if err := checkSeries(all); err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Cost == nil {
			return nil, fmt.Errorf("compare: %q has no costs: give those of each item", all[i].Name)
		}
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("compare: %q has no parts to compare it with", blend.Name)
	}
	if err := opt.fill(len(blend.Quality)); err != nil {
		return nil, err
	}
	plane := newPlane(all, opt.Cluster)
	gain := func(rng *rand.Rand) float64 {
		points := plane.draw(rng)
		own := points[len(parts)]
		return own.Quality - HullOf(points[:len(parts)]).At(own.Cost)
	}
	p := &Position{Gain: bootstrap(opt.measure(), gain)}
	points := plane.draw(nil)
	p.Saving = saving(points[len(parts)], HullOf(points[:len(parts)]))
	return p, nil
}

// saving returns the share of cost that a point saves against the hull at its own quality.
func saving(own Point, hull Hull) *float64 {
	best := hull[len(hull)-1]
	if own.Quality > best.Quality {
		return nil
	}
	cost := hull[0].Cost
	for i := 1; i < len(hull); i++ {
		if a, b := hull[i-1], hull[i]; own.Quality > a.Quality {
			cost = a.Cost + (b.Cost-a.Cost)*(own.Quality-a.Quality)/(b.Quality-a.Quality)
		}
	}
	if cost <= 0 || math.IsInf(own.Cost/cost, 0) {
		return nil
	}
	share := 1 - own.Cost/cost
	return &share
}

// plane draws resamples of several series at once, with the same items for all.
type plane struct {
	quality, cost []*clusters
	points        []Point // of the latest draw
}

func newPlane(all []Series, cluster []int) *plane {
	p := &plane{points: make([]Point, len(all))}
	for i := range all {
		p.points[i].Name = all[i].Name
		p.quality = append(p.quality, gather(all[i].Quality, cluster))
		p.cost = append(p.cost, gather(all[i].Cost, cluster))
	}
	return p
}

// draw returns the means of a resample, or of the sample when rng is nil. They are good until the next call.
func (p *plane) draw(rng *rand.Rand) []Point {
	for i := range p.points {
		p.points[i].Quality, p.points[i].Cost = 0, 0
	}
	size := p.quality[0].size
	var items float64
	for c := range size {
		if rng != nil {
			c = rng.IntN(len(size))
		}
		items += size[c]
		for i := range p.points {
			p.points[i].Quality += p.quality[i].sum[c]
			p.points[i].Cost += p.cost[i].sum[c]
		}
	}
	for i := range p.points {
		p.points[i].Quality /= items
		p.points[i].Cost /= items
	}
	return p.points
}
