// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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

// Flip is an answer, or the value of a field, that a swapped word changed.
type Flip struct {
	Field  string `json:"field,omitempty"` // of objects
	Text   string `json:"text"`            // with one of the words
	From   string `json:"from"`            // that word
	To     string `json:"to"`              // the word that took its place
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
	// Fields are those of objects whose values changed at all, each with a test of its own; Steady counts the others, whose values did not.
	Fields []FieldSwap `json:"fields,omitempty"`
	Steady int         `json:"steady_fields,omitempty"`
	// Reads are fields that are there to read such words, as the training examples show. Where there are any, a value that holds the very word
	// counts as none: whether it is read, and into which field, is a matter of which words the student knows.
	Reads []string `json:"reads,omitempty"`

	pairs           []pair // to put to the teacher
	flips, controls []int  // by field
	steady          eval.Ruling
	// Teacher compares with what teachers answered to texts that differ by such a word alone; null where none are recorded.
	Teacher *TeacherFlips `json:"teacher,omitempty"`
	// Asked compares with what the teacher says to some of the swapped texts; null where it was not asked.
	Asked *TeacherFlips `json:"asked,omitempty"`
}

// FieldSwap is how often swapped words of one kind change a field's value. Where the value holds the word itself, the other word in its place is
// no change.
type FieldSwap struct {
	Field   string              `json:"field"`
	Flips   int                 `json:"flips"`
	Control int                 `json:"control_flips"`
	Test    eval.NonInferiority `json:"test"`
}

// TeacherFlips are pairs of texts that differ by a swapped word alone, which a teacher has answered.
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
		ev, counts := s.swap(&slots[i], o)
		all, groups = append(all, ev), append(groups, counts...)
	}
	tests, err := eval.NonInferior(groups, o.Margin, o.Alpha)
	if err != nil {
		return c, err
	}
	if err := ask(ctx, s, all, o); err != nil {
		return c, err
	}
	p, each, times := 1.0, len(groups)/len(slots), 2.0 // against neutral words, and against what teachers answered
	if s.Ask != nil {
		times = 3
	}
	var verdicts []eval.Ruling
	for i := range all {
		own := tests[i*each : (i+1)*each]
		all[i].note(own, s.Fields, o)
		verdict := all[i].ruling(s, &slots[i], o)
		for f, test := range own {
			if len(s.Fields) == 0 || f > 0 { // the whole object counts by its fields
				p = min(p, times*test.WorseHolm)
			}
		}
		if t := all[i].Teacher; t != nil {
			p = min(p, times*float64(len(slots))*t.Test.Worse)
		}
		if t := all[i].Asked; t != nil {
			p = min(p, times*t.Test.WorseHolm)
		}
		verdicts = append(verdicts, verdict)
		c.Lines = append(c.Lines, all[i].line(verdict))
	}
	c.P, c.Evidence, c.Verdict = &p, all, eval.Worst(verdicts...)
	c.Says = fmt.Sprintf("answers may change at most %.1f points more often with a swapped name, gender, nationality, country or spelling than with a neutral word", 100*o.Margin)
	if len(s.Fields) > 0 {
		c.Says = strings.Replace(c.Says, "answers", "the values of each field", 1)
	}
	return c, nil
}

// note takes in the tests of one kind: of the whole answer, then of each field.
func (ev *SwapEvidence) note(tests []eval.NonInferiority, fields []Field, o Options) {
	for i := range tests {
		if len(fields) > 0 { // no worse in any of them needs no correction, worse in one does
			switch t := &tests[i]; {
			case t.P <= o.Alpha:
				t.Ruling = eval.Pass
			case t.WorseHolm <= o.Alpha:
				t.Ruling = eval.Fail
			default:
				t.Ruling = eval.Inconclusive
			}
		}
	}
	ev.Test = tests[0]
	for i, test := range tests[1:] {
		f := FieldSwap{Field: fields[i].Name, Flips: ev.flips[i], Control: ev.controls[i], Test: test}
		if f.Flips+f.Control == 0 {
			ev.Steady++
			ev.steady = test.Ruling // the same for all of them: none changed
			continue
		}
		ev.Fields = append(ev.Fields, f)
	}
}

// ruling is the verdict on one kind: it fails against neutral words, whatever the teacher does, and against the teacher, be it that its
// answers are recorded or that it was asked.
func (ev *SwapEvidence) ruling(s *Subject, k *slot, o Options) eval.Ruling {
	ev.Teacher = s.teacherFlips(k, o)
	if ev.Teacher != nil && ev.Teacher.Test.Ruling == eval.Fail {
		return eval.Fail
	}
	if ev.Asked != nil && ev.Asked.Test.Ruling == eval.Fail {
		return eval.Fail
	}
	if len(s.Fields) == 0 {
		return ev.Test.Ruling
	}
	var rulings []eval.Ruling
	if ev.Steady > 0 {
		rulings = append(rulings, ev.steady)
	}
	for i := range ev.Fields {
		rulings = append(rulings, ev.Fields[i].Test.Ruling)
	}
	return eval.Worst(rulings...)
}

func (ev *SwapEvidence) line(verdict eval.Ruling) string {
	n := ev.Test.Items
	text := fmt.Sprintf("%s: %d of %d answers change, %d with neutral words (%s points): %s", ev.Kind, ev.Flips, n, ev.Control,
		eval.Estimate{Value: -ev.Test.Difference.Value, Lower: -ev.Test.Difference.Upper, Upper: -ev.Test.Difference.Lower}.Points(), verdict)
	if t := ev.Teacher; t != nil {
		text += fmt.Sprintf("; of %d recorded pairs the teacher's change in %d, the student's in %d", t.Pairs, t.Teacher, t.Student)
	}
	if t := ev.Asked; t != nil {
		text += fmt.Sprintf("; asked about %d pairs, the teacher changes its answer in %d, the student in %d: %s", t.Pairs, t.Teacher, t.Student, t.Test.Ruling)
	}
	if len(ev.Reads) > 0 {
		text += "; not counting the word itself, which is read by " + strings.Join(ev.Reads, ", ")
	}
	for _, f := range ev.Fields {
		if f.Test.Ruling != eval.Pass {
			text += fmt.Sprintf("; field %s in %d, %d with neutral words: %s", f.Field, f.Flips, f.Control, f.Test.Ruling)
		}
	}
	if len(ev.First) > 0 && verdict == eval.Fail {
		f := ev.First[0]
		text += fmt.Sprintf("; such as %s → %s in %.80q%s: %s → %s", f.From, f.To, f.Text, ofField(f.Field), f.Before, f.After)
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

// swap swaps one kind of word in the eval texts, and neutral words in the same places. The first group is of whole answers, the others are of the
// fields.
func (s *Subject) swap(k *slot, o Options) (SwapEvidence, []eval.Group) {
	ev, groups := SwapEvidence{Kind: k.name, First: []Flip{}, flips: make([]int, len(s.Fields)), controls: make([]int, len(s.Fields))}, []eval.Group{{Name: k.name}}
	for _, f := range s.Fields {
		groups = append(groups, eval.Group{Name: k.name + ": " + f.Name})
	}
	ev.Reads = s.reads(k)
	rng := rand.New(rand.NewPCG(o.Seed, uint64(len(k.name))))
	finder := newFinder(k)
	texts := s.asked()
	for _, i := range rng.Perm(len(texts))[:min(swapTexts, len(texts))] {
		text := texts[i].Text
		template, _, set, has := finder.find(text)
		if has {
			ev.Found++
		} else {
			frame := k.frames[rng.IntN(len(k.frames))]
			template = strings.Replace(strings.Replace(frame, "{}", hole, 1), "{text}", text, 1)
			set = k.sets[rng.IntN(len(k.sets))]
		}
		from, to := two(rng, set)
		neutral, other := two(rng, k.control)
		swapped, control := s.both(template, from, to, len(ev.Reads) > 0), s.both(template, neutral, other, len(ev.Reads) > 0)
		if !control.same {
			ev.Control++
		}
		if s.Ask != nil && len(ev.pairs) < o.Pairs {
			ev.pairs = append(ev.pairs, pair{strings.Replace(template, hole, from, 1), strings.Replace(template, hole, to, 1), from, to, len(ev.Reads) > 0, swapped.same})
		}
		if !swapped.same {
			ev.Flips++
			if len(ev.First) < shownFlips {
				ev.First = append(ev.First, swapped.flip(s.Fields, strings.Replace(template, hole, from, 1), from, to))
			}
		}
		groups[0].Count(swapped.same, control.same)
		for f := range s.Fields {
			groups[1+f].Count(swapped.fields[f], control.fields[f])
			if !swapped.fields[f] {
				ev.flips[f]++
			}
			if !control.fields[f] {
				ev.controls[f]++
			}
		}
	}
	return ev, groups
}

// reads returns the fields whose values in the training examples hold words of a kind; nationalities and countries are one.
func (s *Subject) reads(k *slot) []string {
	var copied []Field
	for _, f := range s.Fields {
		if f.Copied {
			copied = append(copied, f)
		}
	}
	if len(copied) == 0 {
		return nil
	}
	words := map[string]bool{}
	for i := range slots {
		if o := &slots[i]; o == k || o.place && k.place {
			for _, set := range o.sets {
				for _, w := range set {
					words[strings.ToLower(w)] = true
				}
			}
		}
	}
	held := make([]int, len(copied))
	for i := range s.Training {
		for f, v := range values(copied, s.Training[i].Label) {
			if slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(v), func(r rune) bool { return !inWord(r) }), func(w string) bool { return words[w] }) {
				held[f]++
			}
		}
	}
	var out []string
	for f := range copied {
		if held[f] >= fewestReads {
			out = append(out, copied[f].Name)
		}
	}
	return out
}

// fewestReads is in how many training examples a field's values hold words of a kind, for it to be there to read them.
const fewestReads = 3

// both is what becomes of an answer when one word takes another's place.
type both struct {
	before, after string
	same          bool
	fields        []bool // by field, whether its value stays the same
}

func (s *Subject) both(template, from, to string, read bool) both {
	b := both{before: s.said(strings.Replace(template, hole, from, 1)), after: s.said(strings.Replace(template, hole, to, 1))}
	if len(s.Fields) == 0 {
		b.same = b.before == b.after
		return b
	}
	b.same, b.fields = s.unchanged(b.before, from, b.after, to, read)
	return b
}

// unchanged says of each field whether two objects hold the same, where a word that is read from the text may be the one that was put
// there; read says that this counts as no value.
func (s *Subject) unchanged(before, from, after, to string, read bool) (same bool, fields []bool) {
	same = true
	x, y := values(s.Fields, before), values(s.Fields, after)
	for f := range x {
		equal := x[f] == y[f]
		if s.Fields[f].Copied && !equal {
			a, b := masked(x[f], from), masked(y[f], to)
			if read && strings.Contains(a, hole) {
				a = none
			}
			if read && strings.Contains(b, hole) {
				b = none
			}
			equal = a == b
		}
		fields = append(fields, equal)
		same = same && equal
	}
	return same, fields
}

// masked puts a hole in the place of a word, whatever its case.
func masked(value, word string) string {
	return strings.ReplaceAll(strings.ToLower(value), strings.ToLower(word), hole)
}

func (b *both) flip(fields []Field, text, from, to string) Flip {
	f := Flip{Text: text, From: from, To: to, Before: b.before, After: b.after}
	for i, same := range b.fields {
		if !same { // the first says enough
			one := fields[i : i+1]
			f.Field, f.Before, f.After = one[0].Name, values(one, b.before)[0], values(one, b.after)[0]
			break
		}
	}
	return f
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

// find returns the text with a hole in place of the first word of the kind, the word, and the words that may go there.
func (f *finder) find(text string) (template, word string, set []string, found bool) {
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
			return text[:start] + hole + text[end:], text[start:end], set, true
		}
		start = end
	}
	return "", "", nil, false
}

func inWord(r rune) bool { return unicode.IsLetter(r) || r == '\'' }

// teacherFlips finds recorded texts that differ by a word of a kind alone, and compares how often the teacher's answer to them
// differs with how often the student's does. It returns nil where there are none.
func (s *Subject) teacherFlips(k *slot, o Options) *TeacherFlips {
	finder := newFinder(k)
	type seen struct {
		*dataset.Example
		word string
	}
	first := map[string]seen{}
	out, g := &TeacherFlips{}, eval.Group{Name: k.name}
	for _, examples := range [][]dataset.Example{s.Eval, s.Training} {
		for i := range examples {
			e := &examples[i]
			template, word, _, has := finder.find(e.Text)
			if !has {
				continue
			}
			key := dataset.Canonical(template)
			other, known := first[key]
			if !known {
				first[key] = seen{e, word}
				continue
			}
			if dataset.Canonical(other.Text) == dataset.Canonical(e.Text) {
				continue
			}
			student, teacher := s.said(other.Text) == s.said(e.Text), other.Label == e.Label
			if len(s.Fields) > 0 {
				student, _ = s.unchanged(s.said(other.Text), other.word, s.said(e.Text), word, false)
				teacher, _ = s.unchanged(other.Label, other.word, e.Label, word, false)
			}
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
