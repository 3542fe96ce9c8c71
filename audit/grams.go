// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"maps"
	"math"
	"slices"
	"strings"

	"retort/dataset"
)

// longestGram is how many words a trigger may have.
const longestGram = 3

// fewestRows is in how many examples a trigger must stand to be told from chance.
const fewestRows = 4

// association is an n-gram of words with the label that it goes with.
type association struct {
	gram   string
	inside place
	label  string
	rows   []int32 // the examples that have it
	with   int     // of them those with the label
	odds   float64 // log-odds of the label with the n-gram against without it, half a row added to each cell
	p, q   float64 // of the exact test, for the best of all labels; by Benjamini and Hochberg
}

// gramsOf returns the distinct n-grams of a text's words, as a reader sees them: in lower case, without punctuation at their ends.
func gramsOf(text string) []string {
	words := wordsOf(text)
	seen := map[string]bool{}
	for at := range words {
		for n := 1; n <= longestGram && at+n <= len(words); n++ {
			seen[strings.Join(words[at:at+n], " ")] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func wordsOf(text string) []string {
	words := strings.Fields(dataset.Canonical(text))
	for i, w := range words {
		if bare := strings.Trim(w, `.,;:!?"'()`); bare != "" {
			words[i] = bare
		}
	}
	return words
}

// associations returns the rare n-grams that go with one label more than chance has it, at a false discovery rate of alpha
// (Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", 1995), the strongest first. Rare is what stands in one of
// five hundred examples or fewer, and holds nothing that goes with the same label in more of them, see roots.
func associations(examples []dataset.Example, alpha float64) []association {
	return newGrams(examples).associations(examples, alpha)
}

// grams are the n-grams that may be triggers, with the examples that have each.
type grams struct {
	names  []string // sorted
	rows   map[string][]int32
	common map[string]bool // words that say little, since many examples have them
	inside []association   // characters inside words, with no label yet
}

// newGrams collects the n-grams of examples, the rare and the less rare that may explain them.
func newGrams(examples []dataset.Example) *grams {
	g := &grams{rows: map[string][]int32{}, common: map[string]bool{}}
	for i := range examples {
		for _, name := range gramsOf(examples[i].Text) {
			g.rows[name] = append(g.rows[name], int32(i))
		}
	}
	for name, rows := range g.rows {
		if len(rows) > len(examples)/50 {
			g.common[name] = true
		}
	}
	g.inside = insides(g.rows, fewestRows, max(10, len(examples)/500))
	most := max(10, len(examples)/20)
	maps.DeleteFunc(g.rows, func(_ string, rows []int32) bool { return len(rows) < fewestRows || len(rows) > most })
	g.names = slices.Sorted(maps.Keys(g.rows))
	return g
}

// associations is the same for examples with these texts and any labels.
func (g *grams) associations(examples []dataset.Example, alpha float64) []association {
	perLabel := map[string]int{}
	for i := range examples {
		perLabel[examples[i].Label]++
	}
	rare := max(10, len(examples)/500)
	var found []association
	for _, gram := range g.names {
		if a := associate(gram, g.rows[gram], examples, perLabel); a.p < alpha {
			found = append(found, a)
		}
	}
	for i := range g.inside {
		a := associate(g.inside[i].gram, g.inside[i].rows, examples, perLabel)
		if a.inside = g.inside[i].inside; a.p < alpha {
			found = append(found, a)
		}
	}
	found = discovered(found, len(g.names)+len(g.inside), alpha)
	found = slices.DeleteFunc(roots(found, examples), func(a association) bool { return len(a.rows) > rare })
	return found
}

// associate finds the label that an n-gram goes with most.
func associate(gram string, rows []int32, examples []dataset.Example, perLabel map[string]int) association {
	count := map[string]int{}
	for _, i := range rows {
		count[examples[i].Label]++
	}
	best := association{gram: gram, rows: rows, p: 1}
	all, n := len(examples), len(rows)
	for _, label := range slices.Sorted(maps.Keys(count)) {
		k, of := count[label], perLabel[label]
		p := min(1, hypergeometric(k, n, of, all)*float64(len(perLabel)))
		if p < best.p {
			a, b := float64(k)+0.5, float64(n-k)+0.5
			c, d := float64(of-k)+0.5, float64(all-n-of+k)+0.5
			best.label, best.with, best.p, best.odds = label, k, p, math.Log(a*d/(b*c))
		}
	}
	return best
}

// hypergeometric is the chance of k or more of n draws from all, of which so many have the label: Fisher's exact test.
func hypergeometric(k, n, of, all int) float64 {
	choose := func(a, b int) float64 { return logFactorial(a) - logFactorial(b) - logFactorial(a-b) }
	sum := 0.0
	for x := k; x <= min(n, of); x++ {
		if n-x <= all-of {
			sum += math.Exp(choose(of, x) + choose(all-of, n-x) - choose(all, n))
		}
	}
	return min(1, sum)
}

func logFactorial(n int) float64 {
	l, _ := math.Lgamma(float64(n) + 1)
	return l
}

// discovered keeps the discoveries among so many tests, by their p-values; those that are left out have larger ones.
func discovered(found []association, tested int, alpha float64) []association {
	slices.SortStableFunc(found, func(a, b association) int { return compareFloat(a.p, b.p) })
	least := 1.0
	for i := len(found) - 1; i >= 0; i-- {
		least = min(least, found[i].p*float64(tested)/float64(i+1))
		found[i].q = least
	}
	return slices.DeleteFunc(found, func(a association) bool { return a.q > alpha })
}

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// leastRoot is how many bytes an n-gram must have to stand for others that it is in.
const leastRoot = 3

// roots leaves out the n-grams that hold another one which goes with the same label in more examples, also without them, or, in
// the same ones, are held by a longer one: what makes "unblocked" go with a label is what makes "unblock" do.
func roots(found []association, examples []dataset.Example) []association {
	byLabel := map[string][]*association{}
	for i := range found {
		byLabel[found[i].label] = append(byLabel[found[i].label], &found[i])
	}
	var kept []association
	for i := range found {
		a := &found[i]
		if !slices.ContainsFunc(byLabel[a.label], func(b *association) bool { return b.explains(a, examples) }) {
			kept = append(kept, *a)
		}
	}
	return kept
}

func (a *association) explains(b *association, examples []dataset.Example) bool {
	switch {
	case a == b || a.inside != b.inside || a.inside != apart && a.gram == b.gram:
		return false
	case len(a.gram) > len(b.gram):
		return len(a.rows) == len(b.rows) && strings.Contains(a.gram, b.gram) && slices.Equal(a.rows, b.rows)
	case len(a.rows) <= len(b.rows) || !(len(a.gram) >= leastRoot && strings.Contains(b.gram, a.gram) || sameStem(a.gram, b.gram)):
		return false
	}
	with, without := 0, 0
	for _, i := range a.rows {
		if _, both := slices.BinarySearch(b.rows, i); both {
			continue
		}
		if examples[i].Label == a.label {
			with++
		} else {
			without++
		}
	}
	return with >= without
}

// sameStem says whether two words begin alike, as "activate" and "activation" do.
func sameStem(a, b string) bool {
	const stem = 5
	return !strings.Contains(a+b, " ") && len(a) >= stem && len(b) >= stem && a[:stem] == b[:stem]
}
