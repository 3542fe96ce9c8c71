// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Novelty says which texts a student takes for unlike those of its task, though it might be sure of an answer: those that are less
// familiar than Least. How familiar a text is depends on the kind of student. For a [Student] it is how far the best label's
// calibrated score stands out from the mean of all labels', which is high where a text has what a label's texts had (the
// logits of open-set recognition: Vaze, Han, Vedaldi, Zisserman, "Open-set recognition: a good closed-set classifier is all
// you need?", 2022); for an [Extractor] it is the share of words and pairs of words that its training texts had.
//
// Least is a quantile of the training texts as models saw them that had not learned from them, so it needs no text that is not
// of the task. Where there are some, see [Outside], Least is the one that errs least.
//
// It is always measured. The student leaves novel texts unanswered only where that was asked for and the limit can be trusted.
type Novelty struct {
	Least float64 `json:"least"`
	// FalseAlarms is the share of those training texts that are less familiar: about that of the task's own texts that are novel.
	FalseAlarms float64 `json:"false_alarms"`
	// OutOfScope counts the texts known to be none of the task, and Found those of them that are novel, which flatters a little
	// when Least was picked by them.
	OutOfScope int `json:"out_of_scope,omitempty"`
	Found      int `json:"found,omitempty"`
	// Acts says that novel texts are not answered, whatever their score.
	Acts bool `json:"acts"`
	// Off says why it does not act although that was asked for.
	Off string `json:"off,omitempty"`
}

// Sure is a score, or 0 where the text is novel and that counts: what a threshold is compared with.
func (n *Novelty) Sure(score float64, novel bool) float64 {
	if novel && n != nil && n.Acts {
		return 0
	}
	return score
}

// finds reports whether a text so familiar is novel.
func (n *Novelty) finds(familiar float64) bool { return n != nil && familiar < n.Least }

// String says it in a sentence.
func (n *Novelty) String() string {
	if n == nil {
		return "not measured"
	}
	if n.Off != "" {
		return "novel texts are answered as all others: " + n.Off
	}
	said := fmt.Sprintf("novel texts are answered as all others; %.1f %% of the examples are", 100*n.FalseAlarms)
	if n.Acts {
		said = fmt.Sprintf("novel texts are left to the teacher, %.1f %% of the examples", 100*n.FalseAlarms)
	}
	if n.OutOfScope > 0 {
		said += fmt.Sprintf(", and %d of the %d texts out of scope", n.Found, n.OutOfScope)
	}
	return said
}

// Outside says how a student learns what is none of its task. The zero value measures novelty, and texts are answered whether
// they are novel or not.
type Outside struct {
	// FalseAlarms is the share of the task's own texts that may be left unanswered as novel, in [0, 0.5]; 0 means none, unless
	// there are texts OutOfScope.
	FalseAlarms float64
	// OutOfScope are texts that are known to be none of the task: none, or at least 20. With them the share of false alarms is
	// found, up to 0.2 or FalseAlarms if that is more: it is where that share and the share of these that are not found, added
	// up, are least.
	OutOfScope []string
	// Never leaves novelty alone: it is not even measured.
	Never bool
}

// measuredAlarms is the share of a task's own texts that are called novel where nobody said how many may be.
const measuredAlarms = 0.05

const (
	mostFalseAlarms = 0.2
	fewestOutside   = 20
	alarmStep       = 0.005
	fewestKnown     = 200 // distinct texts by which a limit may act
	// A limit is in a cluster where more than crowd of the texts are more familiar than it by less than shift of what is usual: so
	// much may a student differ from its siblings, so that all of these would be novel to it.
	crowd, shift = 0.2, 0.05
)

// Check reports what is out of range.
func (o *Outside) Check() error {
	if !(o.FalseAlarms >= 0 && o.FalseAlarms <= 0.5) {
		return fmt.Errorf("false alarms: %v; want a share from 0 to 0.5, such as 0.05", o.FalseAlarms)
	}
	if n := len(o.OutOfScope); n > 0 && n < fewestOutside {
		return fmt.Errorf("out of scope: %d texts are too few to go by; give at least %d, or none", n, fewestOutside)
	}
	return nil
}

// fit finds the limit by how familiar the training texts are to models that had not seen them, and how familiar others are.
// It is nil where there are no such training texts.
func (o *Outside) fit(texts []string, known []float64, familiar func(text string) float64) (*Novelty, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("train a student: %w", err)
	}
	if o.Never || len(known) == 0 {
		return nil, nil
	}
	known = slices.Sorted(slices.Values(known))
	strays := make([]float64, len(o.OutOfScope))
	for i, t := range o.OutOfScope {
		strays[i] = familiar(t)
	}
	slices.Sort(strays)
	n := o.limit(known, strays)
	if o.FalseAlarms > 0 || len(strays) > 0 {
		n.Off = n.doubt(texts, known)
		n.Acts = n.Off == ""
	}
	return n, nil
}

// limit chooses the share of false alarms. Both kinds are ascending.
func (o *Outside) limit(known, strays []float64) *Novelty {
	if len(strays) == 0 {
		return at(known, strays, cmp.Or(o.FalseAlarms, measuredAlarms))
	}
	best, least := (*Novelty)(nil), math.Inf(1)
	for k := 1; float64(k)*alarmStep <= max(mostFalseAlarms, o.FalseAlarms)+1e-9; k++ {
		n := at(known, strays, float64(k)*alarmStep)
		if wrong := n.FalseAlarms + float64(n.OutOfScope-n.Found)/float64(n.OutOfScope); wrong < least-1e-12 {
			best, least = n, wrong
		}
	}
	return best
}

// doubt says why the limit cannot be trusted, or "". known is ascending, and of the texts.
func (n *Novelty) doubt(texts []string, known []float64) string {
	distinct := make(map[string]bool, len(texts))
	for _, t := range texts {
		distinct[t] = true
	}
	if len(distinct) < fewestKnown {
		return fmt.Sprintf("%d different examples are too few to say what is unlike them; it takes at least %d", len(distinct), fewestKnown)
	}
	near, _ := slices.BinarySearch(known, n.Least+shift*math.Abs(known[len(known)/2]))
	if share := float64(near)/float64(len(known)) - n.FalseAlarms; share > crowd {
		return fmt.Sprintf("%.0f %% of the examples are about as familiar as the limit, so that it does not tell them apart", 100*share)
	}
	return ""
}

// at is the limit that at most a share of the known texts is below. Both kinds are ascending.
func at(known, strays []float64, share float64) *Novelty {
	n := &Novelty{Least: known[min(int(share*float64(len(known))+1e-9), len(known)-1)], OutOfScope: len(strays)}
	below, _ := slices.BinarySearch(known, n.Least)
	n.FalseAlarms = float64(below) / float64(len(known))
	n.Found, _ = slices.BinarySearch(strays, n.Least)
	return n
}

// familiar says how familiar a text is.
func (s *Student) familiar(text string) float64 {
	scratch := s.scratch.Get().(*studentScratch)
	defer s.scratch.Put(scratch)
	s.model.scores(scratch.scores, &scratch.model, text)
	_, familiar := predict(scratch.scores, s.model.seen, s.heat, s.card.Labels)
	return familiar
}

// familiarity says how familiar a text is.
func (e *Extractor) familiarity(t string) float64 {
	s := e.scratch.Get().(*extractorScratch)
	defer e.scratch.Put(s)
	var x Extraction
	e.answerHeads(s, t)
	e.extract(&x, s, t)
	return -s.evidence.novelty
}
