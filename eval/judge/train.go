// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"

	"retort/model"
)

// Verdict is an answer whose worth is known.
type Verdict struct {
	Request  *model.Request
	Response *model.Response // its first choice counts
	Good     float64         // from 0 to 1: 1 for a good answer, 0 for a bad one, a chance or a grade in between
}

// Preference is a pair of answers of which is known how often the first is preferred.
type Preference struct {
	Request *model.Request
	A, B    *model.Response // their first choices count
	Better  float64         // from 0 to 1: 1 when A is better, 0 when B is
}

// Lessons are what a Learned is trained on; at least one of the two kinds.
type Lessons struct {
	Verdicts    []Verdict
	Preferences []Preference
}

// Training says how Train works; the zero value is ready to use.
type Training struct {
	// Strength is that of the regularisation, above 0. 0: chosen by cross-validation.
	Strength float64
	Seed     uint64 // of the folds
	Workers  int    // goroutines; 0: one for each processor
}

// folds is the number of parts of the lessons that are left out in turn. Lessons on the same request are in one part.
const folds = 5

// strengths are tried in this order, each fit beginning where the one before it ended.
var strengths = []float64{0.1, 0.03, 0.01, 0.003, 0.001, 0.0003}

// Train returns a verifier that learned from lessons. The result is the same for the same lessons, training and machine.
// Errors name a lesson that cannot be read, or say that there are too few; and there is that of ctx.
func Train(ctx context.Context, lessons Lessons, how Training) (*Learned, error) {
	rows, err := rowsOf(lessons)
	if err != nil {
		return nil, fmt.Errorf("train verifier: %w", err)
	}
	l := &Learned{card: card{Shapes: shapes, Verdicts: len(lessons.Verdicts), Preferences: len(lessons.Preferences)}}
	scaling := newScaling(rows)
	l.middle, l.scale = scaling.middle, scaling.scale
	for i := range rows {
		scaling.apply(&rows[i])
	}
	used := compact(rows)
	if how.Workers <= 0 {
		how.Workers = runtime.GOMAXPROCS(0)
	}
	tried := strengths
	if how.Strength > 0 {
		tried = []float64{how.Strength}
	}
	left, err := leaveOut(ctx, rows, len(used), tried, how)
	if err != nil {
		return nil, fmt.Errorf("train verifier: %w", err)
	}
	l.card.Strength, l.card.Loss = left.strength, left.loss
	l.calibrate(rows, left.sums)
	w, err := fit(ctx, rows, len(used), l.card.Strength, nil)
	if err != nil {
		return nil, fmt.Errorf("train verifier: %w", err)
	}
	l.card.Bias += l.card.Slope * w[len(w)-1]
	l.hashed, l.shape = make([]float32, buckets), narrow(w[len(used):len(w)-1])
	for i, b := range used {
		l.hashed[b] = float32(w[i])
	}
	return l, nil
}

// row is a lesson as numbers: a verdict, or a preference as the difference of two answers.
type row struct {
	features // index has the places of buckets once compact has been called
	target   float64
	verdict  bool
	group    uint64 // of lessons on the same request
	parts    [2]*features
}

var errFewLessons = fmt.Errorf("fewer than %d requests have lessons; bring more", 2*folds)

func rowsOf(lessons Lessons) ([]row, error) {
	var rows []row
	groups := map[uint64]bool{}
	for i, v := range lessons.Verdicts {
		r, err := verdictRow(v)
		if err != nil {
			return nil, fmt.Errorf("verdict %d: %w", i, err)
		}
		rows = append(rows, r)
		groups[r.group] = true
	}
	for i, p := range lessons.Preferences {
		r, err := preferenceRow(p)
		if err != nil {
			return nil, fmt.Errorf("preference %d: %w", i, err)
		}
		rows = append(rows, r)
		groups[r.group] = true
	}
	if len(groups) < 2*folds {
		return nil, errFewLessons
	}
	return rows, nil
}

var errTarget = errors.New("is not from 0 to 1")

func verdictRow(v Verdict) (row, error) {
	if !(v.Good >= 0 && v.Good <= 1) {
		return row{}, fmt.Errorf("good: %v %w", v.Good, errTarget)
	}
	text, err := asked(v.Request)
	if err != nil {
		return row{}, err
	}
	f, err := firstFeatures(read(text), v.Response)
	if err != nil {
		return row{}, err
	}
	return row{features: *f, target: v.Good, verdict: true, group: hashOf(text), parts: [2]*features{f}}, nil
}

func preferenceRow(p Preference) (row, error) {
	if !(p.Better >= 0 && p.Better <= 1) {
		return row{}, fmt.Errorf("better: %v %w", p.Better, errTarget)
	}
	text, err := asked(p.Request)
	if err != nil {
		return row{}, err
	}
	q := read(text)
	a, err := firstFeatures(q, p.A)
	if err != nil {
		return row{}, fmt.Errorf("a: %w", err)
	}
	b, err := firstFeatures(q, p.B)
	if err != nil {
		return row{}, fmt.Errorf("b: %w", err)
	}
	return row{features: *minus(a, b), target: p.Better, group: hashOf(text), parts: [2]*features{a, b}}, nil
}

func firstFeatures(q *reading, resp *model.Response) (*features, error) {
	if resp == nil || len(resp.Choices) == 0 {
		return nil, errNoAnswer
	}
	return featuresOf(q, resp.Model, &resp.Choices[0]), nil
}

// minus returns the difference of two answers' features.
func minus(a, b *features) *features {
	d := &features{shape: make([]float64, len(a.shape))}
	for i := range a.shape {
		d.shape[i] = a.shape[i] - b.shape[i]
	}
	var both bag
	for i, f := range a.index {
		both = append(both, hashed{f, a.value[i]})
	}
	for i, f := range b.index {
		both = append(both, hashed{f, -b.value[i]})
	}
	d.index, d.value = both.merged()
	return d
}

// scaling gives features of shape mean 0 and deviation 1 over answers.
type scaling struct{ middle, scale []float32 }

func newScaling(rows []row) scaling {
	n, sum, squares := 0.0, make([]float64, len(shapes)), make([]float64, len(shapes))
	for i := range rows {
		for _, part := range rows[i].parts {
			if part == nil {
				continue
			}
			n++
			for j, x := range part.shape {
				sum[j] += x
				squares[j] += x * x
			}
		}
	}
	s := scaling{make([]float32, len(shapes)), make([]float32, len(shapes))}
	for j := range shapes {
		mean := sum[j] / n
		s.middle[j] = float32(mean)
		s.scale[j] = float32(math.Sqrt(max(0, squares[j]/n-mean*mean)))
		if s.scale[j] < 1e-6 {
			s.scale[j] = 1
		}
	}
	return s
}

// apply scales a row. In a difference the means cancel.
func (s scaling) apply(r *row) {
	scaled := make([]float64, len(r.shape))
	for j, x := range r.shape {
		if r.verdict {
			x -= float64(s.middle[j])
		}
		scaled[j] = x / float64(s.scale[j])
	}
	r.shape, r.parts = scaled, [2]*features{}
}

// leftOut is what fits said of rows that they had not seen.
type leftOut struct {
	strength float64
	sums     []float64
	loss     float64 // mean cross-entropy
}

// leaveOut fits with each strength, the strongest first, until that makes what is left out harder to predict, and returns
// the best.
func leaveOut(ctx context.Context, rows []row, used int, tried []float64, how Training) (*leftOut, error) {
	var parts [folds]part
	for i := range rows {
		for f := range parts {
			p := &parts[f]
			if foldOf(&rows[i], how.Seed) == uint64(f) {
				p.out = append(p.out, i)
			} else {
				p.in = append(p.in, rows[i])
			}
		}
	}
	var best *leftOut
	for _, strength := range tried {
		now := &leftOut{strength: strength, sums: make([]float64, len(rows))}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(how.Workers)
		for f := range parts {
			group.Go(func() error { return parts[f].fit(ctx, rows, used, now) })
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		for i := range rows {
			now.loss += crossEntropy(now.sums[i], rows[i].target) / float64(len(rows))
		}
		if best != nil && now.loss >= best.loss {
			break
		}
		best = now
	}
	return best, nil
}

// part is what one fit sees, the rows that it is asked about then, and its weights.
type part struct {
	in  []row
	out []int
	w   []float64
}

func (p *part) fit(ctx context.Context, rows []row, used int, to *leftOut) (err error) {
	if p.w, err = fit(ctx, p.in, used, to.strength, p.w); err != nil {
		return err
	}
	for _, i := range p.out {
		to.sums[i] = rows[i].sum(p.w)
	}
	return nil
}

func foldOf(r *row, seed uint64) uint64 { return (mixed(mixed(r.group, seed), folds) >> 20) % folds }

// crossEntropy is -t·ln σ(x) - (1-t)·ln(1-σ(x)).
func crossEntropy(x, t float64) float64 {
	return max(x, 0) - x*t + math.Log1p(math.Exp(-math.Abs(x)))
}

func narrow(w []float64) []float32 {
	out := make([]float32, len(w))
	for i, x := range w {
		out[i] = float32(x)
	}
	return out
}
