// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"math"
	"slices"
)

// scored is an answer about a text that the answering model had not seen, before calibration.
type scored struct {
	scores []float32 // of each member in turn; nil when no model could be trained
	seen   []int32
	class  int32 // the teacher's
	weight float32
}

// maxHeat bounds the factors, for labels that can be told apart without error.
const maxHeat = 64

// fitHeat returns the factors, one per member, that make the softmax of the members' weighted scores give the
// teacher's labels the highest likelihood: temperature scaling (Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural
// networks", ICML 2017) for several members at once. As in Platt's "Probabilistic outputs for support vector
// machines" (1999) the labels are believed a little less than fully, so that few labels do not make it certain.
//
// The likelihood is concave; it is climbed by Newton's method with factors kept in [0, maxHeat].
func fitHeat(answers []scored, members int) []float32 {
	heat := slices.Repeat([]float64{1}, members)
	used := slices.DeleteFunc(slices.Clone(answers), func(a scored) bool {
		return len(a.seen) < 2 || len(a.scores) != members*len(a.seen) || !slices.Contains(a.seen, a.class)
	})
	if len(used) > 0 {
		climb(used, heat)
	}
	out := make([]float32, members)
	for k, h := range heat {
		// Processors differ in the last digits of a logarithm; rounding hides that.
		out[k] = float32(math.Round(h*256) / 256)
	}
	return out
}

func climb(answers []scored, heat []float64) {
	c := newCurvature(len(heat))
	loss := c.measure(answers, heat)
	for range 50 {
		move := c.newton(heat)
		length, better := 1.0, false
		for range 20 {
			next := make([]float64, len(heat))
			for k := range heat {
				next[k] = max(0, min(maxHeat, heat[k]-length*move[k]))
			}
			trial := newCurvature(len(heat))
			if l := trial.measure(answers, next); l < loss-1e-9*math.Abs(loss) {
				copy(heat, next)
				c, loss, better = trial, l, true
				break
			}
			length /= 2
		}
		if !better {
			return
		}
	}
}

// curvature is the slope and the second derivatives of the negative log-likelihood.
type curvature struct {
	slope []float64
	bend  [][]float64
}

func newCurvature(members int) *curvature {
	c := &curvature{slope: make([]float64, members), bend: make([][]float64, members)}
	for k := range c.bend {
		c.bend[k] = make([]float64, members)
	}
	return c
}

// measure returns the negative log-likelihood at heat and fills c.
func (c *curvature) measure(answers []scored, heat []float64) float64 {
	var loss, total float64
	doubt := 1 / float64(len(answers)+2)
	members := len(heat)
	mean, wanted := make([]float64, members), make([]float64, members)
	var p []float64
	for _, a := range answers {
		outputs := len(a.seen)
		p = softProbabilities(p[:0], a.scores, outputs, heat)
		own := slices.Index(a.seen, a.class)
		weight := float64(a.weight)
		total += weight
		clear(mean)
		clear(wanted)
		for j, x := range p {
			trust := doubt / float64(outputs)
			if j == own {
				trust += 1 - doubt
			}
			loss -= weight * trust * math.Log(max(x, 1e-300))
			for k := range members {
				s := float64(a.scores[k*outputs+j])
				mean[k] += x * s
				wanted[k] += trust * s
			}
		}
		for k := range members {
			c.slope[k] += weight * (mean[k] - wanted[k])
			for l := range k + 1 {
				var both float64
				for j, x := range p {
					both += x * float64(a.scores[k*outputs+j]) * float64(a.scores[l*outputs+j])
				}
				c.bend[k][l] += weight * (both - mean[k]*mean[l])
			}
		}
	}
	for k := range members {
		c.bend[k][k] += 1e-9 * total
		for l := range k {
			c.bend[l][k] = c.bend[k][l]
		}
	}
	return loss / total
}

// newton solves bend * move = slope over the members that are free to move.
func (c *curvature) newton(heat []float64) []float64 {
	var free []int
	for k := range heat {
		if heat[k] > 0 && heat[k] < maxHeat || heat[k] == 0 && c.slope[k] < 0 || heat[k] == maxHeat && c.slope[k] > 0 {
			free = append(free, k)
		}
	}
	rows := make([][]float64, len(free))
	for i, k := range free {
		for _, l := range free {
			rows[i] = append(rows[i], c.bend[k][l])
		}
		rows[i] = append(rows[i], c.slope[k])
	}
	move := make([]float64, len(heat))
	for i, x := range solve(rows) {
		move[free[i]] = x
	}
	return move
}

// solve returns the x for which the rows' left part times x is their last column. The left part must be positive definite, so
// no pivoting is needed. It overwrites rows.
func solve(rows [][]float64) []float64 {
	n := len(rows)
	for i := range n {
		for j := range n {
			if j != i {
				f := rows[j][i] / rows[i][i]
				for k := range rows[j] {
					rows[j][k] -= f * rows[i][k]
				}
			}
		}
	}
	x := make([]float64, n)
	for i := range x {
		x[i] = rows[i][n] / rows[i][i]
	}
	return x
}

// softProbabilities appends the softmax of the members' weighted scores to dst.
func softProbabilities(dst []float64, scores []float32, outputs int, heat []float64) []float64 {
	top := math.Inf(-1)
	for c := range outputs {
		var sum float64
		for k, h := range heat {
			sum += h * float64(scores[k*outputs+c])
		}
		dst = append(dst, sum)
		top = max(top, sum)
	}
	var total float64
	for c := range dst {
		dst[c] = math.Exp(dst[c] - top)
		total += dst[c]
	}
	for c := range dst {
		dst[c] /= total
	}
	return dst
}
