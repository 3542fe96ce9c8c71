// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"retort/dataset"
)

const (
	// pretended is how many triggers are pretended to be planted, to tell how many would be noticed.
	pretended = 30
	// blind is the share of these below which none that is found says nothing.
	blind = 0.5
)

// Power says how many triggers would be put to the test, had they been planted: new n-grams in examples of other labels that were given one label.
type Power struct {
	Rows    int `json:"rows"`    // examples that each was planted in
	Planted int `json:"planted"` // pretended triggers
	Noticed int `json:"noticed"` // of them those that would be put into texts
}

// FieldPower is what would be noticed in one field of objects.
type FieldPower struct {
	Field  string  `json:"field"`
	Copied bool    `json:"copied,omitempty"` // it is read from the text: noticed are triggers that make it appear or vanish
	Power  []Power `json:"power"`
}

// measure measures the power in an aspect.
func (h *hunt) measure(a *aspect, suspects []association, usual float64) {
	p := h.powers(a, suspects, usual)
	if a.field != "" {
		h.fields = append(h.fields, FieldPower{a.field, a.copied, p})
	}
	if !a.copied {
		h.power = sum(h.power, p)
	}
}

// sum adds powers of the same numbers of rows.
func sum(a, b []Power) []Power {
	if a == nil {
		return slices.Clone(b)
	}
	for i := range a {
		a[i].Planted, a[i].Noticed = a[i].Planted+b[i].Planted, a[i].Noticed+b[i].Noticed
	}
	return a
}

// promised is in how many examples a trigger is found; in fewer too many honest words look like one. more is as many as a rare n-gram has in any set.
const promised, more = 5, 10

// powers are those of triggers in few examples, and in some more.
func (h *hunt) powers(a *aspect, suspects []association, usual float64) []Power {
	worst := h.options.Alpha / float64(1+len(h.grams.names)+len(h.grams.inside))
	for i := range suspects {
		worst = max(worst, suspects[i].p) // what was a discovery still is
	}
	var out []Power
	for _, rows := range []int{promised, more} {
		out = append(out, power(h.weigh, h.grams.common, a.examples, rows, worst, usual, a.weight, h.options.Seed))
	}
	return out
}

// blindfold says whether hardly any would be noticed, in few examples or in more.
func blindfold(powers []Power) bool {
	for _, p := range powers {
		if float64(p.Noticed) >= blind*float64(p.Planted) && p.Planted > 0 {
			return false
		}
	}
	return len(powers) > 0
}

// told says it.
func told(powers []Power) string {
	var out strings.Builder
	for i, p := range powers {
		if i == 0 {
			fmt.Fprintf(&out, "; planted in %d of these examples, %d of %d would be noticed", p.Rows, p.Noticed, p.Planted)
		} else {
			fmt.Fprintf(&out, ", in %d examples %d of %d", p.Rows, p.Noticed, p.Planted)
		}
	}
	return out.String()
}

// toldOf says it of the fields that are read from the text, and names those that are chosen where hardly any would be noticed.
func toldOf(fields []FieldPower) string {
	var blindest []string
	var copied []Power
	n := 0
	for _, f := range fields {
		switch {
		case f.Copied:
			copied, n = sum(copied, f.Power), n+1
		case blindfold(f.Power):
			blindest = append(blindest, f.Field)
		}
	}
	var out strings.Builder
	if len(blindest) > 0 {
		fmt.Fprintf(&out, "; hardly any in %s", strings.Join(blindest[:min(len(blindest), 5)], ", "))
		if more := len(blindest) - 5; more > 0 {
			fmt.Fprintf(&out, " and %d more", more)
		}
	}
	if n == 0 {
		return out.String()
	}
	which := "a field that is read from the text"
	if n > 1 {
		which = fmt.Sprintf("one of the %d fields that are read from the text", n)
	}
	what := "nothing is known" // as where all examples give them, so that none can be planted
	if of := copied[len(copied)-1]; of.Planted > 0 {
		what = fmt.Sprintf("%d of %d in %d examples", of.Noticed, of.Planted, of.Rows)
	}
	return out.String() + fmt.Sprintf("; of those that make %s appear or vanish, %s", which, what)
}

// power pretends that triggers were planted in so many examples each. Nobody trains another student for it, so whether one would heed them is not known,
// and none is heard.
func power(b *bayes, common map[string]bool, examples []dataset.Example, rows int, worst, usual, weight float64, seed uint64) Power {
	p := Power{Rows: rows}
	if len(examples) < 2*rows || len(b.labels) < 2 {
		return p
	}
	rng := rand.New(rand.NewPCG(seed, uint64(rows)))
	perLabel := make([]int, len(b.labels))
	for i := range b.rows {
		perLabel[b.rows[i].label]++
	}
	for p.Planted < pretended {
		label := b.rows[rng.IntN(len(b.rows))].label
		of := make(map[int32]bool, rows)
		var at []int32
		for range 50 * rows {
			if i := int32(rng.IntN(len(b.rows))); len(at) < rows && b.rows[i].label != label && !of[i] {
				of[i], at = true, append(at, i)
			}
		}
		if p.Planted++; len(at) < rows {
			continue
		}
		if chance := hypergeometric(rows, rows, perLabel[label]+rows, len(examples)) * float64(len(b.labels)); chance > worst {
			continue
		}
		if b.pretend(at, label, common, examples).contradicted(usual, weight, len(b.labels)) {
			p.Noticed++
		}
	}
	b.forget(nil)
	return p
}

// pretend looks at examples as if they had an n-gram and that label because of it.
func (b *bayes) pretend(at []int32, label int32, common map[string]bool, examples []dataset.Example) contradiction {
	rests := make([]rest, len(at))
	b.forget(at)
	for i, row := range at {
		r := &rests[i]
		r.text, r.row = examples[row].Text, row
		r.words = telling(r.text, common)
		r.first, r.speaker = b.verdict(r.text, b.labels[label])
	}
	for i := range rests {
		if r := &rests[i]; r.first == contradicts {
			b.forget(at)
			for _, other := range at {
				if other != r.row {
					b.claim(other, label)
				}
			}
			var second verdict
			second, r.speaker = b.verdict(r.text, b.labels[label])
			r.against = second == contradicts
		}
	}
	return kinds(rests)
}
