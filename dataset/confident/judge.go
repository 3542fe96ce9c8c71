// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package confident

import (
	"cmp"
	"math"
	"slices"
)

// Habits learn how probable each class is among its own examples, from what models say of examples that they had not seen.
// They are not safe for concurrent use.
type Habits struct {
	sum, n      []float64
	all, judged float64
}

// NewHabits returns habits for a number of classes.
func NewHabits(classes int) *Habits {
	return &Habits{sum: make([]float64, classes), n: make([]float64, classes)}
}

// Add takes the out-of-sample probabilities of all classes for an example of a class.
func (h *Habits) Add(class int, probabilities []float32) {
	p := float64(probabilities[class])
	h.sum[class], h.n[class] = h.sum[class]+p, h.n[class]+1
	h.all, h.judged = h.all+p, h.judged+1
}

// pull is how many examples' worth the mean of all classes counts in the threshold of each: the paper's thresholds are the
// classes' own means, which for a class of two examples say little, and may be so low that the class is believed everywhere.
const pull = 3

// Judge returns a judge by these habits.
func (h *Habits) Judge() *Judge {
	j := &Judge{thresholds: make([]float64, len(h.sum)), joint: map[[2]int]int{}, size: make([]int, len(h.sum)), diagonal: make([]int, len(h.sum))}
	for c := range h.sum {
		j.thresholds[c] = (h.sum[c] + pull*h.all/max(h.judged, 1)) / (h.n[c] + pull)
	}
	return j
}

// Judge judges examples one by one, in memory that grows by some 50 bytes with each. Weigh is safe for concurrent use, also beside Add.
type Judge struct {
	thresholds     []float64
	joint          map[[2]int]int
	diagonal, size []int
	ranked         []Suspect
}

// Verdict is what is thought of one example.
type Verdict struct {
	Suspect
	believed int // the most probable class among those whose threshold is reached, or -1
}

// Weigh judges an example by the out-of-sample probabilities of all classes.
func (j *Judge) Weigh(example, given int, probabilities []float32) Verdict {
	return Verdict{j.suspect(example, given, probabilities), j.believed(probabilities)}
}

// Add counts an example among those judged. The order does not matter.
func (j *Judge) Add(v Verdict) {
	j.size[v.Given]++
	switch {
	case v.believed == v.Given:
		j.diagonal[v.Given]++
	case v.believed >= 0:
		j.joint[[2]int{v.Given, v.believed}]++
	}
	j.ranked = append(j.ranked, v.Suspect)
}

// Findings ranks the examples added by suspicion. Nothing can be added afterwards.
func (j *Judge) Findings() *Findings {
	f := &Findings{Judged: len(j.ranked), Thresholds: j.thresholds, Ranked: j.ranked}
	slices.SortFunc(f.Ranked, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Example, b.Example))
	})
	f.estimate(j.joint, j.diagonal, j.size)
	for i := range f.Ranked {
		f.Ranked[i].Likely = i < f.Errors
	}
	return f
}

func (j *Judge) believed(row []float32) int {
	best := -1
	for c, p := range row {
		if float64(p) >= j.thresholds[c] && (best < 0 || p > row[best]) {
			best = c
		}
	}
	return best
}

// doubt keeps logarithms of small probabilities from deciding alone: below it a probability is as good as none.
const doubt = 1e-3

// suspect compares an example's own label with the strongest other one, each probability by its class's threshold.
func (j *Judge) suspect(example, given int, row []float32) Suspect {
	strength := func(c int) float64 { return (float64(row[c]) + doubt) / (j.thresholds[c] + doubt) }
	other, best := -1, 0.0
	for c := range row {
		if s := strength(c); c != given && s > best {
			other, best = c, s
		}
	}
	s := Suspect{Example: example, Given: given, Suggested: other}
	if other >= 0 {
		s.Score = math.Log(strength(given) / best)
	}
	return s
}

// estimate scales the counts so that each label's sum to its examples, as in the paper's calibrated joint, and sums up
// what is off the diagonal.
func (f *Findings) estimate(joint map[[2]int]int, diagonal, size []int) {
	counted := slices.Clone(diagonal)
	for pair, n := range joint {
		counted[pair[0]] += n
		f.Pairs = append(f.Pairs, Pair{pair[0], pair[1], n})
	}
	slices.SortFunc(f.Pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Examples, a.Examples), cmp.Compare(a.Given, b.Given), cmp.Compare(a.Believed, b.Believed))
	})
	var wrong float64
	for _, p := range f.Pairs {
		wrong += float64(p.Examples) * float64(size[p.Given]) / float64(counted[p.Given])
	}
	f.Errors = min(int(math.Round(wrong)), f.Judged)
}
