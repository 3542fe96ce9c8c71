// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

// Lexicon is what a tagger knows about words and phrases before it looks at a token. Its arrays are stored in the
// student's file as they are. It may be shared.
type Lexicon struct {
	Frequent Dictionary // words that many texts have
	Phrases  Dictionary // values that spans had, by PhraseHash
	Fields   []uint64   // of each phrase: bit f is set when it was a value of field f
}

// MaxPhrase is the length in tokens up to which the values of spans are remembered, and MaxPhraseFields the number of
// fields, in their order, of which they are.
const (
	MaxPhrase       = 8
	MaxPhraseFields = 64
)

// PhraseHash is the hash of some neighbouring tokens.
func PhraseHash(tokens []Token) uint64 {
	h := uint64(phraseSeed)
	for i := range tokens {
		h = nextPhrase(h, tokens[i].Word)
	}
	return h
}

func nextPhrase(h, word uint64) uint64 { return finish(h*pairFactor + word) }

// Tagging holds the features of the tokens of one text. The zero value is ready; reusing one for many texts avoids
// allocation. It must not be used by two goroutines at once.
type Tagging struct {
	Tokens []Token

	left, right []uint64 // the nearest frequent word on either side of each token
	frequent    []bool
	phrases     [][perToken]mention
	counts      []uint8
}

// mention says that a token lies in a phrase that was a value of a field.
type mention struct {
	field uint8
	at    uint8 // 0: the first token of it, 1: another
	size  uint8
}

// perToken is how many mentions of a token count.
const perToken = 12

// Scan cuts s into tokens and looks them up. Where own is given, phrases of a field for which it is true are left
// out: those that the text itself has taught the lexicon.
func (t *Tagging) Scan(l *Lexicon, s string, own func(phrase uint64, field int) bool) {
	t.Tokens = Tokens(t.Tokens[:0], s)
	t.neighbours(l)
	t.mentions(l, own)
}

// neighbours finds the nearest frequent words.
func (t *Tagging) neighbours(l *Lexicon) {
	n := len(t.Tokens)
	t.left, t.right, t.frequent = resize(t.left, n), resize(t.right, n), resize(t.frequent, n)
	none := uint32(l.Frequent.Len())
	near := uint64(edge)
	for i := range t.Tokens {
		t.left[i] = near
		if t.frequent[i] = l.Frequent.Find(t.Tokens[i].Word) != none; t.frequent[i] {
			near = t.Tokens[i].Word
		}
	}
	near = edge
	for i := n - 1; i >= 0; i-- {
		t.right[i] = near
		if t.frequent[i] {
			near = t.Tokens[i].Word
		}
	}
}

// mentions finds the phrases, of each field and token the longest.
func (t *Tagging) mentions(l *Lexicon, own func(phrase uint64, field int) bool) {
	n := len(t.Tokens)
	t.phrases, t.counts = resize(t.phrases, n), resize(t.counts, n)
	clear(t.counts)
	none := uint32(l.Phrases.Len())
	var hashes [MaxPhrase]uint64
	for i := range t.Tokens {
		longest := min(MaxPhrase, n-i)
		h := uint64(phraseSeed)
		for k := range longest {
			h = nextPhrase(h, t.Tokens[i+k].Word)
			hashes[k] = h
		}
		for size := longest; size > 0; size-- {
			number := l.Phrases.Find(hashes[size-1])
			if number == none {
				continue
			}
			for mask, f := l.Fields[number], 0; mask != 0; mask, f = mask>>1, f+1 {
				if mask&1 != 0 && (own == nil || !own(hashes[size-1], f)) {
					t.mention(i, size, uint8(f))
				}
			}
		}
	}
}

func (t *Tagging) mention(from, size int, field uint8) {
	for i := from; i < from+size; i++ {
		m := mention{field: field, at: uint8(min(i-from, 1)), size: uint8(size)}
		known := t.phrases[i][:t.counts[i]]
		place := -1
		for k := range known {
			if known[k].field == field {
				place = k
			}
		}
		switch {
		case place >= 0:
			if known[place].size < m.size {
				known[place] = m
			}
		case int(t.counts[i]) < perToken:
			t.phrases[i][t.counts[i]] = m
			t.counts[i]++
		}
	}
}

// Append appends the hashes of the features of token i to dst. gates are what is already known of the whole text, each a
// number of its own; the telling features of a token also count together with each of them.
func (t *Tagging) Append(dst []uint64, i int, gates []uint64) []uint64 {
	var (
		here         = &t.Tokens[i]
		word         = here.Word
		back, back2  = t.word(i - 1), t.word(i - 2)
		next, next2  = t.word(i + 1), t.word(i + 2)
		left, right  = t.left[i], t.right[i]
		shape        = here.shape
		before, then = t.shape(i - 1), t.shape(i + 1)
	)
	dst = append(dst,
		feature(1, 0, 0), feature(2, word, 0), feature(3, back, 0), feature(4, next, 0), feature(5, back2, 0), feature(6, next2, 0),
		feature(7, back, word), feature(8, word, next), feature(9, back2, back), feature(10, next, next2), feature(11, back, next),
		feature(12, shape, 0), feature(13, before, shape), feature(14, shape, then),
		feature(15, left, 0), feature(16, right, 0), feature(17, left, right), feature(18, left, shape), feature(19, right, shape),
		feature(20, back, t.back(i-2, back2)), feature(21, next, t.back(i+2, next2)),
	)
	for k := 1; k < len(here.starts) && here.starts[k] != 0; k++ {
		dst = append(dst, feature(30+uint64(k), here.starts[k], 0))
	}
	for k := range here.ends {
		if here.ends[k] != 0 {
			dst = append(dst, feature(40+uint64(k), here.ends[k], 0))
		}
	}
	for _, m := range t.phrases[i][:t.counts[i]] {
		field, at, size := uint64(m.field), uint64(m.at), uint64(min(m.size, 4))
		dst = append(dst, feature(50, field, at), feature(51, field, at<<8|size), feature(52, field<<1|at, left))
	}
	for _, g := range gates {
		dst = append(dst,
			feature(60, g, 0), feature(61, g, word), feature(62, g, back), feature(63, g, next), feature(64, g, left), feature(65, g, right),
			feature(66, g, feature(17, left, right)), feature(67, g, shape), feature(68, g, here.ends[2]),
			feature(69, g, feature(7, back, word)), feature(70, g, feature(8, word, next)))
		for _, m := range t.phrases[i][:t.counts[i]] {
			dst = append(dst, feature(71, g, uint64(m.field)<<1|uint64(m.at)))
		}
	}
	return dst
}

// Familiar returns the hashes of token i and of it with the one before, by which a text is told to be strange.
func (t *Tagging) Familiar(i int) (word, pair uint64) {
	return feature(2, t.Tokens[i].Word, 0), feature(7, t.word(i-1), t.Tokens[i].Word)
}

func (t *Tagging) word(i int) uint64 {
	if i < 0 || i >= len(t.Tokens) {
		return edge
	}
	return t.Tokens[i].Word
}

func (t *Tagging) shape(i int) uint64 {
	if i < 0 || i >= len(t.Tokens) {
		return edge
	}
	return t.Tokens[i].shape
}

// back is the word of token i beyond a neighbour, by its end alone.
func (t *Tagging) back(i int, word uint64) uint64 {
	if i < 0 || i >= len(t.Tokens) || t.Tokens[i].ends[2] == 0 {
		return word
	}
	return t.Tokens[i].ends[2]
}

// feature hashes a template with up to two values.
func feature(template, a, b uint64) uint64 {
	h := (a ^ template*mix) * pairFactor
	h = (h ^ h>>29 ^ b) * stemFactor
	return finish(h ^ h>>32)
}

const (
	edge       = 0x1b873593cc9e2d51 // stands for what lies outside the text
	phraseSeed = 0x510e527fade682d1
)

// resize returns a slice of n elements, s itself where it is long enough. What it holds is not defined.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2+8)
	}
	return s[:n]
}
