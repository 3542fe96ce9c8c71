// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"retort/student/internal/text"
	"retort/student/internal/value"
)

// Span is a piece of a text: bytes Start to End, without End.
type Span struct {
	Field      int // index into Schema.Fields
	Start, End int
}

// ByteSpan turns offsets that count characters into a Span of bytes. The characters are those that a range over text
// yields, so an invalid byte counts as one. It fails when the offsets lie outside the text.
func ByteSpan(text string, field, start, end int) (Span, error) {
	s := Span{Field: field, Start: -1, End: -1}
	n := 0
	for at := range text {
		if n == start {
			s.Start = at
		}
		if n == end {
			s.End = at
		}
		n++
	}
	if n == start {
		s.Start = len(text)
	}
	if n == end {
		s.End = len(text)
	}
	if s.Start < 0 || s.End < s.Start {
		return Span{}, fmt.Errorf("characters %d to %d lie outside the text, which has %d", start, end, n)
	}
	return s, nil
}

// locator finds values in one text.
type locator struct {
	text   string
	tokens []text.Token
	taken  []bool // tokens that some span has
	other  []text.Token
}

// locate finds where the values of an object lie and spells strings as the text does. Where given has spans of a field, these
// are its places. The error says what is not found first; the rest is located all the same.
func (s *Schema) locate(t string, entries []entry, given []Span) error {
	l := &locator{text: t, tokens: text.Tokens(nil, t)}
	l.taken = make([]bool, len(l.tokens))
	var first error
	note := func(f *Field, err error) {
		if err != nil && first == nil {
			first = fmt.Errorf("field %q: %w", f.Name, err)
		}
	}
	for _, g := range given {
		if g.Field < 0 || g.Field >= len(s.Fields) || !s.Fields[g.Field].inText() {
			return fmt.Errorf("span %d to %d is of field %d, which is none that lies in the text", g.Start, g.End, g.Field)
		}
		note(&s.Fields[g.Field], l.place(g, &s.Fields[g.Field], &entries[g.Field]))
	}
	for i := range s.Fields {
		f, e := &s.Fields[i], &entries[i]
		if f.inText() && e.has && len(e.spans) == 0 {
			note(f, l.search(i, f, e))
		}
		e.inOrder()
		if f.Kind == KindSpan || f.Kind == KindSpans {
			l.respell(e)
		}
	}
	return first
}

// inOrder sorts places, and the numbers or dates with them when all were found.
func (e *entry) inOrder() {
	early := func(a, b int) int { return cmp.Compare(e.spans[a].Start, e.spans[b].Start) }
	order := make([]int, len(e.spans))
	for i := range order {
		order[i] = i
	}
	if slices.IsSortedFunc(order, early) {
		return
	}
	slices.SortFunc(order, early)
	all := len(e.spans) == e.inText()
	e.spans = rearranged(e.spans, order)
	if all && len(e.numbers) > 0 {
		e.numbers = rearranged(e.numbers, order)
	}
	if all && len(e.dates) > 0 {
		e.dates = rearranged(e.dates, order)
	}
}

func rearranged[T any](list []T, order []int) []T {
	out := make([]T, len(order))
	for i, from := range order {
		out[i] = list[from]
	}
	return out
}

// respell replaces strings by the text's own spelling, in its order, when all were found.
func (l *locator) respell(e *entry) {
	if len(e.spans) == 0 || len(e.spans) != len(e.words) {
		return
	}
	for k, s := range e.spans {
		e.words[k] = l.text[s.Start:s.End]
	}
}

// place takes a span that came with the example. Blanks around it are cut.
func (l *locator) place(g Span, f *Field, e *entry) error {
	err := l.fits(g, f, e)
	if err == nil {
		from, to := within(l.tokens, l.trim(g))
		return l.take(g.Field, from, to, e)
	}
	if inCharacters(l.text, g, e) {
		return fmt.Errorf("%w; the object has the characters of these numbers: offsets are in bytes, see ByteSpan", err)
	}
	return err
}

// trim cuts the blanks around a span that lies in the text.
func (l *locator) trim(g Span) Span {
	g.End = g.Start + len(strings.TrimRightFunc(l.text[g.Start:g.End], unicode.IsSpace))
	g.Start = g.End - len(strings.TrimLeftFunc(l.text[g.Start:g.End], unicode.IsSpace))
	return g
}

// fits reports what is wrong with a span as the place of the field's next value.
func (l *locator) fits(g Span, f *Field, e *entry) error {
	if g.Start < 0 || g.Start >= g.End || g.End > len(l.text) {
		return fmt.Errorf("bytes %d to %d lie outside the text, which has %d", g.Start, g.End, len(l.text))
	}
	said := l.text[g.Start:g.End]
	if k := len(e.spans); f.Kind == KindSpan || f.Kind == KindSpans {
		if k >= len(e.words) || folded(e.words[k]) != folded(said) {
			return fmt.Errorf("bytes %d to %d are %q, which is not what the object has", g.Start, g.End, said)
		}
	}
	if k := len(e.spans); k < e.inText() && !f.says(said, e, k) || k >= e.inText() {
		return fmt.Errorf("bytes %d to %d are %q, which does not read as what the object has", g.Start, g.End, said)
	}
	g = l.trim(g)
	if from, to := within(l.tokens, g); to == from || int(l.tokens[from].Start) != g.Start || int(l.tokens[to-1].End) != g.End {
		return fmt.Errorf("%q, bytes %d to %d, does not begin and end with a word", said, g.Start, g.End)
	}
	return nil
}

// inCharacters reports whether a span is that of the next string when its offsets count characters.
func inCharacters(t string, g Span, e *entry) bool {
	s, err := ByteSpan(t, g.Field, g.Start, g.End)
	k := len(e.spans)
	return err == nil && k < len(e.words) && e.words[k] == t[s.Start:s.End]
}

// take makes tokens from to to, without to, a span of the field.
func (l *locator) take(field, from, to int, e *entry) error {
	if slices.Contains(l.taken[from:to], true) {
		return fmt.Errorf("%q lies in another value", l.text[l.tokens[from].Start:l.tokens[to-1].End])
	}
	for i := from; i < to; i++ {
		l.taken[i] = true
	}
	e.spans = append(e.spans, Span{field, int(l.tokens[from].Start), int(l.tokens[to-1].End)})
	return nil
}

// search finds the values of a field that came without their places.
func (l *locator) search(field int, f *Field, e *entry) error {
	for k := range len(e.numbers) + len(e.dates) {
		if err := l.searchValue(field, e, func(s string) bool { return f.says(s, e, k) }); err != nil {
			return err
		}
	}
	for _, w := range e.words {
		if err := l.searchWords(field, w, e); err != nil {
			return err
		}
	}
	return nil
}

// says reports whether words read as the k-th number or date of a field. Any are those of a string.
func (f *Field) says(words string, e *entry, k int) bool {
	switch f.Kind {
	case KindNumber, KindNumbers:
		x, ok := value.Number(words)
		return ok && x == e.numbers[k]
	case KindDate, KindDates:
		return isDay(words, value.MonthFirst, e.dates[k]) || isDay(words, value.DayFirst, e.dates[k])
	}
	return true
}

// searchWords finds a string: as it is rather than in other case or with other blanks, early rather than late.
func (l *locator) searchWords(field int, w string, e *entry) error {
	l.other = text.Tokens(l.other[:0], w)
	best := -1
	for i := 0; len(l.other) > 0 && i+len(l.other) <= len(l.tokens); i++ {
		to := i + len(l.other)
		if slices.Contains(l.taken[i:to], true) || !slices.EqualFunc(l.tokens[i:to], l.other, func(a, b text.Token) bool { return a.Word == b.Word }) {
			continue
		}
		if strings.HasPrefix(l.text[l.tokens[i].Start:], strings.TrimSpace(w)) {
			best = i
			break
		}
		if best < 0 {
			best = i
		}
	}
	if best < 0 {
		return fmt.Errorf("%q does not occur in the text as words of its own", clip(w))
	}
	return l.take(field, best, best+len(l.other), e)
}

// longestValue is how many tokens a number or a date may have.
const longestValue = 9

// searchValue finds the first, and of these the longest, free piece of the text that reads as wanted.
func (l *locator) searchValue(field int, e *entry, wanted func(string) bool) error {
	for i := range l.tokens {
		for to := min(i+longestValue, len(l.tokens)); to > i; to-- {
			if !slices.Contains(l.taken[i:to], true) && wanted(l.text[l.tokens[i].Start:l.tokens[to-1].End]) {
				return l.take(field, i, to, e)
			}
		}
	}
	return fmt.Errorf("the text has no words or digits that read as %s", e.nth(len(e.spans)))
}

// nth writes the k-th number or date.
func (e *entry) nth(k int) string {
	if k < len(e.numbers) {
		return strconv.FormatFloat(e.numbers[k]+0, 'f', -1, 64)
	}
	return string(appendDay(nil, e.dates[k]))
}

// readDay reads a date as year, month and day.
func readDay(s string, order value.Order) (day [3]int, ok bool) {
	day[0], day[1], day[2], ok = value.Date(s, order)
	return day, ok
}

func isDay(s string, order value.Order, want [3]int) bool {
	day, ok := readDay(s, order)
	return ok && day == want
}

// appendDay writes a date as 2006-01-02; none at all is the first day of the calendar.
func appendDay(dst []byte, day [3]int) []byte {
	year, month, date := max(day[0], 1), max(day[1], 1), max(day[2], 1)
	for _, n := range [...]int{year / 1000, year / 100, year / 10, year} {
		dst = append(dst, byte('0'+n%10))
	}
	return append(dst, '-', byte('0'+month/10), byte('0'+month%10), '-', byte('0'+date/10), byte('0'+date%10))
}

// clip cuts a string that is to stand in an error.
func clip(s string) string {
	if len(s) <= 80 {
		return s
	}
	cut := 80
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
