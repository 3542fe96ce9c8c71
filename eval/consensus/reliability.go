// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package consensus

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
)

// Reliability is what is known of some answerers. It is immutable, safe for concurrent use, and keeps its worth as JSON.
type Reliability struct {
	Answerers []string      `json:"answerers"`
	Classes   []string      `json:"classes"`
	Prior     []float64     `json:"prior"`     // share of each class
	Confusion [][][]float64 `json:"confusion"` // of each answerer, for each true class: the probability that it says each class
	Evidence  float64       `json:"evidence"`  // what the votes' logarithms are multiplied by; 1: answerers err independently

	Items      int       `json:"items"`              // of the fit
	Labelled   int       `json:"labelled,omitempty"` // of these, with a known class
	Votes      []int     `json:"votes"`              // of each answerer
	Right      []float64 `json:"right"`              // of each answerer: how often it is right, over the shares of the classes
	Iterations int       `json:"iterations"`
	Converged  bool      `json:"converged"`

	once     sync.Once
	logs     table     // of Confusion, scaled
	logPrior []float64 // of Prior
}

func (f *fitting) reliability() *Reliability {
	v := f.votes
	r := &Reliability{Answerers: slices.Clone(v.Answerers), Classes: slices.Clone(v.Classes), Prior: slices.Clone(f.prior),
		Confusion: make([][][]float64, len(v.Answerers)), Evidence: 1, Items: len(v.Rows), Votes: make([]int, len(v.Answerers)),
		Right: make([]float64, len(v.Answerers))}
	for _, k := range f.opt.Gold {
		if k != None {
			r.Labelled++
		}
	}
	for a := range v.Answerers {
		for _, row := range v.Rows {
			if row[a] != None {
				r.Votes[a]++
			}
		}
		r.Confusion[a] = make([][]float64, f.classes)
		for c := range f.classes {
			r.Confusion[a][c] = make([]float64, f.classes)
			for said := range f.classes {
				r.Confusion[a][c][said] = f.shares.row(a, said)[c]
			}
			r.Right[a] += r.Prior[c] * r.Confusion[a][c][c]
		}
	}
	return r
}

// compile makes the tables that weighing takes.
func (r *Reliability) compile() {
	r.once.Do(func() {
		r.logs = newTable(len(r.Answerers), len(r.Classes))
		for a, matrix := range r.Confusion {
			for c, row := range matrix {
				for said, p := range row {
					r.logs.row(a, said)[c] = r.Evidence * math.Log(p)
				}
			}
		}
		r.logPrior = make([]float64, len(r.Prior))
		for c, p := range r.Prior {
			r.logPrior[c] = math.Log(p)
		}
	})
}

// Posterior appends the probability of each class to dst, given the votes on one item: for each answerer the index of
// the class it said. None, and all that is no class, is no vote; without votes the shares of the classes come back.
func (r *Reliability) Posterior(dst []float64, votes []int) []float64 {
	start := len(dst)
	dst = r.weigh(dst, votes)
	softmax(dst[start:])
	return dst
}

// weigh appends the logarithm of the weight of each class.
func (r *Reliability) weigh(dst []float64, votes []int) []float64 {
	r.compile()
	start := len(dst)
	dst = append(dst, r.logPrior...)
	sum := dst[start:]
	for a, said := range votes {
		if a >= len(r.Answerers) || said < 0 || said >= len(r.Classes) {
			continue
		}
		for c, l := range r.logs.row(a, said) {
			sum[c] += l
		}
	}
	return dst
}

// Class returns the index of a class, or None.
func (r *Reliability) Class(name string) int { return slices.Index(r.Classes, name) } // -1 is None

// Count decides by the votes on one item: for each answerer the class it said, empty where it said none. Only a class
// that somebody said can win; of those alike the one that was said first, in the order of the answerers. probability is
// that of the winner among all classes. open marks answerers that may still vote; settled says that, however they do,
// nothing will change. Without a vote for a known class the winner is the first vote, with probability 0, and empty when
// there is none.
func (r *Reliability) Count(votes []string, open []bool) (winner string, probability float64, settled bool) {
	said := make([]int, len(votes))
	for a, vote := range votes {
		said[a] = r.Class(vote)
	}
	weight := r.weigh(nil, said)
	best := None
	for a, k := range said {
		if a < len(r.Answerers) && k != None && (best == None || weight[k] > weight[best]+rounding) {
			best = k
		}
	}
	if best == None {
		return firstOf(votes), 0, false
	}
	settled = r.settled(weight, best, open)
	softmax(weight)
	return r.Classes[best], weight[best], settled
}

// rounding is how much the sums of the same logarithms in another order may differ.
const rounding = 1e-9

func firstOf(votes []string) string {
	for _, vote := range votes {
		if vote != "" {
			return vote
		}
	}
	return ""
}

// settled says whether no votes of those still open can lift another class above the best one: each is thought to say
// what speaks most for the other.
func (r *Reliability) settled(weight []float64, best int, open []bool) bool {
	if !slices.Contains(open, true) {
		return true
	}
	for c := range weight {
		if c == best {
			continue
		}
		lead := weight[best] - weight[c]
		for a, may := range open {
			if !may || a >= len(r.Answerers) {
				continue
			}
			most := 0.0 // it may say nothing
			for said := range r.Classes {
				row := r.logs.row(a, said)
				most = max(most, row[c]-row[best])
			}
			if lead -= most; lead <= rounding {
				break
			}
		}
		if !(lead > rounding) {
			return false
		}
	}
	return true
}

// For returns the reliability of other answerers by their names, in their order: some of r's, also repeated, as
// samples of one model are. It is an error to name one that r does not know.
func (r *Reliability) For(answerers ...string) (*Reliability, error) {
	out := &Reliability{Answerers: slices.Clone(answerers), Classes: r.Classes, Prior: r.Prior, Evidence: r.Evidence,
		Items: r.Items, Labelled: r.Labelled, Iterations: r.Iterations, Converged: r.Converged}
	for _, name := range answerers {
		a := slices.Index(r.Answerers, name)
		if a < 0 {
			return nil, fmt.Errorf("nothing is known of the answerer %q; known are %q", name, r.Answerers)
		}
		out.Confusion = append(out.Confusion, r.Confusion[a])
		out.Votes, out.Right = append(out.Votes, r.Votes[a]), append(out.Right, r.Right[a])
	}
	return out, nil
}

// UnmarshalJSON reads what Fit found and refuses what cannot be.
func (r *Reliability) UnmarshalJSON(text []byte) error {
	type plain Reliability // without methods
	var p plain
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("read reliability: %w", err)
	}
	if err := (*Reliability)(&p).check(); err != nil {
		return fmt.Errorf("read reliability: %w", err)
	}
	r.Answerers, r.Classes, r.Prior, r.Confusion, r.Evidence = p.Answerers, p.Classes, p.Prior, p.Confusion, p.Evidence
	r.Items, r.Labelled, r.Votes, r.Right, r.Iterations, r.Converged = p.Items, p.Labelled, p.Votes, p.Right, p.Iterations, p.Converged
	r.once, r.logs, r.logPrior = sync.Once{}, table{}, nil
	return nil
}

func (r *Reliability) check() error {
	n, k := len(r.Answerers), len(r.Classes)
	if n == 0 || k == 0 {
		return errors.New("it has no answerers or no classes")
	}
	if len(r.Confusion) != n || len(r.Votes) != n || len(r.Right) != n {
		return fmt.Errorf("it has %d matrices, votes of %d and shares of %d for %d answerers", len(r.Confusion), len(r.Votes), len(r.Right), n)
	}
	if name, twice := repeated(r.Classes); twice {
		return fmt.Errorf("the class %q is there twice", name)
	}
	if !(r.Evidence > 0 && r.Evidence <= mostEvidence) {
		return fmt.Errorf("evidence %v is not above 0 and at most %v", r.Evidence, mostEvidence)
	}
	if err := checkShares(r.Prior, k); err != nil {
		return fmt.Errorf("prior: %w", err)
	}
	for a, matrix := range r.Confusion {
		if len(matrix) != k {
			return fmt.Errorf("confusion of %s: %d rows for %d classes", r.Answerers[a], len(matrix), k)
		}
		for c, row := range matrix {
			if err := checkShares(row, k); err != nil {
				return fmt.Errorf("confusion of %s, class %s: %w", r.Answerers[a], r.Classes[c], err)
			}
		}
	}
	return nil
}

// checkShares reports what is wrong with probabilities of k classes. None may be 0: no vote rules a class out for good.
func checkShares(p []float64, k int) error {
	if len(p) != k {
		return fmt.Errorf("%d numbers for %d classes", len(p), k)
	}
	sum := 0.0
	for _, x := range p {
		if !(x > 0 && x <= 1) {
			return fmt.Errorf("%v is not above 0 and at most 1", x)
		}
		sum += x
	}
	if math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("the numbers sum to %v, not to 1", sum)
	}
	return nil
}
