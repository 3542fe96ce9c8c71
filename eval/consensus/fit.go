// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package consensus

import (
	"errors"
	"fmt"
	"math"
)

// Options says how Fit fits; the zero value is ready to use.
type Options struct {
	Gold       []int   // the true class of each row, None where it is not known; nil: of none
	Smoothing  float64 // strength of the priors, in votes for each row of a matrix; 0: 8
	Iterations int     // most rounds of each step; 0: 200
	Tolerance  float64 // largest change of a probability between rounds at which a step ends; 0: 1e-6
}

const (
	defaultSmoothing  = 8
	defaultIterations = 200
	defaultTolerance  = 1e-6

	guess     = 0.75 // how often answerers are right before anything is known of them
	classMass = 0.5  // prior votes for each class
)

// Fit estimates the reliability of answerers from their votes. Without known classes nobody can say how good a single
// answerer is, and that is an error; two are told apart by the priors alone, and from three on the votes decide. With
// fewer than about a hundred items there is little to learn, and a majority is as good. The same votes give the same result, bit by bit.
func Fit(v *Votes, opt Options) (*Reliability, error) {
	if err := opt.complete(v); err != nil {
		return nil, fmt.Errorf("fit consensus: %w", err)
	}
	f := newFitting(v, opt)
	rounds, settled := f.run(f.pooled)
	f.fix()
	for range len(v.Classes) { // each exchange brings the votes and the classes closer, so that a few suffice
		more, ok := f.run(f.full)
		rounds, settled = rounds+more, settled && ok
		if !f.exchange() {
			break
		}
	}
	r := f.reliability()
	r.Iterations, r.Converged = rounds, settled
	if r.Labelled > 0 {
		f.temper(r)
	}
	return r, nil
}

func (o *Options) complete(v *Votes) error {
	if err := v.check(); err != nil {
		return err
	}
	if o.Gold != nil && len(o.Gold) != len(v.Rows) {
		return fmt.Errorf("there are %d true classes for %d items", len(o.Gold), len(v.Rows))
	}
	known := 0
	for i, k := range o.Gold {
		if k < None || k >= len(v.Classes) {
			return fmt.Errorf("the true class of row %d is %d of %d", i, k, len(v.Classes))
		}
		if k != None {
			known++
		}
	}
	if known == 0 && len(v.Answerers) == 1 && len(v.Classes) > 1 {
		return errors.New("one answerer alone says nothing of how reliable it is; give true classes, or a second answerer")
	}
	if !(o.Smoothing == 0 || o.Smoothing >= 1e-6 && o.Smoothing <= 1e9) || !(o.Tolerance >= 0 && o.Tolerance < 1) || o.Iterations < 0 {
		return fmt.Errorf("the options %v make no sense; leave them at 0", []any{o.Smoothing, o.Tolerance, o.Iterations})
	}
	if o.Smoothing == 0 {
		o.Smoothing = defaultSmoothing
	}
	if o.Iterations == 0 {
		o.Iterations = defaultIterations
	}
	if o.Tolerance == 0 {
		o.Tolerance = defaultTolerance
	}
	return nil
}

// fitting is the state of EM.
type fitting struct {
	votes   *Votes
	opt     Options
	classes int
	belief  []float64 // for each item and class, its probability
	prior   []float64 // share of each class
	right   []float64 // for each answerer, how often it is right
	mean    []float64 // right, once it serves as the mean of the rows' priors
	counts  table     // expected votes
	shares  table     // the matrices
	logs    table     // their logarithms
}

// table holds a number for each answerer, class said and true class, in that order, so that what a vote says of all
// classes lies together.
type table struct {
	cells   []float64
	classes int
}

func newTable(answerers, classes int) table {
	return table{make([]float64, answerers*classes*classes), classes}
}

// row returns what a vote of an answerer for a class has of each true class.
func (t *table) row(answerer, said int) []float64 {
	start := (answerer*t.classes + said) * t.classes
	return t.cells[start : start+t.classes]
}

func newFitting(v *Votes, opt Options) *fitting {
	n, k := len(v.Answerers), len(v.Classes)
	f := &fitting{votes: v, opt: opt, classes: k, belief: make([]float64, len(v.Rows)*k), prior: make([]float64, k),
		right: make([]float64, n), counts: newTable(n, k), shares: newTable(n, k), logs: newTable(n, k)}
	for i, row := range v.Rows {
		b := f.of(i)
		for c := range b {
			b[c] = 1 / float64(k)
		}
		for _, said := range row {
			if said != None {
				b[said]++
			}
		}
		f.know(i)
		normalise(b)
	}
	return f
}

func (f *fitting) of(item int) []float64 { return f.belief[item*f.classes : (item+1)*f.classes] }

// know sets the belief about an item whose class is known.
func (f *fitting) know(item int) {
	if f.opt.Gold == nil || f.opt.Gold[item] == None {
		return
	}
	b := f.of(item)
	clear(b)
	b[f.opt.Gold[item]] = 1
}

// run takes turns in estimating the answerers from the beliefs, by maximise, and the beliefs from the answerers.
func (f *fitting) run(maximise func()) (rounds int, settled bool) {
	for rounds < f.opt.Iterations {
		rounds++
		f.count()
		maximise()
		if f.expect() <= f.opt.Tolerance {
			return rounds, true
		}
	}
	return rounds, false
}

// count adds up the expected votes of each answerer and class, and the shares of the classes.
func (f *fitting) count() {
	clear(f.counts.cells)
	for c := range f.prior {
		f.prior[c] = classMass
	}
	for i, row := range f.votes.Rows {
		b := f.of(i)
		for c, p := range b {
			f.prior[c] += p
		}
		for a, said := range row {
			if said == None {
				continue
			}
			for c, p := range b {
				f.counts.row(a, said)[c] += p
			}
		}
	}
	normalise(f.prior)
}

// pooled estimates one number for each answerer, and takes all classes as equally frequent: were their shares estimated
// too, an answerer that always says the same would soon be thought right, and its class the only one there is.
func (f *fitting) pooled() {
	for c := range f.prior {
		f.prior[c] = 1 / float64(f.classes)
	}
	for a := range f.right {
		right, all := guess*f.opt.Smoothing, f.opt.Smoothing
		for said := range f.classes {
			for c, n := range f.counts.row(a, said) {
				all += n
				if c == said {
					right += n
				}
			}
		}
		f.right[a] = right / all
		for said := range f.classes {
			for c := range f.classes {
				f.shares.row(a, said)[c] = f.pool(f.right[a], said, c)
			}
		}
	}
}

// pool returns with what probability an answerer that is right so often says a class of an item of another.
func (f *fitting) pool(right float64, said, class int) float64 {
	switch {
	case f.classes == 1:
		return 1
	case said == class:
		return right
	}
	return (1 - right) / float64(f.classes-1)
}

// fix makes what is known of each answerer as a whole the mean of the priors of its rows.
func (f *fitting) fix() { f.mean = append(f.mean, f.right...) }

// full estimates the matrices.
func (f *fitting) full() {
	for a := range f.mean {
		for c := range f.classes {
			all := f.opt.Smoothing
			for said := range f.classes {
				all += f.counts.row(a, said)[c]
			}
			for said := range f.classes {
				f.shares.row(a, said)[c] = (f.counts.row(a, said)[c] + f.opt.Smoothing*f.pool(f.mean[a], said, c)) / all
			}
		}
	}
}

// expect estimates the beliefs and returns the largest change of one.
func (f *fitting) expect() (change float64) {
	for i, p := range f.shares.cells {
		f.logs.cells[i] = math.Log(p)
	}
	now := make([]float64, f.classes)
	for i, row := range f.votes.Rows {
		b := f.of(i)
		if f.opt.Gold != nil && f.opt.Gold[i] != None {
			continue
		}
		for c, p := range f.prior {
			now[c] = math.Log(p)
		}
		for a, said := range row {
			if said == None {
				continue
			}
			for c, l := range f.logs.row(a, said) {
				now[c] += l
			}
		}
		softmax(now)
		for c, p := range now {
			change = max(change, math.Abs(p-b[c]))
			b[c] = p
		}
	}
	return change
}

// exchange looks for two classes that came out in each other's place: with them exchanged more votes would be right. It
// puts them back and says whether it found any. Where classes are known they cannot have moved.
func (f *fitting) exchange() bool {
	for _, k := range f.opt.Gold {
		if k != None {
			return false
		}
	}
	f.count()
	pooled := func(said, class int) (sum float64) {
		for a := range f.votes.Answerers {
			sum += f.counts.row(a, said)[class]
		}
		return sum
	}
	for x := range f.classes {
		for y := range x {
			if pooled(x, x)+pooled(y, y) >= pooled(x, y)+pooled(y, x) {
				continue
			}
			for i := range f.votes.Rows {
				b := f.of(i)
				b[x], b[y] = b[y], b[x]
			}
			return true
		}
	}
	return false
}

func normalise(p []float64) {
	sum := 0.0
	for _, x := range p {
		sum += x
	}
	for i := range p {
		p[i] /= sum
	}
}

// softmax turns logarithms of weights into probabilities. At least one of them is finite.
func softmax(p []float64) {
	top := math.Inf(-1)
	for _, x := range p {
		top = max(top, x)
	}
	for i, x := range p {
		p[i] = math.Exp(x - top)
	}
	normalise(p)
}
