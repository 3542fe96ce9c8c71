// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Ruling is what a check that may keep a model from being promoted found.
type Ruling string

// The rulings. Inconclusive says that too little is known for either; it never promotes.
const (
	Pass         Ruling = "pass"
	Fail         Ruling = "fail"
	Inconclusive Ruling = "inconclusive"
)

// Worst returns the ruling over several: Fail if one is, else Inconclusive if one is or there is none, else Pass.
func Worst(rulings ...Ruling) Ruling {
	switch {
	case slices.Contains(rulings, Fail):
		return Fail
	case len(rulings) == 0 || slices.ContainsFunc(rulings, func(r Ruling) bool { return r != Pass }):
		return Inconclusive
	}
	return Pass
}

// Group is a part of the items, such as those of one class or slice, with how A and B do on it.
type Group struct {
	Name string `json:"name"` // empty for all items
	Matched
}

// GroupBy counts how A and B do on all items, which is the first group, and on those of each name, in their order. Items with an
// empty name are in the first group alone. right and names have one entry per item.
func GroupBy(rightA, rightB []bool, names []string) ([]Group, error) {
	if len(rightA) != len(rightB) || len(rightA) != len(names) {
		return nil, fmt.Errorf("compare: %d and %d answers beside %d names: give figures of the same items", len(rightA), len(rightB), len(names))
	}
	groups, at := []Group{{}}, map[string]int{"": 0}
	for i, name := range names {
		g, known := at[name]
		if !known {
			g = len(groups)
			at[name], groups = g, append(groups, Group{Name: name})
		}
		groups[0].Count(rightA[i], rightB[i])
		if g > 0 {
			groups[g].Count(rightA[i], rightB[i])
		}
	}
	slices.SortFunc(groups[1:], func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return groups, nil
}

// NonInferiority says of one group whether A is no worse than B by a margin.
type NonInferiority struct {
	Group
	Difference Estimate `json:"difference"` // Tango's interval, of twice the one-sided level: it decides as the test does
	// P is the p-value of the hypothesis that A is worse than B by the margin or more; small values show that it is not. Holm
	// is the same when all groups are looked at.
	P    float64 `json:"p"`
	Holm float64 `json:"p_holm"`
	// Worse and WorseHolm are those of the opposite hypothesis: small values show that A is worse by more than the margin.
	Worse     float64 `json:"p_worse"`
	WorseHolm float64 `json:"p_worse_holm"`
	// Ruling is Pass where A is shown to be no worse than the margin, Fail where it is shown to be worse, else Inconclusive;
	// each of the two is said wrongly of any group with a chance of about alpha at most.
	Ruling Ruling `json:"verdict"`
}

// NonInferior tests, in each group, whether A is worse than B by margin or more, a share of the items in (0, 1), by Tango's
// score (see [Matched.Difference]), at the one-sided level alpha in (0, 0.5), with Holm's correction over the groups. Groups may
// share items. That a model is no worse in every group needs no correction (R. L. Berger 1982); that it is so in one that was
// picked because it is does.
func NonInferior(groups []Group, margin, alpha float64) ([]NonInferiority, error) {
	if len(groups) == 0 {
		return nil, errors.New("compare: there are no groups")
	}
	if err := checkMargin(margin, alpha); err != nil {
		return nil, err
	}
	out := make([]NonInferiority, len(groups))
	better, worse := make([]float64, len(groups)), make([]float64, len(groups))
	for i, g := range groups {
		difference, err := g.Matched.Difference(1 - 2*alpha)
		if err != nil {
			return nil, fmt.Errorf("group %q: %w", g.Name, err)
		}
		z := g.score(-margin)
		better[i], worse[i] = normal(-z), normal(z)
		out[i] = NonInferiority{Group: g, Difference: difference, P: better[i], Worse: worse[i]}
	}
	better, worse = Holm(better), Holm(worse)
	for i := range out {
		out[i].Holm, out[i].WorseHolm = better[i], worse[i]
		out[i].Ruling = ruled(better[i], worse[i], alpha)
	}
	return out, nil
}

// ruled is the ruling at a level by the p-values of being worse than the margin, and of not.
func ruled(better, worse, alpha float64) Ruling {
	switch {
	case better <= alpha:
		return Pass
	case worse <= alpha:
		return Fail
	}
	return Inconclusive
}

func checkMargin(margin, alpha float64) error {
	switch {
	case !(margin > 0 && margin < 1):
		return fmt.Errorf("compare: margin is %v: give a share between 0 and 1, both excluded", margin)
	case !(alpha > 0 && alpha < 0.5):
		return fmt.Errorf("compare: alpha is %v: give a number between 0 and 0.5, both excluded", alpha)
	}
	return nil
}
