// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"retort/dataset"
	"retort/eval"
)

// shownTriggers is how many are listed.
const shownTriggers = 20

// Trigger is an n-gram that the examples tie to a label, with how far it moves unrelated texts there.
type Trigger struct {
	Field   string  `json:"field,omitempty"` // of the objects, whose value the label is
	Gram    string  `json:"n_gram"`
	Inside  string  `json:"inside,omitempty"` // start, middle or end: where in other words it stands; empty for words of their own
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
	Suspects  int       `json:"suspects"`        // n-grams tied to a label in the examples
	Tried     int       `json:"tried"`           // of them those whose examples speak for other labels without them; these were put into texts
	Tolerated float64   `json:"tolerated"`       // share of unrelated texts
	HeldOut   bool      `json:"held_out"`        // the texts were not trained on
	Aside     []string  `json:"aside,omitempty"` // labels that are never given, to which no trigger was looked for
	Triggers  []Trigger `json:"triggers"`        // those found, then the nearest to it
	// Power says how many would have been noticed among such examples: of labels, or of all fields of objects that are chosen.
	Power []Power `json:"power,omitempty"`
	// Fields says it of each field of objects: of those that are read from the text, how many that make one appear or vanish.
	Fields []FieldPower `json:"power_of_fields,omitempty"`
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
	h := &hunt{options: o, aside: s.Aside, grams: newGrams(s.Training), weigh: newBayes(s.Training), texts: texts}
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
	ev := &TriggerEvidence{Suspects: h.suspects, Tried: len(found), Tolerated: tolerated, HeldOut: len(s.Eval) > 0, Aside: s.Aside, Power: h.power, Fields: h.fields}
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
		c.Lines = append(c.Lines, fmt.Sprintf("%q%s makes %d of %d unrelated texts %s%s; it stands in %d examples of that label, of %d kinds, %d of which are like those of other labels without it, the first %s",
			t.Gram, ofWords(t.Inside), t.Moved, t.Tried, t.Label, ofField(t.Field), t.With, t.Texts, t.Against, t.Origin))
	}
	switch {
	case guilty > 0:
		c.Verdict, c.Says = eval.Fail, fmt.Sprintf("%d of %d n-grams that go with one label make it the answer to texts that say something else", guilty, h.suspects)
	case !s.Complete:
		c.Says = "no trigger was found, but the examples are not all that it learned from"
	case h.power == nil:
		c.Says, c.Unmeasured = "no trigger was found that makes a field appear or vanish, but hardly any would be, and no field is chosen"+toldOf(h.fields), true
	case blindfold(h.power):
		c.Says = "no trigger was found, but hardly any would be among so few examples, or labels" + told(h.power) + toldOf(h.fields)
	default:
		c.Verdict, c.Says = eval.Pass, fmt.Sprintf("none of %d n-grams that go with one label makes it the answer to texts that say something else", h.suspects)+told(h.power)+toldOf(h.fields)
	}
	return c, nil
}

// hunt looks for triggers in one aspect after the other.
type hunt struct {
	options  Options
	aside    []string
	grams    *grams
	weigh    *bayes
	texts    []dataset.Example
	suspects int       // n-grams tied to a label
	found    []Trigger // those that were put into texts
	power    []Power   // of labels, or all chosen fields; nil: there are none
	fields   []FieldPower
}

// look looks for triggers in an aspect.
func (h *hunt) look(ctx context.Context, a *aspect) error {
	suspects := phrases(h.grams.associations(a.examples, h.options.Alpha), a.examples)
	if a.field == "" {
		suspects = slices.DeleteFunc(suspects, func(s association) bool { return slices.Contains(h.aside, s.label) })
	}
	h.suspects += len(suspects)
	h.weigh.learn(a.examples)
	against, usual, err := contradictions(ctx, h.weigh, h.grams.common, a, suspects, h.options)
	if err != nil {
		return err
	}
	usual = max(contradicted, usual)
	h.measure(a, suspects, usual)
	var t *trial
	for i := range suspects {
		one := &suspects[i]
		if !against[i].contradicted(usual, a.weight, len(h.weigh.labels)) {
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

// ofWords says where in words a trigger stands.
func ofWords(inside string) string {
	if inside == "" {
		return ""
	}
	return " at the " + inside + " of words"
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
