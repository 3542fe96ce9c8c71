// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"context"
	"slices"

	"retort/student/internal/linear"
	"retort/student/internal/text"
)

// tagSample is the examples in the form that a tagger is trained on.
type tagSample struct {
	texts  []string
	spans  [][]Span // by schema field; nil and not usable where a value was not found
	usable []bool
	gates  [][]uint64
	gate   []int // value of the first gate, or -1
	weight []float32
	values int     // of the first gate
	fields []int32 // of the schema, that lie in the text
}

// tagRecipe has the hyper-parameters of a tagger.
type tagRecipe struct {
	rarest   int // texts that a feature must occur in
	features int // kept at most, the frequent ones
	common   int // one in how many texts must have a word that is frequent
	chain    linear.ChainOptions
}

// enoughToExclude is in how many examples a value of the first gate must occur before fields not seen with it are excluded.
const enoughToExclude = 50

func newTagRecipe(seed uint64, examples, labels int) tagRecipe {
	rarest := 2
	switch {
	case examples >= 20000:
		rarest = 4
	case examples >= 5000:
		rarest = 3
	}
	return tagRecipe{
		rarest: rarest, features: tagFileBytes / tagRowBytes(labels), common: 500,
		chain: linear.ChainOptions{Rate: 0.06, Passes: tagPasses(examples), Drop: 0.1, Seed: seed + 5},
	}
}

// tagFileBytes bounds the weights of a tagger.
const tagFileBytes = 5_000_000

// tagPasses gives few examples more passes.
func tagPasses(examples int) int { return max(4, min(12, 30000/max(examples, 1))) }

func (r tagRecipe) settings(into map[string]float64) {
	into["tag_rarest"] = float64(r.rarest)
	into["tag_common"] = float64(r.common)
	into["tag_rate"] = float64(r.chain.Rate)
	into["tag_pass"] = float64(r.chain.Passes)
	into["tag_drop"] = float64(r.chain.Drop)
}

// fitTagger trains a tagger on the examples with the given numbers.
func fitTagger(ctx context.Context, s *tagSample, numbers []int, r tagRecipe) (*tagger, error) {
	numbers = slices.DeleteFunc(slices.Clone(numbers), func(i int) bool { return !s.usable[i] })
	f := &tagFit{sample: s, numbers: numbers, recipe: r, own: map[phraseKey]int{}, all: map[phraseKey]int{}}
	m := &tagger{fields: s.fields, allowed: f.allowed()}
	m.lexicon = f.lexicon()
	m.dictionary = f.dictionary(&m.lexicon)
	labels := tagLabels(len(s.fields))
	m.steps = make([]float32, labels*linear.Padded(labels))
	m.attach(make([]byte, m.dictionary.Len()*tagRowBytes(labels)+2), 0)
	data := f.sentences(m)
	chain, err := linear.FitChain(ctx, data, r.chain)
	if err != nil {
		return nil, err
	}
	m.round(chain)
	return m, nil
}

// tagFit is the preparation of one tagger.
type tagFit struct {
	sample  *tagSample
	numbers []int
	recipe  tagRecipe
	all     map[phraseKey]int // how many examples' spans are the phrase
	own     map[phraseKey]int // how many of these are of the example at hand
	tokens  []text.Token
	tagging text.Tagging
	hashes  []uint64
}

type phraseKey struct {
	phrase uint64
	field  int // of the tagger
}

// allowed finds the fields that occur with each value of the first gate.
func (f *tagFit) allowed() [][]uint32 {
	words := (len(f.sample.fields) + 31) / 32
	count := make([]int, f.sample.values)
	rows := make([][]uint32, f.sample.values)
	for g := range rows {
		rows[g] = make([]uint32, words)
	}
	for _, i := range f.numbers {
		g := f.sample.gate[i]
		if g < 0 {
			continue
		}
		count[g]++
		for _, span := range f.sample.spans[i] {
			k := f.field(span)
			rows[g][k/32] |= 1 << (k % 32)
		}
	}
	for g, n := range count {
		if n < enoughToExclude {
			for w := range rows[g] {
				rows[g][w] = 1<<32 - 1
			}
		}
	}
	return rows
}

// field is the tagger's number of a span's field.
func (f *tagFit) field(s Span) int {
	at, _ := slices.BinarySearch(f.sample.fields, int32(s.Field))
	return at
}

// lexicon counts words and phrases.
func (f *tagFit) lexicon() text.Lexicon {
	var words text.Counter
	var hashes []uint64
	for _, i := range f.numbers {
		f.tokens = text.Tokens(f.tokens[:0], f.sample.texts[i])
		hashes = hashes[:0]
		for k := range f.tokens {
			hashes = append(hashes, f.tokens[k].Word)
		}
		words.AddHashes(hashes)
		f.phrases(i, f.tokens, f.all)
	}
	masks := make(map[uint64]uint64)
	for key := range f.all {
		if key.field < text.MaxPhraseFields {
			masks[key.phrase] |= 1 << key.field
		}
	}
	phrases := make([]uint64, 0, len(masks))
	for h := range masks {
		phrases = append(phrases, h)
	}
	l := text.Lexicon{
		Frequent: text.NewDictionary(words.Common(max(2, words.Texts/f.recipe.common))),
		Phrases:  text.NewDictionary(phrases), // sorts them
	}
	for _, h := range phrases {
		l.Fields = append(l.Fields, masks[h])
	}
	return l
}

// phrases counts the values of example i, which has these tokens.
func (f *tagFit) phrases(i int, tokens []text.Token, count map[phraseKey]int) {
	for _, s := range f.sample.spans[i] {
		from, to := within(tokens, s)
		if to > from && to-from <= text.MaxPhrase {
			count[phraseKey{text.PhraseHash(tokens[from:to]), f.field(s)}]++
		}
	}
}

// within returns the tokens of a span, from from to to, without to.
func within(tokens []text.Token, s Span) (from, to int) {
	from, _ = slices.BinarySearchFunc(tokens, s.Start, func(t text.Token, start int) int { return int(t.Start) - start })
	for to = from; to < len(tokens) && int(tokens[to].End) <= s.End; to++ {
	}
	return from, to
}

// scan reads example i with what the lexicon knows from the others.
func (f *tagFit) scan(l *text.Lexicon, i int) {
	clear(f.own)
	f.tokens = text.Tokens(f.tokens[:0], f.sample.texts[i])
	f.phrases(i, f.tokens, f.own)
	f.tagging.Scan(l, f.sample.texts[i], func(phrase uint64, field int) bool {
		key := phraseKey{phrase, field}
		return f.all[key] <= f.own[key]
	})
}

// dictionary chooses the features.
func (f *tagFit) dictionary(l *text.Lexicon) text.Dictionary {
	var counter text.Counter
	for _, i := range f.numbers {
		f.scan(l, i)
		f.hashes = f.hashes[:0]
		for k := range f.tagging.Tokens {
			f.hashes = f.tagging.Append(f.hashes, k, f.sample.gates[i])
		}
		counter.AddHashes(f.hashes)
	}
	least := f.recipe.rarest
	kept := counter.Common(least)
	for len(kept) > f.recipe.features {
		least++
		kept = counter.Common(least)
	}
	return text.NewDictionary(kept)
}

// sentences turns the examples into features and labels.
func (f *tagFit) sentences(m *tagger) *linear.Sentences {
	// The row behind the last feature stays zero; round takes it for the bias, which is a feature here.
	data := &linear.Sentences{Features: m.dictionary.Len() + 1, Labels: tagLabels(len(m.fields)), Legal: follows}
	for _, set := range m.sets {
		data.States = append(data.States, set.States)
	}
	for _, i := range f.numbers {
		f.scan(&m.lexicon, i)
		set := m.set(f.sample.gate[i])
		s := linear.Sentence{Labels: make([]int32, len(f.tagging.Tokens)), States: int(set), Weight: f.sample.weight[i]}
		possible := true
		for _, span := range f.sample.spans[i] {
			from, to := within(f.tagging.Tokens, span)
			for k := from; k < to; k++ {
				s.Labels[k] = int32(1 + 2*f.field(span) + min(k-from, 1))
				possible = possible && slices.Contains(m.sets[set].States, s.Labels[k])
			}
		}
		if !possible { // the classifier was wrong about the gate
			continue
		}
		for k := range f.tagging.Tokens {
			f.hashes = f.tagging.Append(f.hashes[:0], k, f.sample.gates[i])
			s.Features = append(s.Features, m.dictionary.Known(m.dictionary.AppendNumbers(nil, f.hashes)))
		}
		data.Sentences = append(data.Sentences, s)
	}
	return data
}
