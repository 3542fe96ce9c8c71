// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"retort/model"
)

// buckets is the number of hashed features: words and pairs of words of the answer, words of the request, and who answered.
const buckets = 1 << 15

// features is what is known of an answer to a request.
type features struct {
	shape []float64 // of which kinds there are len(shapes), not scaled yet
	index []uint32  // hashed features, sorted, each once
	value []float32 // theirs
}

var (
	refusals = []string{"i'm sorry", "i’m sorry", "sorry,", "i cannot", "i can't", "i can’t", "i am unable", "i'm unable", "i am not able",
		"i apologize", "unfortunately, i", "as an ai", "i don't have", "i do not have", "i don’t have"}
	hedges  = []string{"as an ai", "language model", "i cannot", "i can't", "i do not have", "i don't have", "i don't feel", "not comfortable", "i apologize"}
	openers = []string{"sure", "certainly", "of course", "absolutely", "great question", "here is", "here are", "here's"}
	coding  = []string{"code", "function", "python", "javascript", "java", "sql", "script", "program", "regex", "algorithm", "html", "c++", "bash"}
	listing = []string{"list", "steps", "ideas", "examples", "ways", "tips", "recommend", "suggest", "what are"}
	brief   = []string{"brief", "short", "concise", "one sentence", "in a sentence", "one word", "summarize", "summarise", "tl;dr"}
	writing = []string{"write", "essay", "story", "poem", "letter", "email", "article", "blog", "post", "speech", "lyrics"}
	solving = []string{"how many", "calculate", "solve", "equation", "probability", "what is the sum", "compute", "prove"}
)

// shapes names the features of shape, in order. Files name them too, so that no weights meet other features.
var shapes = []string{
	"length", "length²", "words", "lines", "paragraphs", "items", "numbered", "headings", "table rows", "bold", "code", "ticks",
	"links", "word length", "variety", "digits", "capitals", "beyond ASCII", "sentence length", "questions", "exclamations",
	"closed", "open fence", "cut", "refuses", "hedges", "opens politely", "repeated lines", "repeated words", "empty", "json", "calls",
	"covers", "copies", "script differs", "longer than asked", "code where asked", "list where asked", "length where brief",
	"length where written", "length where solved", "length where coded",
	"request length", "request lines", "request code", "request list", "request brief", "request writing", "request solving", "request question",
}

// shapeOf fills in the features of shape.
func shapeOf(q, a *reading, c *model.Choice) []float64 {
	length := log1(a.runes)
	distinct, repeated := variety(a.words)
	wantsCode, wantsList, wantsBrief := q.mentions(coding), q.mentions(listing), q.mentions(brief)
	wantsText, wantsSolving := q.mentions(writing), q.mentions(solving)
	covers, copies := overlap(q.words, a.words)
	calls := 0
	for i := range c.Message.Blocks {
		if c.Message.Blocks[i].Kind == model.ToolCallBlock {
			calls++
		}
	}
	s := []float64{
		length, length * length / 10, log1(len(a.words)), log1(a.lines), log1(a.blank), log1(a.items), log1(a.numbered), log1(a.heads),
		log1(a.rows), log1(a.bold), log1(a.fences), log1(a.ticks),
		log1(a.links), share(a.letters, len(a.words)), distinct, share(a.digits, a.runes), share(a.upper, a.letters), share(a.beyond, a.runes),
		math.Log1p(share(len(a.words), max(1, a.sentences))), log1(a.questions), log1(a.shouts),
		flag(a.closed), flag(a.fences%2 == 1), flag(c.Finish == model.FinishLength), flag(a.begins(refusals)), flag(a.mentions(hedges)),
		flag(a.begins(openers)), log1(a.repeated), repeated, flag(len(a.words) == 0), flag(json.Valid([]byte(strings.TrimSpace(a.text)))), log1(calls),
		covers, copies, flag(q.letters > 0 && a.letters > 0 && q.script() != a.script()), length - log1(q.runes),
		flag(wantsCode && a.fences > 0), flag(wantsList && a.items+a.numbered > 1), length * flag(wantsBrief),
		length * flag(wantsText), length * flag(wantsSolving), length * flag(wantsCode),
		log1(q.runes), log1(q.lines), flag(wantsCode), flag(wantsList), flag(wantsBrief), flag(wantsText), flag(wantsSolving), log1(q.questions),
	}
	return s
}

// variety returns the share of words that are new, and of pairs of neighbouring words that stood before.
func variety(words []uint64) (distinct, repeated float64) {
	pairs := make([]uint64, 0, len(words))
	for i := 1; i < len(words); i++ {
		pairs = append(pairs, mixed(words[i-1], words[i]))
	}
	return share(len(words)-repeats(slices.Clone(words)), len(words)), share(repeats(pairs), len(words))
}

// repeats returns how many of some hashes stood before. It sorts them.
func repeats(hashes []uint64) int {
	slices.Sort(hashes)
	n := 0
	for i := 1; i < len(hashes); i++ {
		if hashes[i] == hashes[i-1] {
			n++
		}
	}
	return n
}

// overlap returns the share of the request's words that the answer has too, and of the answer's words that the request has.
func overlap(request, answer []uint64) (covers, copies float64) {
	in := make(map[uint64]bool, len(request))
	for _, w := range request {
		in[w] = false
	}
	for _, w := range answer {
		if _, ok := in[w]; ok {
			in[w] = true
		}
	}
	covered, copied := 0, 0
	for _, w := range request {
		if in[w] {
			covered++
		}
	}
	for _, w := range answer {
		if in[w] {
			copied++
		}
	}
	return share(covered, len(request)), share(copied, len(answer))
}

// Sizes of the blocks of hashed features. Those of words have the length given for all words together.
const (
	wordsSize   = 1
	requestSize = 0.5
	whoSize     = 4   // what somebody's answers are worth as a whole is seen often enough to be held little back
	skillSize   = 0.5 // what they are worth for a kind of request is not
)

// featuresOf returns the features of a choice that a model gave to a request that asks as much as q.
func featuresOf(q *reading, who string, c *model.Choice) *features {
	a := read(said(&c.Message))
	var b bag
	b.words(a.words, 1, wordsSize)
	b.words(q.words, 2, requestSize)
	b.add(hashOf(who), whoSize)
	for i, kind := range [][]string{coding, listing, brief, writing, solving} {
		if q.mentions(kind) {
			b.add(mixed(hashOf(who), uint64(i+1)), skillSize)
		}
	}
	f := &features{shape: shapeOf(q, a, c)}
	f.index, f.value = b.merged()
	return f
}

// bag collects hashed features. Its sums do not depend on the order in which maps are walked.
type bag []hashed

type hashed struct {
	bucket uint32
	value  float32
}

func (b *bag) add(hash uint64, value float64) {
	*b = append(*b, hashed{uint32(hash>>16) % buckets, float32(value)})
}

// words adds words and pairs of neighbours, each by 1 + ln(times), scaled to a size.
func (b *bag) words(words []uint64, block uint64, size float64) {
	grams := make([]uint64, 0, 2*len(words))
	for i, w := range words {
		grams = append(grams, mixed(w, block))
		if i > 0 {
			grams = append(grams, mixed(mixed(words[i-1], w), block+16))
		}
	}
	slices.Sort(grams)
	from, squares := len(*b), 0.0
	for i := 0; i < len(grams); {
		first := i
		for i < len(grams) && grams[i] == grams[first] {
			i++
		}
		v := 1 + math.Log(float64(i-first))
		squares += v * v
		b.add(grams[first], v)
	}
	scale := float32(size / math.Sqrt(max(squares, 1)))
	for i := range (*b)[from:] {
		(*b)[from+i].value *= scale
	}
}

// merged returns the buckets, ascending, and the sum of each.
func (b bag) merged() (index []uint32, value []float32) {
	slices.SortStableFunc(b, func(x, y hashed) int { return cmp.Compare(x.bucket, y.bucket) })
	for _, h := range b {
		if last := len(index) - 1; last >= 0 && index[last] == h.bucket {
			value[last] += h.value
			continue
		}
		index, value = append(index, h.bucket), append(value, h.value)
	}
	return index, value
}

// hashOf returns the hash of a name.
func hashOf(name string) uint64 {
	h := uint64(wordSeed)
	for _, c := range name {
		h = mixed(h, uint64(c))
	}
	return h
}
