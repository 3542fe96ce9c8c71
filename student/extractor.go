// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"runtime"
	"slices"
	"sync"

	"retort/internal/sections"
	"retort/student/internal/text"
	"retort/student/internal/value"
)

// Extractor is a student that answers with objects: classifiers for the fields that depend on the whole text, and a tagger
// for those that lie in it. It is immutable and safe for concurrent use.
type Extractor struct {
	card       Card
	schema     Schema
	heads      []head
	tagger     *tagger // nil when no field lies in the text
	familiar   text.Dictionary
	confidence confidence
	scratch    *sync.Pool
	mapping    *sections.Mapping // the file behind the arrays; nil when there is none
}

// head is a classifier of the whole text.
type head struct {
	field   int
	member  int // of Enums: the value that it finds or not
	student *Student
}

// Extraction is an answer of an [Extractor].
type Extraction struct {
	// Object is the answer in canonical form, see [Schema.Canonical]. It always keeps to the schema.
	Object []byte
	// Score is the calibrated probability that the teacher's whole object would be the same. Thresholds are set on it. It is
	// 0 when a field that must have a value has none.
	Score float64
	// Fields has for each field of the schema the calibrated probability that the teacher's value would be the same, be it
	// that there is none.
	Fields []float64
	Spans  []Span // where the values of Object lie, in the order of the text
	// Novelty says how strange the text is: the share of the training texts that were less strange to a student that had not
	// seen them. Above 0.99 it is stranger than all but one in a hundred of what the task is asked, and perhaps not meant
	// for it.
	Novelty float64
	Novel   bool // the text is less familiar than the card's Novelty asks; see [Prediction]
}

type extractorScratch struct {
	tag      tagScratch
	answers  []Prediction // of the heads
	gates    []uint64
	found    []found
	in       []bool
	entries  []entry
	evidence evidence
}

func newExtractor(card Card, schema Schema, heads []head, m *tagger, familiar text.Dictionary, c confidence) *Extractor {
	e := &Extractor{card: card, schema: schema, heads: heads, tagger: m, familiar: familiar, confidence: c}
	e.scratch = &sync.Pool{New: func() any { return &extractorScratch{} }}
	return e
}

// Extract answers one text and overwrites dst. Any text has an answer: the empty one, one that is not UTF-8, and one of which
// only the first 2,048 words are read. It does not allocate once warm and dst has been used, but for numbers and dates.
func (e *Extractor) Extract(dst *Extraction, t string) {
	s := e.scratch.Get().(*extractorScratch)
	e.answerHeads(s, t)
	e.extract(dst, s, t)
	dst.Score = e.confidence.object(&s.evidence)
	for i := range e.schema.Fields {
		dst.Fields = append(dst.Fields, e.confidence.field(i, &s.evidence))
	}
	dst.Novelty = e.confidence.novelty(s.evidence.novelty)
	dst.Novel = e.card.Novelty.finds(-s.evidence.novelty)
	e.scratch.Put(s)
	runtime.KeepAlive(e) // and the mapping with it
}

// answerHeads fills s.answers.
func (e *Extractor) answerHeads(s *extractorScratch, t string) {
	s.answers = s.answers[:0]
	for i := range e.heads {
		s.answers = append(s.answers, e.heads[i].student.Predict(t))
	}
}

// extract answers with what the heads say, in s.answers, and gathers the evidence for the scores, which it does not fill.
func (e *Extractor) extract(dst *Extraction, s *extractorScratch, t string) {
	*dst = Extraction{Object: dst.Object[:0], Fields: dst.Fields[:0], Spans: dst.Spans[:0]}
	s.reset(len(e.schema.Fields))
	s.gates = s.gates[:0]
	first := -1
	for i, a := range s.answers {
		h := &e.heads[i]
		e.schema.Fields[h.field].decide(&s.entries[h.field], h.member, a.Class)
		s.evidence.head(h.field, a.Score)
		if gate, ok := e.gateOf(i); ok {
			if s.gates = append(s.gates, gateHash(gate, a.Class)); gate == 0 {
				first = a.Class
			}
		}
	}
	s.found = s.found[:0]
	if e.tagger == nil {
		s.tag.tagging.Scan(&noLexicon, t, nil)
	} else if s.tag.tagging.Scan(&e.tagger.lexicon, t, nil); len(s.tag.tagging.Tokens) > 0 {
		e.tagger.tag(&s.tag, s.gates, e.tagger.set(first))
		s.evidence.path = s.tag.lattice.LogProbability
		s.found = s.tag.spans(s.found)
	}
	if e.tagger != nil {
		e.settle(s, t)
		e.weigh(s)
	}
	s.evidence.novelty = e.strangeness(s)
	for i := range s.entries {
		dst.Spans = append(dst.Spans, s.entries[i].spans...)
		if !s.entries[i].has && !e.schema.Fields[i].mayLack() {
			s.evidence.lacking = true
		}
	}
	slices.SortFunc(dst.Spans, func(a, b Span) int { return a.Start - b.Start })
	dst.Object = e.schema.appendObject(dst.Object, s.entries)
}

var noLexicon = text.Lexicon{Frequent: text.NewDictionary(nil), Phrases: text.NewDictionary(nil)}

func (s *extractorScratch) reset(fields int) {
	for len(s.entries) < fields {
		s.entries = append(s.entries, entry{})
	}
	s.entries = s.entries[:fields]
	for i := range s.entries {
		e := &s.entries[i]
		*e = entry{member: e.member[:0], numbers: e.numbers[:0], words: e.words[:0], dates: e.dates[:0], spans: e.spans[:0]}
	}
	s.evidence.reset(fields)
}

// maxGates is how many classifiers the tagger hears of.
const maxGates = 2

// gateOf says which gate of the tagger head i is: the first classifiers that are no list's.
func (e *Extractor) gateOf(i int) (gate int, ok bool) {
	for k := range i + 1 {
		if e.schema.Fields[e.heads[k].field].Kind == KindEnums {
			if k == i {
				return 0, false
			}
			continue
		}
		gate++
	}
	return gate - 1, gate <= maxGates
}

// gateHash stands for an answer of a gate; class -1 is none.
func gateHash(gate, class int) uint64 { return uint64(gate)<<32 | uint64(class+2) }

// decide sets the value of a field by a head's answer.
func (f *Field) decide(e *entry, member, class int) {
	if f.Kind == KindEnums {
		for len(e.member) < len(f.Values) {
			e.member = append(e.member, false)
		}
		e.member[member] = class == 1
		e.has = e.has || class == 1 || !f.mayLack()
		return
	}
	// The last class of a field that may lack a value says that it does.
	if choices := f.choices(); class >= 0 && class < choices {
		e.has, e.class = true, class
	}
}

// choices is the number of values of an Enum or a Bool.
func (f *Field) choices() int {
	if f.Kind == KindBool {
		return 2
	}
	return len(f.Values)
}

// settle turns the spans into values: of a field that holds one, the surest that can be read. Where one must be found, what
// is likeliest is taken.
func (e *Extractor) settle(s *extractorScratch, t string) {
	tokens := s.tag.tagging.Tokens
	for k, number := range e.tagger.fields {
		f, to := &e.schema.Fields[number], &s.entries[number]
		best := -1
		for i := range s.found {
			span := &s.found[i]
			if span.field != int32(k) {
				continue
			}
			if f.list() {
				if f.reads(t, tokens, span) {
					to.add(f, int(number), t, tokens, span)
				}
				continue
			}
			if (best < 0 || span.sure > s.found[best].sure) && f.reads(t, tokens, span) {
				best = i
			}
		}
		switch {
		case f.list():
			to.has = len(to.spans) > 0 || !f.mayLack()
		case best >= 0:
			to.add(f, int(number), t, tokens, &s.found[best])
		case !f.mayLack():
			if span, ok := e.likeliest(s, int32(k), t); ok {
				to.add(f, int(number), t, tokens, &span)
			}
		}
	}
}

// reads reports whether a span can be read as a value of the field.
func (f *Field) reads(t string, tokens []text.Token, span *found) bool {
	words := t[tokens[span.from].Start:tokens[span.to-1].End]
	switch f.Kind {
	case KindNumber, KindNumbers:
		_, ok := f.number(words)
		return ok
	case KindDate, KindDates:
		_, ok := f.day(words)
		return ok
	}
	return true
}

// number reads words as a number of the field.
func (f *Field) number(words string) (x float64, ok bool) {
	x, ok = value.Number(words)
	return x, ok && (!f.Integer || whole(x))
}

// day reads words as a date of the field.
func (f *Field) day(words string) (day [3]int, ok bool) {
	order := value.MonthFirst
	if f.DayFirst {
		order = value.DayFirst
	}
	return readDay(words, order)
}

// add takes a span that can be read.
func (e *entry) add(f *Field, number int, t string, tokens []text.Token, span *found) {
	at := Span{number, int(tokens[span.from].Start), int(tokens[span.to-1].End)}
	words := t[at.Start:at.End]
	switch f.Kind {
	case KindNumber, KindNumbers:
		x, _ := f.number(words) // it reads
		e.numbers = append(e.numbers, x)
	case KindDate, KindDates:
		day, _ := f.day(words)
		e.dates = append(e.dates, day)
	default:
		e.words = append(e.words, words)
	}
	e.has, e.spans = true, append(e.spans, at)
}

// likeliest finds the best piece of the text for a field that must have a value though the most probable way has none: the
// one whose tokens lose least against where they are on that way.
func (e *Extractor) likeliest(s *extractorScratch, field int32, t string) (best found, ok bool) {
	if len(s.tag.tagging.Tokens) == 0 {
		return best, false // and the lattice is another text's
	}
	begin := s.tag.begins(field)
	if begin < 0 {
		return best, false
	}
	n, path := len(s.tag.steps.States), s.tag.lattice.Path
	top := 0.0
	for i := range path {
		sum := 0.0
		for k := i; k < min(i+longestValue, len(path)) && path[k] == 0; k++ {
			row := s.tag.lattice.Marginal[k*n:]
			sum += float64(row[begin+min(k-i, 1)]) - 0.02
			span := found{field: field, from: int32(i), to: int32(k + 1)}
			if (!ok || sum > top) && e.schema.Fields[e.tagger.fields[field]].reads(t, s.tag.tagging.Tokens, &span) {
				best, top, ok = span, sum, true
			}
		}
	}
	return best, ok
}

// weigh gathers what the tagger knows about each of its fields: how probable the values found are, and that there are no
// others.
func (e *Extractor) weigh(s *extractorScratch) {
	lattice := &s.tag.lattice
	for k, number := range e.tagger.fields {
		begin := -1
		if len(s.tag.tagging.Tokens) > 0 {
			begin = s.tag.begins(int32(k))
		}
		if begin < 0 {
			continue
		}
		sure, n := 1.0, len(s.tag.steps.States)
		for i := range s.found {
			if s.found[i].field == int32(k) {
				sure *= s.found[i].sure
			}
		}
		for i, state := range lattice.Path {
			if int(state) != begin && int(state) != begin+1 {
				row := lattice.Marginal[i*n:]
				sure *= 1 - float64(row[begin]+row[begin+1])
			}
		}
		s.evidence.fields[number] = sure
	}
}

// strangeness is what Novelty is made of: the share of words and pairs of words that no training text has, among those that
// belong to no value.
func (e *Extractor) strangeness(s *extractorScratch) float64 {
	s.in = s.in[:0]
	for range s.tag.tagging.Tokens {
		s.in = append(s.in, false)
	}
	for _, f := range s.found {
		for i := f.from; i < f.to; i++ {
			s.in[i] = true
		}
	}
	none := uint32(e.familiar.Len())
	strange, counted := 0.0, 0.0
	for i := range s.in {
		if s.in[i] {
			continue
		}
		counted++
		word, pair := s.tag.tagging.Familiar(i)
		switch {
		case e.familiar.Find(word) == none:
			strange++
		case e.familiar.Find(pair) == none:
			strange += 0.5
		}
	}
	return (strange + s.evidence.doubt()) / (counted + 1)
}

// Schema returns the schema of the answers. The caller must not modify it.
func (e *Extractor) Schema() *Schema { return &e.schema }

// Card returns a copy of the student's card.
func (e *Extractor) Card() Card { return e.card.clone() }

// WithCard returns the same student with another card. What the model itself depends on stays: format, schema and
// what is novel.
func (e *Extractor) WithCard(card Card) *Extractor {
	other := *e
	card.Format, card.Labels, card.Schema, card.Novelty = e.card.Format, nil, e.card.Schema, e.card.Novelty
	other.card = card
	return &other
}

// Close gives back the memory behind a student that OpenExtractor returned, and does nothing for others, as [Student.Close].
func (e *Extractor) Close() error {
	return e.mapping.Close()
}
