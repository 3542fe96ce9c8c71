// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package near

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"retort/internal/shareddata"
)

func add(t *testing.T, o Options, texts ...string) [][]Match {
	t.Helper()
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]Match
	for _, text := range texts {
		all = append(all, append([]Match(nil), x.Add(text)...))
	}
	return all
}

func TestAdd(t *testing.T) {
	long := strings.Repeat("a sentence that is rather long and says little; ", 3)
	for _, test := range []struct {
		name    string
		options Options
		texts   []string
		want    [][]Match
	}{
		{"case and blanks do not count", Options{}, []string{"Where is  my card?", "\n where is my CARD?\t"}, [][]Match{nil, {{0, 1}}}},
		{"nor does how letters are composed", Options{}, []string{"café ouvert", "cafe\u0301 OUVERT"}, [][]Match{nil, {{0, 1}}}},
		{"other texts", Options{}, []string{"where is my card?", "what is the exchange rate?"}, [][]Match{nil, nil}},
		{"of the same texts the first", Options{}, []string{"a b c d", "A b c d", "a b c d"}, [][]Match{nil, {{0, 1}}, {{0, 1}}}},
		{"shorter than a shingle", Options{}, []string{"no", "No", "ok", "", " "}, [][]Match{nil, {{0, 1}}, nil, nil, {{3, 1}}}},
		{"an invalid byte is a character", Options{}, []string{"where is \xff it", "where is \ufffd it"}, [][]Match{nil, {{0, 1}}}},
		{"four of five", Options{Characters: 1}, []string{"abcd", "abcde", "abcxyz"}, [][]Match{nil, {{0, 0.8}}, nil}},
		{"repeated shingles count once", Options{Characters: 1}, []string{"abcd", "aaaabbbbccccdddde"}, [][]Match{nil, {{0, 0.8}}}},
		{"words", Options{Words: 1, Jaccard: 0.6}, []string{"one two three four", "four three two one five", "six"}, [][]Match{nil, {{0, 0.8}}, nil}},
		{"only equal ones", Options{Jaccard: 1}, []string{long, long + "!", long}, [][]Match{nil, nil, {{0, 1}}}},
		{"several", Options{}, []string{long, long + "!", long + "?"}, [][]Match{nil, {{0, 48. / 49}}, {{0, 48. / 49}, {1, 48. / 50}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := add(t, test.options, test.texts...)
			if test.name == "several" { // its figures are easier to count than to write
				want := exact(test.texts, 4)
				for i := range got {
					for _, m := range got[i] {
						if math.Abs(m.Jaccard-want[[2]int{m.ID, i}]) > 1e-12 {
							t.Errorf("texts %d and %d: %v, want %v", m.ID, i, m.Jaccard, want[[2]int{m.ID, i}])
						}
					}
				}
				if len(got[1]) != 1 || len(got[2]) != 2 {
					t.Errorf("got %v", got)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFindAndAddNewRememberNothingNear(t *testing.T) {
	x, err := New(Options{Characters: 1, Jaccard: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if got := x.Find("abcd"); len(got) != 0 {
		t.Errorf("an empty index finds %v", got)
	}
	if _, added := x.AddNew("abcd"); !added {
		t.Error("the first text is not new")
	}
	if _, added := x.AddNew("wxyz"); !added {
		t.Error("another text is not new")
	}
	x.Add("abcde")
	if m, added := x.AddNew("abcdef"); added || m.ID != 2 {
		t.Errorf("the nearest of abcdef is %v, added %v; want 2, not added", m, added)
	}
	if x.Len() != 3 {
		t.Errorf("%d texts, want 3", x.Len())
	}
	if got := x.Find("ABCD"); len(got) != 2 || got[0].ID != 0 || got[1].ID != 2 {
		t.Errorf("abcd is near %v", got)
	}
}

func TestOptionsOutOfRange(t *testing.T) {
	for _, test := range []struct {
		options Options
		names   string
	}{
		{Options{Jaccard: 1.5}, "jaccard"},
		{Options{Jaccard: math.NaN()}, "jaccard"},
		{Options{Recall: 1}, "recall"},
		{Options{Words: 3, Characters: 3}, "characters or of words"},
		{Options{Words: -1}, "shingle"},
		{Options{Characters: 33}, "shingle"},
		{Options{Crowd: -1}, "crowd"},
	} {
		if _, err := New(test.options); err == nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%+v: error %v does not name %s", test.options, err, test.names)
		}
		if _, err := NewGroups(test.options); err == nil {
			t.Errorf("%+v: groups take it", test.options)
		}
	}
}

func TestGroupsReachFromNeighbourToNeighbour(t *testing.T) {
	g, err := NewGroups(Options{Characters: 1, Jaccard: 0.7})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, text := range []string{"abcdefgh", "uvwxyz", "cdefghij", "abcdefghij", "uvwxyz!", "ABCDEFGH", "123"} {
		got = append(got, g.Add(text))
	}
	if diff := cmp.Diff([]int{0, 1, 2, 0, 1, 0, 6}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]int{{0, 2, 3, 5}, {1, 4}}, g.Sets()); diff != "" {
		t.Error(diff)
	}
}

// TestBinsAgreeAsOftenAsJaccardSays checks what all the rest stands on: a bin of two sketches is the same with a
// probability that is the index of the sets, for sets smaller and larger than the sketch, and not more scattered over bins
// than independent hash functions would be.
func TestBinsAgreeAsOftenAsJaccardSays(t *testing.T) {
	const runs, bins = 400, 96
	rng := rand.New(rand.NewPCG(1, 2))
	for _, test := range []struct{ shared, own int }{{8, 1}, {40, 5}, {400, 50}, {10, 10}, {200, 200}} {
		j := float64(test.shared) / float64(test.shared+2*test.own)
		var sum, squares float64
		for run := range runs {
			a, b := newSketcher(bins, uint64(run)), newSketcher(bins, uint64(run))
			var one, two []uint64
			for range test.shared {
				x := rng.Uint64()
				one, two = append(one, x), append(two, x)
			}
			for range test.own {
				one, two = append(one, rng.Uint64()), append(two, rng.Uint64())
			}
			agree := 0.
			a.sketch(one)
			for i, v := range b.sketch(two) {
				if v == a.bins[i] {
					agree++
				}
			}
			sum += agree / bins
			squares += (agree/bins - j) * (agree/bins - j)
		}
		// The true spread of the mean of runs is at most that of independent bins.
		if d := sum/runs - j; math.Abs(d) > 4*math.Sqrt(j*(1-j)/bins/runs) {
			t.Errorf("%+v: bins agree with %.4f, want %.4f", test, sum/runs, j)
		}
		if got, most := squares/runs, 1.3*j*(1-j)/bins; got > most {
			t.Errorf("%+v: the variance over sketches is %.5f, want at most %.5f", test, got, most)
		}
	}
}

func TestRecallAndPrecisionOnRealTexts(t *testing.T) {
	texts := planted(bankingTexts(t, 2000), 2000, 7)
	want := exact(texts, 4)
	for seed := range uint64(3) {
		x, err := New(Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		near, found := 0, 0
		for _, j := range want {
			if j >= 0.8 {
				near++
			}
		}
		for i, text := range texts {
			for _, m := range x.Add(text) {
				j := want[[2]int{m.ID, i}]
				if j < 0.8 || math.Abs(j-m.Jaccard) > 1e-12 {
					t.Errorf("%q and %q: index %v, exactly %v", texts[m.ID], text, m.Jaccard, j)
				}
				found++
			}
		}
		t.Logf("seed %d: found %d of %d; compared %d pairs", seed, found, near, x.Stats().Compared)
		if near < 500 {
			t.Errorf("only %d pairs to find: the test would prove little", near)
		}
		if float64(found) < 0.98*float64(near) {
			t.Errorf("seed %d: found %d of %d", seed, found, near)
		}
	}
}

// exact returns the index of all pairs that share anything, from their shingles themselves, by the numbers of both, the
// lower first. Texts are ASCII.
func exact(texts []string, n int) map[[2]int]float64 {
	sizes := make([]int, len(texts))
	shared := make([]int, len(texts))
	posting := map[string][]int{}
	out := map[[2]int]float64{}
	for i, text := range texts {
		text = strings.Join(strings.Fields(strings.ToLower(text)), " ")
		set := map[string]bool{}
		for at := 0; at+n <= len(text); at++ {
			set[text[at:at+n]] = true
		}
		sizes[i] = len(set)
		clear(shared)
		for s := range set {
			for _, j := range posting[s] {
				shared[j]++
			}
			posting[s] = append(posting[s], i)
		}
		for k, n := range shared[:i] {
			if j := float64(n) / float64(sizes[k]+sizes[i]-n); j > 0.5 {
				out[[2]int{k, i}] = j
			}
		}
	}
	return out
}

// planted appends variants of texts: a few characters changed, left out or put in, in a stretch, such that many pairs are just
// above or below an index of 0.8.
func planted(texts []string, n int, seed uint64) []string {
	rng := rand.New(rand.NewPCG(seed, 1))
	have := map[string]bool{}
	for _, text := range texts {
		have[text] = true
	}
	for first := len(texts); n > 0; {
		b := []byte(texts[rng.IntN(first)])
		for range 1 + rng.IntN(1+len(b)/32) {
			at := rng.IntN(len(b))
			switch c := byte('a' + rng.IntN(26)); rng.IntN(3) {
			case 0:
				b[at] = c
			case 1:
				b = append(b[:at], b[at+1:]...)
			default:
				b = append(b[:at], append([]byte{c}, b[at:]...)...)
			}
		}
		text := strings.Join(strings.Fields(string(b)), " ")
		if len(text) >= 8 && !have[text] {
			have[text] = true
			texts = append(texts, text)
			n--
		}
	}
	return texts
}

// bankingTexts returns distinct ASCII texts of Banking77's training part.
func bankingTexts(tb testing.TB, n int) []string {
	f, err := os.Open(filepath.Join(shareddata.Dir(tb), "banking77", "train.csv"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var texts []string
	have := map[string]bool{}
	for _, row := range rows[1:] {
		text := strings.Join(strings.Fields(strings.ToLower(row[0])), " ")
		if have[text] || len(text) < 8 || strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
			continue
		}
		have[text] = true
		if texts = append(texts, text); len(texts) == n {
			return texts
		}
	}
	tb.Fatalf("Banking77 has only %d texts", len(texts))
	return nil
}

func TestGroupsAreTheSameEachTime(t *testing.T) {
	texts := planted(bankingTexts(t, 500), 1500, 3)
	group := func(seed uint64) [][]int {
		g, err := NewGroups(Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			g.Add(text)
		}
		return g.Sets()
	}
	if diff := cmp.Diff(group(5), group(5)); diff != "" {
		t.Error(diff)
	}
	if len(group(5)) < 100 {
		t.Errorf("%d groups: the test would prove little", len(group(5)))
	}
}

func TestCrowdsAreBoundedAndTold(t *testing.T) {
	g, err := NewGroups(Options{Crowd: 10})
	if err != nil {
		t.Fatal(err)
	}
	const n = 3 * chunk // so that tables grow, too
	for i := range n {
		if got := g.Add(fmt.Sprintf("a form letter of which nothing but the number changes, namely from one to the next: %d", i)); got != 0 {
			t.Fatalf("letter %d is in group %d", i, got)
		}
	}
	s := g.Stats()
	if s.Crowded == 0 || s.Texts != n || s.Distinct != n {
		t.Errorf("%+v: a crowd is not told", s)
	}
	if s.Compared > 200*n {
		t.Errorf("%d comparisons of %d texts", s.Compared, n)
	}
}

func TestAddingAllocatesNothing(t *testing.T) {
	texts := bankingTexts(t, 3000)
	x, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts[:1000] {
		x.Add(text)
	}
	next := 1000
	if n := testing.AllocsPerRun(1900, func() { x.Add(texts[next]); next++ }); n != 0 {
		t.Errorf("%v allocations a text", n)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"", " a  B\t", "É\u0301 x", "\xff\xfe", "ſ K \u00a0 x", "İ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := string(canonical(nil, s))
		composed := norm.NFC.String(s)
		want := strings.Join(strings.Fields(strings.Map(unicode.ToLower, composed)), " ")
		if got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
		x, err := New(Options{Characters: 3})
		if err != nil {
			t.Fatal(err)
		}
		x.Add(s)
		if m := x.Find(s); len(m) != 1 || m[0] != (Match{0, 1}) {
			t.Errorf("%q is not found again: %v", s, m)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	texts := planted(bankingTexts(b, 5000), 5000, 1)
	x, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(texts) == 0 {
			if x, err = New(Options{}); err != nil {
				b.Fatal(err)
			}
		}
		x.Add(texts[i%len(texts)])
	}
}
