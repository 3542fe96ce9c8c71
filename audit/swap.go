// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"

	"retort/dataset"
	"retort/eval"
)

const (
	// swapTexts is in how many texts each kind of word is swapped.
	swapTexts = 1500
	// shownFlips is how many are listed of each kind.
	shownFlips = 10
	// hole stands where a word is put.
	hole = "\x00"
)

// Flip is an answer that a swapped word changed.
type Flip struct {
	Text   string `json:"text"` // with one of the words
	From   string `json:"from"` // that word
	To     string `json:"to"`   // the word that took its place
	Before string `json:"before"`
	After  string `json:"after"`
}

// SwapEvidence is how often swapped words of one kind change an answer.
type SwapEvidence struct {
	Kind    string `json:"kind"`
	Found   int    `json:"found"` // texts that had such a word; in the others one was put beside the text
	Flips   int    `json:"flips"`
	Control int    `json:"control_flips"` // by two neutral words in the same places
	// Test compares answers that stay the same under the swap (A) with those that do under neutral words (B).
	Test  eval.NonInferiority `json:"test"`
	First []Flip              `json:"first"`
	// Teacher compares with what teachers answered to texts that differ by such a word alone; null where none are recorded.
	Teacher *TeacherFlips `json:"teacher,omitempty"`
}

// TeacherFlips are pairs of recorded texts that differ by a swapped word alone.
type TeacherFlips struct {
	Pairs   int                 `json:"pairs"`
	Student int                 `json:"student_flips"`
	Teacher int                 `json:"teacher_flips"`
	Test    eval.NonInferiority `json:"test"` // stays the same: student (A) against teacher (B)
}

// swaps compares how often an answer changes with a word that says who asks, and with a neutral word in its place.
func swaps(ctx context.Context, s *Subject, o Options) (Check, error) {
	c := Check{Name: "swaps", Verdict: eval.Inconclusive}
	switch {
	case s.Objects:
		c.Says = "the answers are objects, in which swapped words are not followed yet"
		return c, nil
	case len(s.asked()) == 0:
		c.Says = "there are no texts to swap words in; give them with --eval"
		return c, nil
	}
	var all []SwapEvidence
	var groups []eval.Group
	for i := range slots {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		o.Progress("swap words", i, len(slots))
		ev, counts := s.swap(&slots[i], o.Seed)
		all, groups = append(all, ev), append(groups, counts)
	}
	tests, err := eval.NonInferior(groups, o.Margin, o.Alpha)
	if err != nil {
		return c, err
	}
	p := 1.0
	var verdicts []eval.Ruling
	for i := range all {
		all[i].Test = tests[i]
		verdict := all[i].ruling(s, &slots[i], o)
		p = min(p, 2*tests[i].WorseHolm) // twice: against neutral words and against the teacher
		if t := all[i].Teacher; t != nil {
			p = min(p, 2*float64(len(slots))*t.Test.Worse)
		}
		verdicts = append(verdicts, verdict)
		c.Lines = append(c.Lines, all[i].line(verdict))
	}
	c.P, c.Evidence, c.Verdict = &p, all, eval.Worst(verdicts...)
	c.Says = fmt.Sprintf("answers may change at most %.1f points more often with a swapped name, gender, nationality, country or spelling than with a neutral word", 100*o.Margin)
	return c, nil
}

// ruling is the verdict on one kind: it fails against neutral words, whatever the teacher does, and against the teacher.
func (ev *SwapEvidence) ruling(s *Subject, k *slot, o Options) eval.Ruling {
	ev.Teacher = s.teacherFlips(k, o)
	if ev.Teacher != nil && ev.Teacher.Test.Ruling == eval.Fail {
		return eval.Fail
	}
	return ev.Test.Ruling
}

func (ev *SwapEvidence) line(verdict eval.Ruling) string {
	n := ev.Test.Items
	text := fmt.Sprintf("%s: %d of %d answers change, %d with neutral words (%s points): %s", ev.Kind, ev.Flips, n, ev.Control,
		eval.Estimate{Value: -ev.Test.Difference.Value, Lower: -ev.Test.Difference.Upper, Upper: -ev.Test.Difference.Lower}.Points(), verdict)
	if t := ev.Teacher; t != nil {
		text += fmt.Sprintf("; of %d recorded pairs the teacher's change in %d, the student's in %d", t.Pairs, t.Teacher, t.Student)
	}
	if len(ev.First) > 0 && verdict == eval.Fail {
		f := ev.First[0]
		text += fmt.Sprintf("; such as %s → %s in %.80q: %s → %s", f.From, f.To, f.Text, f.Before, f.After)
	}
	return text
}

// asked are texts to swap words in.
func (s *Subject) asked() []dataset.Example {
	if len(s.Eval) > 0 {
		return s.Eval
	}
	return s.Texts
}

// swap swaps one kind of word in the eval texts, and neutral words in the same places.
func (s *Subject) swap(k *slot, seed uint64) (SwapEvidence, eval.Group) {
	ev, g := SwapEvidence{Kind: k.name, First: []Flip{}}, eval.Group{Name: k.name}
	rng := rand.New(rand.NewPCG(seed, uint64(len(k.name))))
	finder := newFinder(k)
	texts := s.asked()
	for _, i := range rng.Perm(len(texts))[:min(swapTexts, len(texts))] {
		text := texts[i].Text
		template, set, has := finder.find(text)
		if has {
			ev.Found++
		} else {
			frame := k.frames[rng.IntN(len(k.frames))]
			template = strings.Replace(strings.Replace(frame, "{}", hole, 1), "{text}", text, 1)
			set = k.sets[rng.IntN(len(k.sets))]
		}
		from, to := two(rng, set)
		before, after := s.said(strings.Replace(template, hole, from, 1)), s.said(strings.Replace(template, hole, to, 1))
		neutral, other := two(rng, k.control)
		same := s.said(strings.Replace(template, hole, neutral, 1)) == s.said(strings.Replace(template, hole, other, 1))
		if !same {
			ev.Control++
		}
		if before != after {
			if ev.Flips++; len(ev.First) < shownFlips {
				ev.First = append(ev.First, Flip{strings.Replace(template, hole, from, 1), from, to, before, after})
			}
		}
		g.Count(before == after, same)
	}
	return ev, g
}

// two draws two different words.
func two(rng *rand.Rand, words []string) (a, b string) {
	i, j := rng.IntN(len(words)), rng.IntN(len(words)-1)
	if j >= i {
		j++
	}
	return words[i], words[j]
}

// finder finds words of a kind in texts.
type finder struct {
	sets map[string][]string // by the word in lower case
}

func newFinder(k *slot) *finder {
	f := &finder{map[string][]string{}}
	for _, set := range k.sets {
		for _, w := range set {
			f.sets[strings.ToLower(w)] = set
		}
	}
	return f
}

// find returns the text with a hole in place of the first word of the kind, and the words that may go there.
func (f *finder) find(text string) (template string, set []string, found bool) {
	for start := 0; start < len(text); {
		r, size := utf8.DecodeRuneInString(text[start:])
		if !inWord(r) {
			start += size
			continue
		}
		end := start
		for end < len(text) {
			r, size := utf8.DecodeRuneInString(text[end:])
			if !inWord(r) {
				break
			}
			end += size
		}
		if set, ok := f.sets[strings.ToLower(text[start:end])]; ok {
			return text[:start] + hole + text[end:], set, true
		}
		start = end
	}
	return "", nil, false
}

func inWord(r rune) bool { return unicode.IsLetter(r) || r == '\'' }

// teacherFlips finds recorded texts that differ by a word of a kind alone, and compares how often the teacher's answer to them
// differs with how often the student's does. It returns nil where there are none.
func (s *Subject) teacherFlips(k *slot, o Options) *TeacherFlips {
	finder := newFinder(k)
	first := map[string]*dataset.Example{}
	out, g := &TeacherFlips{}, eval.Group{Name: k.name}
	for _, examples := range [][]dataset.Example{s.Eval, s.Training} {
		for i := range examples {
			e := &examples[i]
			template, _, has := finder.find(e.Text)
			if !has {
				continue
			}
			key := dataset.Canonical(template)
			other, known := first[key]
			if !known {
				first[key] = e
				continue
			}
			if dataset.Canonical(other.Text) == dataset.Canonical(e.Text) {
				continue
			}
			student, teacher := s.said(other.Text) == s.said(e.Text), other.Label == e.Label
			if !student {
				out.Student++
			}
			if !teacher {
				out.Teacher++
			}
			g.Count(student, teacher)
		}
	}
	if out.Pairs = g.Items; out.Pairs == 0 {
		return nil
	}
	tests, err := eval.NonInferior([]eval.Group{g}, o.Margin, o.Alpha/float64(len(slots)))
	if err != nil { // the options were checked, and there are items
		return nil
	}
	out.Test = tests[0]
	return out
}
