// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// readable is how many bytes of a text are read for features; what follows only counts for its length.
const readable = 64 << 10

// reading is what one pass over a text finds.
type reading struct {
	text  string   // of which readable bytes were read
	words []uint64 // hashes of its words, lower-cased, in order

	bytes, runes, letters, digits, upper, beyond int // beyond ASCII
	lines, blank, items, numbered, heads, rows   int // lines by what they are
	sentences, questions, shouts, bold, links    int
	fences, ticks                                int
	repeated                                     int // lines that stood before
	closed                                       bool
	scripts                                      [scripts]int // letters by script
}

// Scripts that are told apart.
const (
	latin = iota
	cyrillic
	greek
	arabic
	han
	kana
	hangul
	devanagari
	scripts
)

func read(text string) *reading {
	r := &reading{bytes: len(text)}
	if len(text) > readable {
		text = strings.ToValidUTF8(text[:readable], "")
	}
	r.text = text
	r.scan()
	r.layout()
	return r
}

// scan counts characters and takes the words.
func (r *reading) scan() {
	h, inWord := uint64(wordSeed), false
	var last rune
	for _, c := range r.text {
		r.runes++
		letter := unicode.IsLetter(c)
		switch {
		case letter:
			r.letters++
			r.scripts[scriptOf(c)]++
			if unicode.IsUpper(c) {
				r.upper++
				c = unicode.ToLower(c)
			}
		case unicode.IsDigit(c):
			r.digits++
		default:
			r.punctuation(c, last)
		}
		if c >= utf8.RuneSelf {
			r.beyond++
		}
		last = c
		if letter || unicode.IsDigit(c) || unicode.IsMark(c) {
			h, inWord = mixed(h, uint64(c)), true
			continue
		}
		if inWord && c != '\'' && c != '’' {
			r.words = append(r.words, h)
			h, inWord = wordSeed, false
		}
	}
	if inWord {
		r.words = append(r.words, h)
	}
	if last != 0 {
		r.closed = strings.ContainsRune(".!?)]}\"'`”。！？…", lastVisible(r.text))
	}
}

func (r *reading) punctuation(c, last rune) {
	switch c {
	case '.', '。':
		if last != '.' {
			r.sentences++
		}
	case '?', '？':
		r.questions++
	case '!', '！':
		r.shouts++
	case '*':
		if last == '*' {
			r.bold++
		}
	case '`':
		r.ticks++
	}
}

func lastVisible(text string) rune {
	c, _ := utf8.DecodeLastRuneInString(strings.TrimRightFunc(text, unicode.IsSpace))
	return c
}

// layout counts lines by what they are.
func (r *reading) layout() {
	seen := map[string]bool{}
	for line := range strings.SplitSeq(r.text, "\n") {
		r.lines++
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			r.blank++
			continue
		case strings.HasPrefix(line, "```"):
			r.fences++
			continue
		case strings.HasPrefix(line, "- "), strings.HasPrefix(line, "* "), strings.HasPrefix(line, "• "):
			r.items++
		case numberedLine(line):
			r.numbered++
		case line[0] == '#':
			r.heads++
		case line[0] == '|':
			r.rows++
		}
		if seen[line] && len(line) > 20 {
			r.repeated++
		}
		seen[line] = true
	}
	r.links = strings.Count(r.text, "http://") + strings.Count(r.text, "https://")
}

// numberedLine says whether a line begins with a number and a dot or bracket.
func numberedLine(line string) bool {
	n := 0
	for n < len(line) && n < 3 && line[n] >= '0' && line[n] <= '9' {
		n++
	}
	return n > 0 && n < len(line) && (line[n] == '.' || line[n] == ')')
}

func scriptOf(c rune) int {
	switch {
	case c < 0x250:
		return latin
	case unicode.Is(unicode.Cyrillic, c):
		return cyrillic
	case unicode.Is(unicode.Greek, c):
		return greek
	case unicode.Is(unicode.Arabic, c):
		return arabic
	case unicode.Is(unicode.Han, c):
		return han
	case unicode.In(c, unicode.Hiragana, unicode.Katakana):
		return kana
	case unicode.Is(unicode.Hangul, c):
		return hangul
	case unicode.Is(unicode.Devanagari, c):
		return devanagari
	}
	return latin
}

// script returns the script that most letters are of.
func (r *reading) script() int {
	best := 0
	for s, n := range r.scripts {
		if n > r.scripts[best] {
			best = s
		}
	}
	return best
}

// begins says whether the text begins with one of some phrases, in any case.
func (r *reading) begins(phrases []string) bool {
	head := strings.ToLower(strings.TrimSpace(r.text[:min(len(r.text), 120)]))
	for _, p := range phrases {
		if strings.HasPrefix(head, p) {
			return true
		}
	}
	return false
}

// mentions says whether one of some phrases stands in the beginning of the text, in any case.
func (r *reading) mentions(phrases []string) bool {
	head := strings.ToLower(r.text[:min(len(r.text), 600)])
	for _, p := range phrases {
		if strings.Contains(head, p) {
			return true
		}
	}
	return false
}

const (
	wordSeed = 0x9e3779b97f4a7c15
	mixer    = 0xff51afd7ed558ccd
)

// mixed folds a number into a hash.
func mixed(h, x uint64) uint64 {
	h = (h ^ x) * mixer
	return h ^ h>>31
}

// share is a divided by b, and 0 where there is nothing to divide by.
func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// log1 is the logarithm of 1+n.
func log1(n int) float64 { return math.Log1p(float64(n)) }

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
