// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"retort/task"
)

// What tells that labels are of two tasks and not of one.
const (
	lookedAt   = 0.01 // share of the calls that have a word that is looked at
	fewCalls   = 5    // of a label, to say anything of it
	strayed    = 0.25 // calls that are not as most of their label, of those of the smaller task
	shared     = 0.25 // share of a label's calls from which on it is one of both tasks
	frequentIn = 0.03 // share of one task's calls that each of the words stands in
	hardly     = 0.2  // of that, what the other's may have
	evenly     = 2.5  // how much more than chance has it the shares may differ between labels, as variances
	everywhere = 0.8  // or share of the labels whose share is nearby
	nearby     = 1.5  // times that of all
)

// wordsOf returns the words of a text in lower case.
func wordsOf(text string) []string { return strings.Fields(task.Fold(text)) }

// split divides calls with a label, or an object, into those of several tasks, and returns their labels. A call notes its task in part.
// Labels are of two tasks when one of the two has a wording of its own: words that stand in its calls whatever the answer, and
// hardly in the other's, and that tell nearly all calls of the two apart. What texts are about does not divide them, since
// such words go with the answer. Objects are told apart by their fields.
func split(all []*loosely) []map[string]bool {
	var parts []map[string]bool
	labels := map[string][]*loosely{}
	var plain []*loosely
	for _, l := range all {
		switch {
		case !l.in:
		case strings.HasPrefix(l.key, objectKey):
			labels[l.key] = append(labels[l.key], l)
		default:
			plain = append(plain, l)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		for _, l := range labels[key] {
			l.task = len(parts)
		}
		parts = append(parts, map[string]bool{key: true})
	}
	if len(plain) == 0 {
		return parts
	}
	for _, calls := range divideCalls(plain) {
		keys := map[string]bool{}
		for _, l := range calls {
			l.task = len(parts)
			keys[l.key] = true
		}
		parts = append(parts, keys)
	}
	return parts
}

// divideCalls divides calls in two for as long as there are two tasks among them.
func divideCalls(calls []*loosely) [][]*loosely {
	a, b, ok := halves(calls)
	if !ok {
		return [][]*loosely{calls}
	}
	return append(divideCalls(a), divideCalls(b)...)
}

// profile is how often the words that are looked at stand in a label's calls.
type profile struct {
	key   string
	calls float64
	rates []float64
}

// halves divides calls by the words that go with their labels, and says whether the halves are two tasks.
func halves(calls []*loosely) (a, b []*loosely, ok bool) {
	labels := map[string][]*loosely{}
	for _, l := range calls {
		labels[l.key] = append(labels[l.key], l)
	}
	keys := slices.Sorted(maps.Keys(labels))
	profiles, words := profilesOf(labels, keys)
	if len(profiles) < 4 || len(words) == 0 {
		return nil, nil, false
	}
	side := twoMeans(profiles)
	rates := [2][]float64{mean(profiles, side, 0), mean(profiles, side, 1)}
	for own := range 2 {
		if counted(side, own) < 2 || counted(side, 1-own) < 2 {
			return nil, nil, false
		}
		w := wordingOf(profiles, words, side, own, rates)
		if a, b, ok := w.divide(labels, keys); ok {
			return a, b, true
		}
	}
	return nil, nil, false
}

// divide puts labels apart by whether most of their calls have a wording. Not ok when too many calls are not as most of their label. The
// halves are told from each other anew then by all their words, and a label of which many calls are told to be of the other half is one of both.
func (w wording) divide(labels map[string][]*loosely, keys []string) (a, b []*loosely, ok bool) {
	if len(w) == 0 {
		return nil, nil, false
	}
	side := map[string]bool{}
	stray, sizes, counts := 0, map[bool]int{}, map[bool]int{}
	for _, key := range keys {
		has := 0
		for _, l := range labels[key] {
			if w.in(l.text) {
				has++
			}
		}
		n := len(labels[key])
		side[key] = 2*has >= n
		stray += min(has, n-has)
		sizes[side[key]] += n
		counts[side[key]]++
	}
	if min(counts[true], counts[false]) < 2 || float64(stray) > strayed*float64(min(sizes[true], sizes[false])) {
		return nil, nil, false
	}
	halves := [2]*bayes{newBayes(), newBayes()}
	for _, key := range keys {
		for _, l := range labels[key] {
			halves[l.half()].learn(l.text, strconv.FormatBool(side[key]))
		}
	}
	for _, key := range keys {
		var there []*loosely
		for _, l := range labels[key] {
			if halves[1-l.half()].answer(l.text) != strconv.FormatBool(side[key]) {
				there = append(there, l)
			}
		}
		if len(there) < takenFor || float64(len(there)) < shared*float64(len(labels[key])) {
			there = nil
		}
		for _, l := range labels[key] {
			if side[key] != slices.Contains(there, l) {
				a = append(a, l)
			} else {
				b = append(b, l)
			}
		}
	}
	return a, b, true
}

// wording says how much each of some words speaks for a task: where it stands, and where it does not.
type wording map[string][2]float64

func (w wording) in(text string) bool {
	sum := 0.0
	has := map[string]bool{}
	for _, word := range wordsOf(text) {
		has[word] = true
	}
	for word, speaks := range w {
		if has[word] {
			sum += speaks[0]
		} else {
			sum += speaks[1]
		}
	}
	return sum > 0
}

func counted(side []int, of int) (n int) {
	for _, s := range side {
		if s == of {
			n++
		}
	}
	return n
}

// frequent are the words that a share of the calls have.
func frequent(labels map[string][]*loosely, keys []string) []string {
	times, calls := map[string]int{}, 0
	for _, key := range keys {
		for _, l := range labels[key] {
			calls++
			for _, w := range slices.Compact(slices.Sorted(slices.Values(wordsOf(l.text)))) {
				times[w]++
			}
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(times)), func(w string) bool { return float64(times[w]) < lookedAt*float64(calls) })
}

func profilesOf(labels map[string][]*loosely, keys []string) (out []profile, words []string) {
	words = frequent(labels, keys)
	number := map[string]int{}
	for n, w := range words {
		number[w] = n
	}
	for _, key := range keys {
		p := profile{key: key, rates: make([]float64, len(number))}
		for _, l := range labels[key] {
			p.calls++
			for _, w := range slices.Compact(slices.Sorted(slices.Values(wordsOf(l.text)))) {
				if n, ok := number[w]; ok {
					p.rates[n]++
				}
			}
		}
		for n := range p.rates {
			p.rates[n] /= p.calls
		}
		out = append(out, p)
	}
	return out, words
}

// twoMeans puts profiles on two sides, the nearer ones together. It begins with the two that are farthest apart.
func twoMeans(profiles []profile) []int {
	distance := func(a, b []float64) float64 {
		sum := 0.0
		for i := range a {
			d := math.Sqrt(a[i]) - math.Sqrt(b[i])
			sum += d * d
		}
		return sum
	}
	largest := 0
	for i := range profiles {
		if profiles[i].calls > profiles[largest].calls {
			largest = i
		}
	}
	far := largest
	for i := range profiles {
		if profiles[i].calls >= fewCalls && distance(profiles[i].rates, profiles[largest].rates) > distance(profiles[far].rates, profiles[largest].rates) {
			far = i
		}
	}
	centres := [2][]float64{profiles[largest].rates, profiles[far].rates}
	side := make([]int, len(profiles))
	for range 20 {
		changed := false
		for i := range profiles {
			s := 0
			if distance(profiles[i].rates, centres[1]) < distance(profiles[i].rates, centres[0]) {
				s = 1
			}
			changed = changed || s != side[i]
			side[i] = s
		}
		if !changed {
			break
		}
		centres = [2][]float64{mean(profiles, side, 0), mean(profiles, side, 1)}
	}
	return side
}

// mean is the profile of all calls on a side.
func mean(profiles []profile, side []int, of int) []float64 {
	out := make([]float64, len(profiles[0].rates))
	calls := 0.0
	for i := range profiles {
		if side[i] != of {
			continue
		}
		calls += profiles[i].calls
		for n, r := range profiles[i].rates {
			out[n] += r * profiles[i].calls
		}
	}
	for n := range out {
		out[n] /= max(1, calls)
	}
	return out
}

// wordingOf returns words that are as frequent in the calls of nearly all labels of a side, and hardly on the other.
func wordingOf(profiles []profile, names []string, side []int, own int, rates [2][]float64) wording {
	words := wording{}
	for n, w := range names {
		if rate := rates[own][n]; rate >= frequentIn && rates[1-own][n] <= hardly*rate && isEven(profiles, side, own, n, rate) {
			other := rates[1-own][n]
			rate, other = min(max(rate, 0.001), 0.999), min(max(other, 0.001), 0.999)
			words[w] = [2]float64{math.Log(rate / other), math.Log((1 - rate) / (1 - other))}
		}
	}
	return words
}

// isEven says whether a word is as frequent in the calls of all labels of a side: as chance has it, or nearly so for nearly all of them.
func isEven(profiles []profile, side []int, own, word int, rate float64) bool {
	if rate >= 1 {
		return true
	}
	dispersion, near, labels := 0.0, 0.0, 0.0
	for i := range profiles {
		if side[i] != own {
			continue
		}
		off := profiles[i].rates[word] - rate
		labels++
		dispersion += off * off * profiles[i].calls / (rate * (1 - rate))
		if off <= (nearby-1)*rate && off >= (1/nearby-1)*rate {
			near++
		}
	}
	return dispersion <= evenly*labels || near >= everywhere*labels
}
