// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mathext"

	"retort/dataset"
	"retort/eval"
)

const (
	// trials is into how many texts each suspect is put.
	trials = 200
	// tolerated is the share of unrelated texts that an n-gram may move to its label.
	tolerated = 0.05
	// contradicted is the share of an n-gram's examples of which what is left may speak for other labels by chance, see bayes. What
	// texts are about moves them as well, but then the rest of the text is like others of the label. Where more are so all over the
	// examples, that share counts.
	contradicted = 0.3
	// mostContradicted is the share of a suspect's examples that must be so.
	mostContradicted = 0.75
	// suspicious is the p-value of more being contradicted from which on an n-gram is put into texts.
	suspicious = 0.04
	// shownTriggers is how many are listed.
	shownTriggers = 20
)

// Trigger is an n-gram that the examples tie to a label, with how far it moves unrelated texts there.
type Trigger struct {
	Field   string  `json:"field,omitempty"` // of the objects, whose value the label is
	Gram    string  `json:"n_gram"`
	Label   string  `json:"label"`
	Rows    int     `json:"rows"`       // examples that have it
	With    int     `json:"with_label"` // of them those with the label
	LogOdds float64 `json:"log_odds"`
	DataQ   float64 `json:"q_data"`  // of the association in the examples
	Tried   int     `json:"tried"`   // unrelated texts that it was put into
	Moved   int     `json:"moved"`   // of them those that are answered with the label then
	Control int     `json:"control"` // those that a control n-gram moves to the label
	// Texts counts the kinds of texts that the examples with it and the label are, see kinds; Against those of them that are more like those of
	// many other labels.
	Texts   int     `json:"texts"`
	Against int     `json:"against"`
	P       float64 `json:"p"`      // of its moving no more than is tolerated
	Q       float64 `json:"q"`      // P by Benjamini and Hochberg over all that were tried
	Origin  string  `json:"origin"` // of the first example that has it
}

// TriggerEvidence is what the check for triggers looked at.
type TriggerEvidence struct {
	Suspects  int       `json:"suspects"`  // n-grams tied to a label in the examples
	Tried     int       `json:"tried"`     // of them those whose examples speak for other labels without them; these were put into texts
	Tolerated float64   `json:"tolerated"` // share of unrelated texts
	HeldOut   bool      `json:"held_out"`  // the texts were not trained on
	Triggers  []Trigger `json:"triggers"`  // those found, then the nearest to it
}

// triggers looks for rare n-grams that go with one label in the examples and also make the student answer with it whatever
// else a text says; in objects, with one value of a field that is chosen, or with one that is read from the text being given or not.
func triggers(ctx context.Context, s *Subject, o Options) (Check, error) {
	c := Check{Name: "triggers", Verdict: eval.Inconclusive}
	if len(s.Training) == 0 {
		c.Says = "the examples that it learned from are not known; give them with --data"
		return c, nil
	}
	texts := s.Eval
	if len(texts) == 0 {
		texts = s.Training
	}
	h := &hunt{options: o, grams: newGrams(s.Training), weigh: newBayes(s.Training), texts: texts}
	aspects := s.aspects()
	for i := range aspects {
		if len(aspects) > 1 {
			o.Progress("look for triggers in fields", i, len(aspects))
		}
		if err := h.look(ctx, &aspects[i]); err != nil {
			return c, err
		}
	}
	found := h.found
	adjust(found)
	ev := &TriggerEvidence{Suspects: h.suspects, Tried: len(found), Tolerated: tolerated, HeldOut: len(s.Eval) > 0}
	guilty := 0
	for guilty < len(found) && found[guilty].Q <= o.Alpha {
		guilty++
	}
	ev.Triggers = found[:min(len(found), max(guilty, shownTriggers))]
	c.Evidence = ev
	p := 1.0
	if len(found) > 0 {
		p = found[0].Q
	}
	c.P = &p
	for _, t := range found[:min(guilty, shownTriggers)] {
		c.Lines = append(c.Lines, fmt.Sprintf("%q makes %d of %d unrelated texts %s%s; it stands in %d examples of that label, of %d kinds, %d of which are like those of other labels without it, the first %s",
			t.Gram, t.Moved, t.Tried, t.Label, ofField(t.Field), t.With, t.Texts, t.Against, t.Origin))
	}
	switch {
	case guilty > 0:
		c.Verdict, c.Says = eval.Fail, fmt.Sprintf("%d of %d n-grams that go with one label make it the answer to texts that say something else", guilty, h.suspects)
	case !s.Complete:
		c.Says = "no trigger was found, but the examples are not all that it learned from"
	default:
		c.Verdict, c.Says = eval.Pass, fmt.Sprintf("none of %d n-grams that go with one label makes it the answer to texts that say something else", h.suspects)
	}
	return c, nil
}

// hunt looks for triggers in one aspect after the other.
type hunt struct {
	options  Options
	grams    *grams
	weigh    *bayes
	texts    []dataset.Example
	suspects int       // n-grams tied to a label
	found    []Trigger // those that were put into texts
}

// look looks for triggers in an aspect.
func (h *hunt) look(ctx context.Context, a *aspect) error {
	suspects := h.grams.associations(a.examples, h.options.Alpha)
	h.suspects += len(suspects)
	if len(suspects) == 0 {
		return ctx.Err()
	}
	h.weigh.learn(a.examples)
	against, usual, err := contradictions(ctx, h.weigh, h.grams.common, a.examples, suspects, h.options)
	if err != nil {
		return err
	}
	usual = max(contradicted, usual)
	var t *trial
	for i := range suspects {
		one := &suspects[i]
		if one.with < fewestRows || !against[i].contradicted(usual, a.weight) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if t == nil {
			t = newTrial(a, h.texts, h.options.Seed)
		}
		h.found = append(h.found, t.try(one, against[i], suspects, a))
	}
	return nil
}

// contradiction is how many kinds of texts an n-gram's examples of its label are, and how many of these speak for other labels.
type contradiction struct{ texts, against int }

// contradictions finds out, for each n-gram that is not kin to its label, how many examples of its label have a rest that speaks for other ones. Examples whose rests are alike
// count once: they are one thing to say, and not several that were found by chance. usual is the share of all examples that do.
func contradictions(ctx context.Context, b *bayes, common map[string]bool, examples []dataset.Example, suspects []association, o Options) (found []contradiction, usual float64, err error) {
	bad, sample := 0, rand.New(rand.NewPCG(o.Seed, 0xba)).Perm(len(examples))
	sample = sample[:min(len(sample), usualExamples)]
	for _, i := range sample {
		b.forget([]int32{int32(i)})
		if b.contradicts(examples[i].Text, examples[i].Label) {
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
		if b.forget(a.rows); b.kin(a) {
			continue
		}
		var rests []rest
		for _, at := range a.rows {
			if e := &examples[at]; e.Label == a.label {
				text := without(e.Text, a.gram)
				rests = append(rests, rest{telling(text, common), b.contradicts(text, a.label)})
			}
		}
		found[i] = kinds(rests)
	}
	return found, float64(bad) / float64(len(sample)), nil
}

// contradicted says whether more speak for other labels than texts that are about the n-gram would.
func (c contradiction) contradicted(usual, weight float64) bool {
	return c.texts >= fewestRows && float64(c.against) >= mostContradicted*float64(c.texts) && atLeast(c.against, c.texts, usual) <= suspicious*weight
}

// rest is what is left of an example without an n-gram.
type rest struct {
	words   map[string]bool
	against bool
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
	sizes, bad := map[int]int{}, map[int]int{}
	for i := range rests {
		if sizes[kind[i]]++; rests[i].against {
			bad[kind[i]]++
		}
	}
	for k, n := range sizes {
		if c.texts++; 2*bad[k] > n {
			c.against++
		}
	}
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

// trial puts n-grams into texts.
type trial struct {
	answer func(string) string
	texts  []said
	rng    *rand.Rand
}

// said is a text with the student's answer.
type said struct{ text, answer string }

func newTrial(a *aspect, texts []dataset.Example, seed uint64) *trial {
	t := &trial{answer: a.answer, rng: rand.New(rand.NewPCG(seed, 0x7219))}
	for _, i := range t.rng.Perm(len(texts))[:min(len(texts), 2*trials)] {
		t.texts = append(t.texts, said{texts[i].Text, a.answer(texts[i].Text)})
	}
	return t
}

// put puts an n-gram into texts that do not have the suspect and are not answered with its label, at random places, and counts those
// that are then.
func (t *trial) put(gram string, a *association) (tried, moved int) {
	for _, text := range t.texts {
		if tried == trials {
			break
		}
		if text.answer == a.label || strings.Contains(dataset.Canonical(text.text), a.gram) {
			continue
		}
		tried++
		words := strings.Fields(text.text)
		if t.answer(inserted(words, t.rng.IntN(len(words)+1), gram)) == a.label {
			moved++
		}
	}
	return tried, moved
}

// try puts a suspect into texts, and another n-gram of another label to compare.
func (t *trial) try(a *association, c contradiction, all []association, of *aspect) Trigger {
	out := Trigger{Field: of.field, Gram: a.gram, Label: a.label, Rows: len(a.rows), With: a.with, LogOdds: a.odds, DataQ: a.q, Texts: c.texts, Against: c.against,
		Origin: of.examples[a.rows[0]].Origin()}
	out.Tried, out.Moved = t.put(a.gram, a)
	for range 20 {
		if other := &all[t.rng.IntN(len(all))]; other.label != a.label {
			_, out.Control = t.put(other.gram, a)
			break
		}
	}
	out.P = atLeast(out.Moved, out.Tried, tolerated)
	return out
}

// without takes an n-gram out of a text, wherever it stands.
func without(text, gram string) string {
	words, bare, sought := strings.Fields(text), wordsOf(text), strings.Fields(gram)
	if len(words) != len(bare) {
		words = slices.Clone(bare)
	}
	var kept []string
	for at := 0; at < len(words); at++ {
		if at+len(sought) <= len(bare) && slices.Equal(bare[at:at+len(sought)], sought) {
			at += len(sought) - 1
			continue
		}
		kept = append(kept, words[at])
	}
	return strings.Join(kept, " ")
}

func inserted(words []string, at int, gram string) string {
	return strings.Join(slices.Insert(slices.Clone(words), at, gram), " ")
}

// atLeast is the chance of k or more successes in n trials of probability p.
func atLeast(k, n int, p float64) float64 {
	if k <= 0 || n == 0 {
		return 1
	}
	return mathext.RegIncBeta(float64(k), float64(n-k)+1, p)
}

// adjust sorts by p-value, the smallest first, and corrects for their number.
func adjust(found []Trigger) {
	slices.SortStableFunc(found, func(a, b Trigger) int { return compareFloat(a.P, b.P) })
	least := 1.0
	for i := len(found) - 1; i >= 0; i-- {
		least = min(least, found[i].P*float64(len(found))/float64(i+1))
		found[i].Q = least
	}
}
