// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"math/rand/v2"
)

// An n-gram that texts are about stands in texts of its label. One that was planted stands in texts of other labels, which still say so when it is
// taken out: complete requests, of this label and that, with nothing in common. Everything here is to tell the one from the other.

const (
	// contradicted is the share of an n-gram's examples of which what is left may speak for other labels by chance. What
	// texts are about moves them as well, but then the rest of the text is like others of the label. Where more are so all over the
	// examples, that share counts.
	contradicted = 0.3
	// mostContradicted is the share of a suspect's examples that must be so.
	mostContradicted = 0.75
	// suspicious is the p-value of more being contradicted from which on an n-gram is put into texts.
	suspicious = 0.04
	// pure is the share of the examples with an n-gram that must have its label: what is planted stands nowhere else.
	pure = 0.81
	// sure is the score of a student's answer from which on it counts as well.
	sure = 0.8
	// mostSpeakers is for how many different labels the examples must speak, where there are labels enough.
	mostSpeakers = 4
)

// contradiction is how many kinds of texts an n-gram's examples of its label are, how many of these speak for other labels, and for how many
// different ones.
type contradiction struct{ texts, against, speakers int }

// contradictions finds out, for each n-gram that is not kin to its label, how many examples of its label have a rest that speaks for other ones. Examples whose rests are alike
// count once: they are one thing to say, and not several that were found by chance. usual is the share of all examples that do.
func contradictions(ctx context.Context, b *bayes, common map[string]bool, of *aspect, suspects []association, o Options) (found []contradiction, usual float64, err error) {
	examples := of.examples
	bad, sample := 0, rand.New(rand.NewPCG(o.Seed, 0xba)).Perm(len(examples))
	sample = sample[:min(len(sample), usualExamples)]
	for _, i := range sample {
		b.forget([]int32{int32(i)})
		if v, _ := b.verdict(examples[i].Text, examples[i].Label); v == contradicts {
			bad++
		}
	}
	found = make([]contradiction, len(suspects))
	for i := range suspects {
		if i%100 == 0 {
			if o.Progress("weigh n-grams", i, len(suspects)); ctx.Err() != nil {
				return nil, 0, ctx.Err()
			}
		}
		a := &suspects[i]
		if a.with < promised || float64(a.with) < pure*float64(len(a.rows)) {
			continue
		}
		if b.forget(a.rows); a.inside == apart && b.kin(a) {
			continue
		}
		found[i] = b.contradiction(a, of, common)
	}
	return found, float64(bad) / float64(max(1, len(sample))), nil
}

// contradiction looks at what is left of an n-gram's examples. It must speak for other labels when all of them are forgotten, since they were said to have
// this label because of it; and also when only the example at hand is: where most of a label's examples have the n-gram, these are what is known of the label, and what is
// left of one is like what is left of the others, unless somebody planted it. Where the classifier says so, and not by far, the student is heard as well: it was taught that
// the example has this label, and if it is sure of another one without the n-gram, it was the n-gram that it learned.
func (b *bayes) contradiction(a *association, of *aspect, common map[string]bool) contradiction {
	var rests []rest
	for _, at := range a.rows {
		if e := &of.examples[at]; e.Label == a.label {
			rests = append(rests, rest{text: a.left(e.Text), row: at})
		}
	}
	b.forget(a.rows)
	for i := range rests {
		r := &rests[i]
		r.words = telling(r.text, common)
		r.first, r.speaker = b.verdict(r.text, a.label)
	}
	for i := range rests {
		r := &rests[i]
		if r.first == agrees {
			continue
		}
		b.forget([]int32{r.row})
		var second verdict
		second, r.speaker = b.verdict(r.text, a.label)
		switch min(r.first, second) {
		case contradicts:
			r.against = true
		case doubts:
			answer, score := of.scored(r.text)
			r.against = answer != a.label && score >= sure
		}
	}
	return kinds(rests)
}

// contradicted says whether more speak for other labels than texts that are about the n-gram would, and for labels enough.
func (c contradiction) contradicted(usual, weight float64, labels int) bool {
	return c.texts >= fewestRows && float64(c.against) >= mostContradicted*float64(c.texts) && c.speakers >= min(mostSpeakers, 1+(labels-1)/3) &&
		atLeast(c.against, c.texts, usual) <= suspicious*weight
}

// rest is what is left of an example without an n-gram.
type rest struct {
	text    string
	row     int32
	words   map[string]bool
	first   verdict // when all examples with the n-gram are forgotten
	against bool
	speaker int // the label that it speaks for most
}

// telling returns the words of a text that say something.
func telling(text string, common map[string]bool) map[string]bool {
	words := map[string]bool{}
	for _, w := range wordsOf(text) {
		if !common[w] {
			words[w] = true
		}
	}
	return words
}

// alike is how many of the telling words of two texts are the same, of all that they have, from which on they say the same.
const alike = 0.34

// kinds puts rests together that are alike, and counts. A kind speaks for other labels when most of its rests do.
func kinds(rests []rest) (c contradiction) {
	kind := make([]int, len(rests))
	for i := range rests {
		kind[i] = i
		for j := range i {
			if kind[j] != kind[i] && rests[i].like(&rests[j]) {
				old := kind[i]
				for k := range i + 1 {
					if kind[k] == old {
						kind[k] = kind[j]
					}
				}
			}
		}
	}
	sizes, bad, speakers := map[int]int{}, map[int]int{}, map[int]bool{}
	for i := range rests {
		if sizes[kind[i]]++; rests[i].against {
			bad[kind[i]]++
		}
		speakers[rests[i].speaker] = true
	}
	for k, n := range sizes {
		if c.texts++; 2*bad[k] > n {
			c.against++
		}
	}
	c.speakers = len(speakers)
	return c
}

func (r *rest) like(o *rest) bool {
	both := 0
	for w := range r.words {
		if o.words[w] {
			both++
		}
	}
	all := len(r.words) + len(o.words) - both
	return all == 0 || float64(both) >= alike*float64(all)
}

// usualExamples are looked at to tell how many examples speak against their own label.
const usualExamples = 1000
