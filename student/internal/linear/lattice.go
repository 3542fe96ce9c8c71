// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import "math"

// Steps are what it is worth that one label follows another, restricted to some of a chain's labels, its states. They may be
// shared.
type Steps struct {
	States []int32 // the labels, ascending
	log    []float32
	onward []float32 // e to the power of log: row a has the steps from a, of Padded(len(States)) numbers
	back   []float32 // the same, transposed
	legal  []bool    // which state may be the first

	wide   []int32   // the states that many may come before
	narrow [][]int32 // of each of the others, that state and those that may
	most   []float32 // of each state, its best step to a wide one
}

// few is how many states may come before one that is not wide.
const few = 2

// Legal says whether label to may follow label from, or, where from is -1, begin a text.
type Legal func(from, to int32) bool

// never is the score of a step that is not legal.
const never = -1e30

// NewSteps restricts weights, rows of stride Padded(labels), to states.
func NewSteps(weights []float32, labels int, states []int32, legal Legal) *Steps {
	n := len(states)
	stride := Padded(n)
	s := &Steps{States: states, log: make([]float32, n*n), onward: make([]float32, n*stride), back: make([]float32, n*stride), legal: make([]bool, n)}
	for b, to := range states {
		s.legal[b] = legal(-1, to)
	}
	s.fill(weights, labels, legal)
	s.plan()
	return s
}

// plan arranges the steps for Decode.
func (s *Steps) plan() {
	n := len(s.States)
	for b := range n {
		before := []int32{int32(b)}
		for a := range n {
			if s.log[a*n+b] > never {
				before = append(before, int32(a))
			}
		}
		if len(before) > 1+few {
			s.wide = append(s.wide, int32(b))
		} else {
			s.narrow = append(s.narrow, before)
		}
	}
	for a := range n {
		most := float32(2 * never)
		for _, b := range s.wide {
			most = max(most, s.log[a*n+int(b)])
		}
		s.most = append(s.most, most)
	}
}

// fill takes the weights anew.
func (s *Steps) fill(weights []float32, labels int, legal Legal) {
	n := len(s.States)
	stride := Padded(n)
	for a, from := range s.States {
		for b, to := range s.States {
			x := float32(never)
			if legal(from, to) {
				x = weights[int(from)*Padded(labels)+int(to)]
				e := Exp(max(-30, min(30, x)))
				s.onward[a*stride+b], s.back[b*stride+a] = e, e
			}
			s.log[a*n+b] = x
		}
	}
}

// Lattice weighs all ways to label one text. The zero value is ready; reusing one avoids allocation. It must not be used by
// two goroutines at once.
type Lattice struct {
	Marginal []float32 // of each token and state: the probability that the token has that label
	Path     []int32   // of each token: the state on the most probable way
	// LogProbability is that of the whole Path.
	LogProbability float64

	steps    *Steps
	tokens   int
	scores   []float32 // tokens × states
	factor   []float32 // e to the power of the scores, each row relative to its highest
	forward  []float32
	backward []float32
	scale    []float32 // what each row of forward was divided by
	carry    []float32
	best     []float32
	from     []int32
	index    []uint32
}

// Reset prepares for a text of a number of tokens and returns the scores, a row of len(steps.States) per token, to be
// filled.
func (l *Lattice) Reset(steps *Steps, tokens int) []float32 {
	n := len(steps.States)
	stride := Padded(n)
	l.steps, l.tokens = steps, tokens
	l.scores, l.from = resize(l.scores, tokens*n), resize(l.from, tokens*n)
	l.factor, l.forward, l.backward = resize(l.factor, tokens*stride), resize(l.forward, tokens*stride), resize(l.backward, tokens*stride)
	l.Marginal, l.Path, l.scale = resize(l.Marginal, tokens*n), resize(l.Path, tokens), resize(l.scale, tokens)
	l.carry, l.best = resize(l.carry, stride), resize(l.best, 2*n)
	if len(l.index) < n {
		l.index = ascending(n)
	}
	return l.scores
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2+8)
	}
	return s[:n]
}

// Weigh fills Marginal by the forward-backward algorithm (Rabiner, "A tutorial on hidden Markov models", 1989, with its
// scaling). It wants at least one token.
func (l *Lattice) Weigh() {
	n := len(l.steps.States)
	stride := Padded(n)
	l.exponentials()
	for t := range l.tokens {
		row, factor := l.forward[t*stride:][:stride], l.factor[t*stride:][:stride]
		if t == 0 {
			for b := range n {
				row[b] = 0
				if l.steps.legal[b] {
					row[b] = factor[b]
				}
			}
			clear(row[n:])
		} else {
			dotRows(row, l.steps.onward, Row{l.index[:n], l.forward[(t-1)*stride:][:n]}, stride)
			for b, f := range factor {
				row[b] = float32(row[b] * f)
			}
		}
		l.scale[t] = normalise(row[:n])
	}
	last := l.backward[(l.tokens-1)*stride:][:stride]
	for b := range last {
		last[b] = 1
	}
	for t := l.tokens - 1; t > 0; t-- {
		for b := range n {
			l.carry[b] = float32(l.backward[t*stride+b] * l.factor[t*stride+b])
		}
		row := l.backward[(t-1)*stride:][:stride]
		dotRows(row, l.steps.back, Row{l.index[:n], l.carry[:n]}, stride)
		normalise(row[:n])
	}
	for t := range l.tokens {
		row := l.Marginal[t*n:][:n]
		for b := range row {
			row[b] = float32(l.forward[t*stride+b] * l.backward[t*stride+b])
		}
		normalise(row)
	}
}

// exponentials fills factor.
func (l *Lattice) exponentials() {
	n := len(l.steps.States)
	stride := Padded(n)
	for t := range l.tokens {
		scores, row := l.scores[t*n:][:n], l.factor[t*stride:][:stride]
		top := scores[0]
		for _, x := range scores {
			top = max(top, x)
		}
		for b, x := range scores {
			row[b] = Exp(x - top)
		}
		clear(row[n:])
	}
}

// normalise divides a row by its sum, and returns that. A row of next to nothing stays.
func normalise(row []float32) float32 {
	var sum float32
	for _, x := range row {
		sum += x
	}
	if sum > 1e-37 { // else its inverse is no number
		inverse := 1 / sum
		for i := range row {
			row[i] = float32(row[i] * inverse)
		}
	}
	return sum
}

// Decode fills Path with the most probable way (Viterbi 1967) and, after Weigh, LogProbability.
func (l *Lattice) Decode() {
	n := len(l.steps.States)
	now, next := l.best[:n], l.best[n:2*n]
	for b := range n {
		now[b] = never
		if l.steps.legal[b] {
			now[b] = l.scores[b]
		}
	}
	for t := 1; t < l.tokens; t++ {
		l.advance(next, now, l.from[t*n:][:n])
		for b, x := range l.scores[t*n:][:n] {
			next[b] += x
		}
		now, next = next, now
	}
	top := highest(now)
	for t := l.tokens - 1; t >= 0; t-- {
		l.Path[t] = int32(top)
		top = int(l.from[t*n+top])
	}
	l.LogProbability = l.logProbability()
}

// advance finds the best way to each state from those before, worth now. To wide states the best of these is tried first; those that
// cannot lead to any of them better are left out, which is most where the text is clear.
func (l *Lattice) advance(next, now []float32, from []int32) {
	s, n := l.steps, len(now)
	best := highest(now)
	worst := float32(-2 * never)
	for _, b := range s.wide {
		next[b], from[b] = now[best]+s.log[best*n+int(b)], int32(best)
		worst = min(worst, next[b])
	}
	for a, x := range now {
		if x+s.most[a] <= worst || a == best {
			continue
		}
		log := s.log[a*n:][:n]
		for _, b := range s.wide {
			if y := x + log[b]; y > next[b] {
				next[b], from[b] = y, int32(a)
			}
		}
	}
	for _, before := range s.narrow {
		b := before[0]
		next[b], from[b] = 2*never, 0
		for _, a := range before[1:] {
			if y := now[a] + s.log[int(a)*n+int(b)]; y > next[b] {
				next[b], from[b] = y, a
			}
		}
	}
}

// highest returns the place of the highest number, the first of several.
func highest(row []float32) int {
	top := 0
	for b, x := range row {
		if x > row[top] {
			top = b
		}
	}
	return top
}

// logProbability multiplies what the way is worth, divided by what all ways are: the product of scale.
func (l *Lattice) logProbability() float64 {
	stride := Padded(len(l.steps.States))
	var sum float64
	for t, b := range l.Path {
		p := l.factor[t*stride+int(b)]
		if t > 0 {
			p = float32(p * l.steps.onward[int(l.Path[t-1])*stride+int(b)])
		}
		sum += math.Log(max(float64(p)/float64(l.scale[t]), 1e-300))
	}
	return min(sum, 0)
}
