// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import "math"

// levels are the average qualities of models over the same requests.
//
// Where not every model answered every request, a model that was asked the hard ones only would look bad. So the quality of
// model m on request i is taken as level(m) + shared(i) + residual(i, m), and levels and shared parts are found by fitting
// each to the other in turn.
type levels []float64

// fitTurns is how often levels and shared parts are fitted to each other.
const fitTurns = 20

// oneMore is how many answers of average quality each model is taken to have had beside its own.
const oneMore = 1

func newLevels(quality [][]float64, models int) levels {
	level := make(levels, models)
	for range fitTurns {
		sum, known := make([]float64, models), make([]float64, models)
		usual := level.usual(quality)
		for _, row := range quality {
			shared := level.shared(row) - usual
			for m, y := range row {
				if y == y {
					sum[m] += y - shared
					known[m]++
				}
			}
		}
		mean, all := 0.0, 0.0
		for m := range level {
			mean += sum[m]
			all += known[m]
		}
		mean /= max(all, 1)
		for m := range level {
			level[m] = (sum[m] + oneMore*mean) / (known[m] + oneMore)
		}
	}
	return level
}

// usual is the mean of the shared parts. Taking it from them makes them be about the differences between requests alone.
func (l levels) usual(quality [][]float64) float64 {
	sum, known := 0.0, 0.0
	for _, row := range quality {
		for _, y := range row {
			if y == y {
				sum += l.shared(row)
				known++
				break
			}
		}
	}
	return sum / max(known, 1)
}

// shared is by how much the answers to a request are better than usual.
func (l levels) shared(row []float64) float64 {
	sum, known := 0.0, 0.0
	for m, y := range row {
		if y == y {
			sum += y - l[m]
			known++
		}
	}
	return sum / max(known, 1)
}

// contrasts writes into dst what is to be predicted of a request: the shared part, and the residual of each model, NaN where
// it is not known.
func (l levels) contrasts(dst, row []float64) {
	shared := l.shared(row)
	dst[0] = math.NaN()
	for m, y := range row {
		dst[1+m] = y - l[m] - shared
		if y == y {
			dst[0] = shared
		}
	}
}

// average returns the mean of the known numbers of each column.
func average(rows [][]float64, columns int) []float64 {
	sum, known := make([]float64, columns), make([]float64, columns)
	for _, row := range rows {
		for c, x := range row {
			if x == x {
				sum[c] += x
				known[c]++
			}
		}
	}
	for c := range sum {
		sum[c] /= max(known[c], 1)
	}
	return sum
}

// table has the rates of domains: of each domain and contrast the mean, drawn to zero by as much as chance explains it.
type table [][]float64

// newTable estimates the rates. It is empirical Bayes by moments: the mean of n values that vary by v around a rate that itself
// varies by t between domains is multiplied with n / (n + v/t).
func newTable(contrasts [][]float64, domain []int, domains int) table {
	width := len(contrasts[0])
	t := make(table, domains)
	known := make([][]float64, domains)
	for d := range t {
		t[d], known[d] = make([]float64, width), make([]float64, width)
	}
	for i, row := range contrasts {
		for c, x := range row {
			if d := domain[i]; d >= 0 && x == x {
				t[d][c] += x
				known[d][c]++
			}
		}
	}
	for d := range t {
		for c := range width {
			t[d][c] /= max(known[d][c], 1)
		}
	}
	for c := range width {
		within := t.within(contrasts, domain, c)
		between := t.between(known, within, c)
		for d := range t {
			if n := known[d][c]; n > 0 && between > 0 {
				t[d][c] *= n / (n + within/between)
			} else {
				t[d][c] = 0
			}
		}
	}
	return t
}

// within is the variance of contrast c inside domains.
func (t table) within(contrasts [][]float64, domain []int, c int) float64 {
	sum, n := 0.0, 0.0
	seen := map[int]bool{}
	for i, row := range contrasts {
		if d := domain[i]; d >= 0 && row[c] == row[c] {
			sum += (row[c] - t[d][c]) * (row[c] - t[d][c])
			n++
			seen[d] = true
		}
	}
	return sum / max(n-float64(len(seen)), 1)
}

// between is the variance of the rates of contrast c, without what their means vary by chance.
func (t table) between(known [][]float64, within float64, c int) float64 {
	sum, all, domains := 0.0, 0.0, 0.0
	for d := range t {
		if n := known[d][c]; n > 0 {
			sum += n * t[d][c] * t[d][c]
			all += n
			domains++
		}
	}
	return max(0, (sum-domains*within)/max(all, 1))
}
