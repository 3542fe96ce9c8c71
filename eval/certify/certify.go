// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"fmt"
	"math"
	"slices"

	"retort/eval/binomial"
)

// Judgement is one labelled request: how sure the student was, in [0, 1], and whether its answer was the teacher's. A score
// of 0 says that the student is silent at every threshold, for what it saw in the request alone.
type Judgement struct {
	Score float64
	Agree bool
}

// Goal is what is asked of the answers of a student.
type Goal struct {
	// Agreement is the share of the answered requests on which student and teacher must agree, in (0, 1).
	Agreement float64 `json:"agreement"`
	// Confidence is 1−δ, the confidence wanted of that statement, in (0, 1).
	Confidence float64 `json:"confidence"`
}

// Check reports a goal that is out of range, naming the field.
func (g Goal) Check() error {
	for _, f := range []struct {
		name  string
		value float64
	}{{"agreement", g.Agreement}, {"confidence", g.Confidence}} {
		if !(f.value > 0 && f.value < 1) {
			return fmt.Errorf("goal: %s is %v: give a number between 0 and 1, both excluded, such as 0.95", f.name, f.value)
		}
	}
	return nil
}

// Strict certifies the lowest threshold that unseen labels support. The judgements must come from requests that had no
// part in making the student: not in its training, its calibration or the choice of its options.
//
// Theorem. Let the judged requests and those to come be independent draws from one source, and let the agreement among
// requests scored above t cross the goal once as t falls, as it does for a score that ranks. Then the agreement among
// all requests that the certificate answers is below the goal with probability at most 1−Confidence, for any number of
// labels and any student. For let K requests be judged above the crossing. A false certificate has passed the first test
// at some rank k of at least K, in which K are independent draws that agree as often as the goal asks and the others, given
// the score of rank k+1, are draws that agree less often, so that the binomial tail bounds the chance of passing. The
// single crossing is needed because the candidates are ranks of the judged scores and not scores fixed beforehand;
// without it the same holds for the mean agreement expected on the judged requests given their scores, by W. Hoeffding's
// comparison of sums of unequal trials with binomial ones (1956).
//
// Requests whose score is 0 are never answered, so they count as labels and in the coverage, and no test counts them: the
// theorem is about the others, which are independent draws from those requests that score more.
//
// With too little evidence the result is a silent certificate with a reason, not an error. An error names a goal out
// of range or a judgement whose score is not in [0, 1].
func Strict(judged []Judgement, goal Goal) (Certificate, error) {
	return certify(judged, rule{Goal: goal, most: math.Inf(1), dense: dense, words: ofLabels}, MethodStrict, Certified)
}

// StrictGood is Strict for answers that are good or not, such as those of a cascade's cheap model: a judgement agrees where the
// answer is good. Only the words of the Reason are others.
func StrictGood(judged []Judgement, goal Goal) (Certificate, error) {
	return certify(judged, rule{Goal: goal, most: math.Inf(1), dense: dense, words: ofAnswers}, MethodStrict, Certified)
}

// CrossFitted finds a threshold from cross-fitted judgements: each label was scored by a sibling of the student that
// was trained without it. The judgements depend on each other and the final student is none of the siblings, so the
// result is at most provisional: no finite-sample theorem covers it. Have it certified with Certificate.Upgrade on
// labels that the student never saw.
//
// The tests are those of Strict with one allowance, and fewer: only at ranks where one more disagreement becomes affordable.
// What the student gains or loses against its siblings does not average out as labels grow, so n judgements count for
// n/(1+n/1500): nearly in full when few, for never more than 1,500 together. The number was chosen on random subsets of
// 300 to 5,000 texts of Banking77's training part, where at δ = 0.05 the target was missed in 30 of 406 runs without the
// allowance, in one of six where subsets were large, and in 13 of 406 with it.
func CrossFitted(judged []Judgement, goal Goal) (Certificate, error) {
	return certify(judged, rule{Goal: goal, most: crossFittedMost, dense: math.MaxInt, words: ofLabels}, MethodCrossFitted, Provisional)
}

// crossFittedMost is the number of independent judgements that cross-fitted ones never count for; see CrossFitted.
const crossFittedMost = 1500

func certify(judged []Judgement, by rule, method Method, best Status) (Certificate, error) {
	if err := by.Check(); err != nil {
		return Certificate{}, err
	}
	r, err := rank(judged)
	if err != nil {
		return Certificate{}, fmt.Errorf("certify (%s): %w", method, err)
	}
	c := Certificate{Method: method, Status: Silent, Target: by.Agreement, Confidence: by.Confidence,
		Labels: len(judged)}
	r = r.speaking()
	k, level := by.lowest(r)
	if k == 0 {
		c.Reason, c.MoreLabels = by.explain(r, c.Labels)
		return c, nil
	}
	c.Status = best
	c.Threshold = r.threshold(k)
	if k == r.len() {
		// All may be answered, yet not everything there is: of what looks like nothing before, nothing is known. So no
		// answer is given at a score below all that were seen and below the goal itself. That is never less safe, since
		// agreement above a threshold does not fall as the threshold rises where the score ranks.
		c.Threshold = min(c.Threshold, by.Agreement)
	}
	c.count(k, r.agreed[k])
	c.Lower = c.Target
	if k == r.len() {
		// No threshold was left to test, so the level that remains may test higher goals here, in ascending order.
		c.Lower = max(c.Target, binomial.Lower(by.worth(k)*float64(c.Agreed), by.worth(k)*float64(k), level))
	}
	return c, nil
}

func (c *Certificate) count(answered, agreed int) {
	c.Answered, c.Agreed, c.Coverage, c.Agreement = answered, agreed, 0, 0
	if c.Labels > 0 {
		c.Coverage = float64(answered) / float64(c.Labels)
	}
	if answered > 0 {
		c.Agreement = float64(agreed) / float64(answered)
	}
}

// ranking holds judgements from the highest score to the lowest and how many of the first k agree.
type ranking struct {
	scores []float64
	agreed []int // agreed[k] counts among the first k
}

// rank sorts a copy of the judgements. Ties are put in no particular order: no test ever splits one.
func rank(judged []Judgement) (ranking, error) {
	for i, j := range judged {
		if !(j.Score >= 0 && j.Score <= 1) {
			return ranking{}, fmt.Errorf("judgement %d: score %v is not in [0, 1]", i, j.Score)
		}
	}
	sorted := slices.Clone(judged)
	slices.SortFunc(sorted, func(a, b Judgement) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	r := ranking{scores: make([]float64, len(sorted)), agreed: make([]int, len(sorted)+1)}
	for i, j := range sorted {
		r.scores[i] = j.Score
		r.agreed[i+1] = r.agreed[i]
		if j.Agree {
			r.agreed[i+1]++
		}
	}
	return r, nil
}

func (r ranking) len() int { return len(r.scores) }

// speaking leaves out the scores of 0, which are never answered.
func (r ranking) speaking() ranking {
	n := r.len()
	for n > 0 && r.scores[n-1] == 0 {
		n--
	}
	return ranking{r.scores[:n], r.agreed[:n+1]}
}

// whole returns the rank at which the tie that holds rank k ends.
func (r ranking) whole(k int) int {
	for k < r.len() && r.scores[k] == r.scores[k-1] {
		k++
	}
	return k
}

// threshold returns the lowest score that answers the first k and no other; when that is all of them, the lowest seen.
func (r ranking) threshold(k int) float64 {
	if k == r.len() {
		return r.scores[k-1]
	}
	return math.Nextafter(r.scores[k], 2)
}
