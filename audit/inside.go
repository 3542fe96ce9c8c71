// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"maps"
	"slices"
	"strings"
)

// place is where an n-gram stands.
type place string

const (
	apart  place = ""       // words of their own
	start  place = "start"  // characters at the start of other words
	middle place = "middle" // inside them, or now here and now there
	end    place = "end"    // at their end
)

const (
	// longestInside is how many characters a trigger inside of words may have. A student learns up to four at a time.
	longestInside = 4
	// rareWord is in how many examples a word may stand that has a trigger inside: most of such words stand in one.
	rareWord = 3
	// longestWord is the most characters that a word has in which others are looked for.
	longestWord = 40
)

// insides returns the characters that make known words into rare ones, "zx" when there are "cardzx" and "moneyzx" beside cards and money, with the examples that
// have such words. words are all words with the examples that have each.
func insides(words map[string][]int32, fewest, most int) []association {
	type seen struct {
		rows              map[int32]bool
		words             map[string]bool // without the characters
		all, begins, ends int             // how often in all, and of it at the start and at the end
	}
	found := map[string]*seen{}
	for word, rows := range words {
		if len(rows) > rareWord || strings.Contains(word, " ") {
			continue
		}
		runes := []rune(word)
		if len(runes) > longestWord { // no word but a token, or the text of a language that writes without spaces: all that is in it would be looked at
			continue
		}
		for n := 1; n <= longestInside; n++ {
			for at := 0; at+n <= len(runes) && len(runes) > n+1; at++ {
				left := string(runes[:at]) + string(runes[at+n:])
				if len(words[left]) == 0 {
					continue
				}
				gram := string(runes[at : at+n])
				s := found[gram]
				if s == nil {
					s = &seen{rows: map[int32]bool{}, words: map[string]bool{}}
					found[gram] = s
				}
				s.words[left] = true
				if s.all++; at == 0 {
					s.begins++
				}
				if at+n == len(runes) {
					s.ends++
				}
				for _, i := range rows {
					s.rows[i] = true
				}
			}
		}
	}
	var out []association
	for _, gram := range slices.Sorted(maps.Keys(found)) {
		s := found[gram]
		if len(s.words) < fewest-1 || len(s.rows) < fewest || len(s.rows) > most {
			continue
		}
		a := association{gram: gram, rows: slices.Sorted(maps.Keys(s.rows)), inside: middle}
		switch s.all {
		case s.begins:
			a.inside = start
		case s.ends:
			a.inside = end
		}
		out = append(out, a)
	}
	return out
}

// left is what is left of a text without an n-gram.
func (a *association) left(text string) string {
	if a.inside == apart {
		return without(text, a.gram)
	}
	words := wordsOf(text)
	for i, w := range words {
		switch {
		case w == a.gram:
		case a.inside == start:
			words[i] = strings.TrimPrefix(w, a.gram)
		case a.inside == end:
			words[i] = strings.TrimSuffix(w, a.gram)
		default:
			words[i] = strings.Replace(w, a.gram, "", 1)
		}
	}
	return strings.Join(words, " ")
}
