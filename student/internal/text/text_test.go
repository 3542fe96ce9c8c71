// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func scan(s string) (words, chars []uint64) {
	var g Grams
	g.Scan(s)
	return g.Word, g.Char
}

func TestTextsThatCountAsTheSame(t *testing.T) {
	pairs := map[string][2]string{
		"case":           {"Where IS my Parcel", "where is my parcel"},
		"case elsewhere": {"ÄRGER ΣΑΣ", "ärger σασ"},
		"white space":    {"  where\tis \n my\u00a0parcel ", "where is my parcel"},
		"control":        {"where\x00is\x7fmy parcel", "where is my parcel"},
		"apostrophe":     {"I can't, it's", "i cant, its"},
		"curly":          {"can’t", "can't"},
		"invalid bytes":  {"a\xffb", "a\ufffdb"},
		"after the end":  {strings.Repeat("ab ", MaxRunes), strings.Repeat("ab ", 2*MaxRunes)},
	}
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			wordsA, charsA := scan(pair[0])
			wordsB, charsB := scan(pair[1])
			if !slices.Equal(wordsA, wordsB) || !slices.Equal(charsA, charsB) {
				t.Errorf("%.40q and %.40q differ", pair[0], pair[1])
			}
		})
	}
}

func TestTextsThatDiffer(t *testing.T) {
	for _, pair := range [][2]string{
		{"ab cd", "cd ab"}, {"ab", "abc"}, {"a b", "ab"}, {"card?", "card"}, {"10", "11"}, {"'quoted", "quoted"},
	} {
		wordsA, charsA := scan(pair[0])
		wordsB, charsB := scan(pair[1])
		if slices.Equal(wordsA, wordsB) && slices.Equal(charsA, charsB) {
			t.Errorf("%q and %q have the same n-grams", pair[0], pair[1])
		}
	}
}

func TestNumberOfGrams(t *testing.T) {
	cases := []struct {
		text         string
		words, chars int
	}{
		{"", 0, 0},
		{"a", 1, 3},           // " a", " a ", "a "
		{"ab", 1, 6},          // " a", " ab", " ab ", "ab", "ab ", "b "
		{"a b", 2 + 1 + 1, 6}, // two words, one neighbour, one pair of stems
		{"a b c", 3 + 2 + 3, 9},
		{"我的包裹", 4 + 3 + 6, 12}, // every character is a word; n-grams run on
	}
	for _, c := range cases {
		words, chars := scan(c.text)
		if len(words) != c.words || len(chars) != c.chars {
			t.Errorf("%q: %d of words and %d of characters, want %d and %d", c.text, len(words), len(chars), c.words, c.chars)
		}
	}
}

func TestStemsPairInAnyOrder(t *testing.T) {
	count := func(a, b string) int {
		wordsA, _ := scan(a)
		wordsB, _ := scan(b)
		n := 0
		for _, h := range wordsA {
			if slices.Contains(wordsB, h) {
				n++
			}
		}
		return n
	}
	if n := count("refunded yesterday", "yesterdays refunding"); n != 1 {
		t.Errorf("%d shared, want the pair of stems alone", n)
	}
	far := strings.Repeat("x ", Reach)
	if n := count("refund "+far+"parcel", "refund parcel"); n != 2 {
		t.Errorf("%d shared, want the two words alone: they are too far apart to pair", n)
	}
}

func TestScanIsBounded(t *testing.T) {
	for name, s := range map[string]string{"words": strings.Repeat("a ", 1<<20), "one word": strings.Repeat("é", 1<<20)} {
		words, chars := scan(s)
		if len(words) > (Reach+2)*MaxRunes || len(chars) > (MaxChars-MinChars+1)*(MaxRunes+2) {
			t.Errorf("%s: %d and %d n-grams", name, len(words), len(chars))
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{"", "Where is my parcel?", "can't", "\xff\xfe", "我的包裹 où ça", "a\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var g Grams
		g.Scan(s)
		again, _ := scan(strings.ToValidUTF8(s, ""))
		if utf8.ValidString(s) && !slices.Equal(g.Word, again) {
			t.Error("scanning twice gave two results")
		}
	})
}

// lookUp returns the numbers of all hashes.
func lookUp(d Dictionary, hashes []uint64) []uint32 {
	var found [batch]uint32
	var out []uint32
	for len(hashes) > 0 {
		n := d.findAll(&found, hashes)
		out, hashes = append(out, found[:n]...), hashes[n:]
	}
	return out
}

func TestDictionaryFindsWhatItHolds(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 5, 100, 5000} {
		hashes := make([]uint64, n)
		for i := range hashes {
			hashes[i] = finish(uint64(i) * mix)
		}
		d := NewDictionary(hashes)
		if err := d.Prepare(); err != nil {
			t.Fatalf("%d n-grams: %v", n, err)
		}
		for i, at := range lookUp(d, hashes) {
			if at != uint32(i) {
				t.Fatalf("%d n-grams: number %d found at %d", n, i, at)
			}
		}
		unknown := make([]uint64, 1000)
		for i := range unknown {
			unknown[i] = finish(uint64(n+i) * mix)
		}
		for _, at := range lookUp(d, unknown) {
			if at != uint32(d.Len()) {
				t.Fatalf("%d n-grams: an unknown one found at %d", n, at)
			}
		}
	}
}

// A dictionary with far more n-grams in some buckets than in others finds them all.
func TestDictionaryFindsInCrowdedCells(t *testing.T) {
	var hashes []uint64
	for i := range uint64(40) {
		for j := range i % 13 {
			hashes = append(hashes, i<<58|finish(100*i+j)>>7)
		}
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	d := NewDictionary(hashes)
	crowds := 0
	for _, c := range d.cells {
		if c[0]&crowded == crowded {
			crowds++
		}
	}
	if crowds == 0 {
		t.Fatal("no cell is crowded")
	}
	for i, at := range lookUp(d, hashes) {
		if at != uint32(i) {
			t.Fatalf("number %d found at %d", i, at)
		}
	}
	for _, h := range hashes {
		if at := lookUp(d, []uint64{h ^ 1<<20}); at[0] != uint32(d.Len()) {
			t.Fatalf("an unknown one found at %d", at)
		}
	}
}

func TestDictionaryPrepare(t *testing.T) {
	bad := map[string]Dictionary{
		"no buckets":     {},
		"three buckets":  {Starts: []uint32{0, 0, 0, 0}},
		"backwards":      {Starts: []uint32{0, 2, 1}, Marks: []uint32{5}},
		"past the end":   {Starts: []uint32{0, 9}, Marks: []uint32{5}},
		"late beginning": {Starts: []uint32{1, 1}, Marks: []uint32{5}},
	}
	for name, d := range bad {
		if d.Prepare() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCounter(t *testing.T) {
	var c Counter
	for _, s := range []string{"kettle kettle", "kettle", "toaster"} {
		c.Add(s)
	}
	words, _ := scan("kettle")
	if n := c.Count(words[0]); n != 2 || c.Texts != 3 {
		t.Errorf("kettle is in %d of %d texts, want 2 of 3", n, c.Texts)
	}
	if !slices.Contains(c.Common(2), words[0]) {
		t.Error("kettle is not common")
	}
	toaster, _ := scan("toaster")
	if slices.Contains(c.Common(2), toaster[0]) {
		t.Error("toaster is common")
	}
	var empty Counter
	if empty.Count(1) != 0 || empty.Common(1) != nil {
		t.Error("an empty counter counts")
	}
}

func TestVectorHasUnitBlocks(t *testing.T) {
	texts := []string{"where is my parcel", "my parcel my parcel my parcel", "refund my kettle"}
	var c Counter
	for _, s := range texts {
		c.Add(s)
	}
	hashes := c.Common(1)
	v := Vectoriser{Dictionary: NewDictionary(hashes), Rarity: make([]uint16, len(hashes)), Step: 1}
	for i, h := range hashes {
		v.Rarity[i] = Rarity(c.Count(h), c.Texts)
	}
	var s Scratch
	for _, text := range texts {
		v.Vector(&s, text)
		var square float64
		for _, x := range s.Value {
			square += float64(x) * float64(x)
		}
		if math.Abs(square-2) > 1e-5 {
			t.Errorf("%q: squared length %v, want 1 for words and 1 for characters", text, square)
		}
		sorted := slices.Sorted(slices.Values(s.Index))
		if len(slices.Compact(sorted)) != len(s.Index) {
			t.Errorf("%q: an n-gram is listed twice", text)
		}
	}
	v.Vector(&s, "zzz")
	if len(s.Index) != 0 {
		t.Errorf("a text of nothing known has %d n-grams", len(s.Index))
	}
}

func TestRepeatedGramsAreDampened(t *testing.T) {
	for n, want := range dampened[1:] {
		if got := float32(1 + math.Log(float64(n+1))); math.Abs(float64(got-want)) > 1e-6 {
			t.Errorf("dampened[%d] is %v, want %v", n+1, want, got)
		}
	}
	if diff := cmp.Diff([]uint16{4096, uint16(math.Round(4096 * (1 + math.Log(2))))}, []uint16{Rarity(9, 9), Rarity(4, 9)}); diff != "" {
		t.Error(diff)
	}
	if Rarity(0, 1<<40) != math.MaxUint16 {
		t.Error("rarity is not bounded")
	}
}
