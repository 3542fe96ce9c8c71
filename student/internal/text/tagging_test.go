// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func pieces(s string) []string {
	var out []string
	for _, t := range Tokens(nil, s) {
		out = append(out, s[t.Start:t.End])
	}
	return out
}

func TestTokens(t *testing.T) {
	for s, want := range map[string]string{
		"":                            "",
		" \t\n":                       "",
		"Book a table, please!":       "Book|a|table|,|please|!",
		"judy's 5pm 6/14/2035":        "judy|'|s|5|pm|6|/|14|/|2035",
		"Indie Español\u00a0playlist": "Indie|Español|playlist",
		"e\u0301tude naïve":           "e\u0301tude|naïve",
		"東京 タワーへ":                     "東|京|タ|ワ|ー|へ",
		"a\xffb\xc3":                  "a|\xff|b|\xc3",
		"٣٤ Юг":                       "٣٤|Юг",
		"😀😀ok":                        "😀|😀|ok",
	} {
		if got := strings.Join(pieces(s), "|"); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
	if n := len(Tokens(nil, strings.Repeat("a ", 2*MaxTokens))); n != MaxTokens {
		t.Errorf("%d tokens, want at most %d", n, MaxTokens)
	}
}

func TestTokensMeetWhateverTheirCase(t *testing.T) {
	a, b, c := Tokens(nil, "New YORK"), Tokens(nil, "new york"), Tokens(nil, "newyork")
	if PhraseHash(a) != PhraseHash(b) || PhraseHash(a) == PhraseHash(c) {
		t.Error("the hash of a phrase depends on its case, or not on where words end")
	}
}

// taught is a lexicon that knows "new york" as a value of field 3 and "york" as one of field 5.
func taught() *Lexicon {
	phrases := []uint64{PhraseHash(Tokens(nil, "new york")), PhraseHash(Tokens(nil, "york"))}
	masks := map[uint64]uint64{phrases[0]: 1 << 3, phrases[1]: 1 << 5}
	l := &Lexicon{Frequent: NewDictionary([]uint64{Tokens(nil, "to")[0].Word}), Phrases: NewDictionary(phrases)}
	for _, h := range phrases {
		l.Fields = append(l.Fields, masks[h])
	}
	return l
}

func TestTaggingKnowsPhrases(t *testing.T) {
	var g Tagging
	l := taught()
	g.Scan(l, "fly to New York", nil)
	if n := slices.Clone(g.counts); !slices.Equal(n, []uint8{0, 0, 1, 2}) {
		t.Errorf("mentions per token: %v", n)
	}
	g.Scan(l, "fly to New York", func(_ uint64, field int) bool { return field == 3 })
	if n := slices.Clone(g.counts); !slices.Equal(n, []uint8{0, 0, 0, 1}) {
		t.Errorf("mentions per token without those of its own: %v", n)
	}
	if to := Tokens(nil, "to")[0].Word; g.left[2] != to || g.left[3] != to || g.right[0] != to || g.left[1] != edge {
		t.Error("the nearest frequent words are wrong")
	}
}

func TestFindAgreesWithLookingUpMany(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 3, 50, 2000} {
		hashes := make([]uint64, n)
		for i := range hashes {
			hashes[i] = random.Uint64()
			if i%4 > 0 { // crowd some cells
				hashes[i] = hashes[i-1] + uint64(random.IntN(1000)) + 1
			}
		}
		d := NewDictionary(slices.Clone(hashes))
		asked := append(hashes, 0, 1, random.Uint64(), math.MaxUint64)
		many := d.AppendNumbers(nil, asked)
		for i, h := range asked {
			if got := d.Find(h); got != many[i] || i < n && int(got) >= n {
				t.Errorf("%d n-grams, number %d: found %d alone, %d among others", n, i, got, many[i])
			}
		}
		if known := d.Known(many); len(known) < n || slices.Contains(known, uint32(d.Len())) {
			t.Errorf("%d of %d n-grams are known", len(known), n)
		}
	}
}

// FuzzTagging checks that tokens cover all of a text but white space, in order, and that its features depend on nothing else.
func FuzzTagging(f *testing.F) {
	for _, s := range []string{"fly to New York", "\xff\xc3 東京5pm", "a\u0301\u200b'", "new york new york york"} {
		f.Add(s)
	}
	l := taught()
	f.Fuzz(func(t *testing.T, s string) {
		at := 0
		tokens := Tokens(nil, s)
		for _, token := range tokens {
			if int(token.Start) < at || token.End <= token.Start || int(token.End) > len(s) {
				t.Fatalf("token %d to %d after %d", token.Start, token.End, at)
			}
			if gap := s[at:token.Start]; strings.TrimFunc(gap, func(r rune) bool {
				k, _ := classify(r)
				return k == space || r < utf8.RuneSelf && ascii[r].kind == space
			}) != "" {
				t.Fatalf("%q is no token", gap)
			}
			at = int(token.End)
		}
		var a, b Tagging
		b.Scan(l, "something else of new york", nil)
		a.Scan(l, s, nil)
		b.Scan(l, s, nil)
		for i := range a.Tokens {
			x, y := a.Append(nil, i, []uint64{7}), b.Append(nil, i, []uint64{7})
			if !slices.Equal(x, y) {
				t.Fatalf("token %d has other features the second time", i)
			}
		}
	})
}
