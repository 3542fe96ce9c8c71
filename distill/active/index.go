// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import (
	"math"
	"slices"
	"strings"

	"retort/dataset"
)

// mostGrams bounds the n-grams of a text that are looked at.
const mostGrams = 400

// chars is the length of the character n-grams.
const chars = 4

// entry is an n-gram of a text with its weight, or a text that has the n-gram.
type entry struct {
	number int32 // of the n-gram, or of the text
	weight float32
}

// index tells how alike texts are: the cosine of their tf-idf vectors of words and of character n-grams. It is read-only
// once made.
type index struct {
	texts [][]entry // the n-grams of each text
	lists [][]entry // the texts of each n-gram
	told  []float64 // share of each text's squared weights that belongs to n-grams that are not left out
}

// newIndex reads the texts. N-grams that an eighth of many texts share tell nothing apart and are left out.
func newIndex(texts []string) *index {
	x := &index{texts: make([][]entry, len(texts)), told: make([]float64, len(texts))}
	numbers, common := make(map[string]int32), []int32{}
	for i, t := range texts {
		for _, g := range gramsOf(t) {
			n, ok := numbers[g]
			if !ok {
				n = int32(len(common))
				numbers[g] = n
				common = append(common, 0)
			}
			common[n]++
			x.texts[i] = append(x.texts[i], entry{number: n})
		}
	}
	x.lists = make([][]entry, len(common))
	most := int32(max(20, len(texts)/8))
	for i := range x.texts {
		x.weigh(i, common, most)
	}
	return x
}

// weigh gives text i's n-grams their weights and puts the text on their lists.
func (x *index) weigh(i int, common []int32, most int32) {
	kept := x.texts[i][:0]
	var square, all float64
	for _, e := range x.texts[i] {
		w := 1 + math.Log(float64(1+len(x.texts))/float64(1+common[e.number]))
		if all += w * w; common[e.number] > most {
			continue
		}
		square += w * w
		kept = append(kept, entry{e.number, float32(w)})
	}
	x.told[i] = square / max(all, 1e-12)
	scale := float32(1 / math.Sqrt(max(square, 1e-12)))
	for k := range kept {
		kept[k].weight *= scale
		x.lists[kept[k].number] = append(x.lists[kept[k].number], entry{int32(i), kept[k].weight})
	}
	x.texts[i] = kept
}

// like calls visit for each text that has something in common with text i, itself included, with the likeness in (0, 1]. sums has
// a zero for each text, and has again afterwards; touched is scratch.
func (x *index) like(i int, sums []float32, touched *[]int32, visit func(j int, likeness float32)) {
	*touched = (*touched)[:0]
	for _, g := range x.texts[i] {
		for _, e := range x.lists[g.number] {
			if sums[e.number] == 0 {
				*touched = append(*touched, e.number)
			}
			sums[e.number] += g.weight * e.weight
		}
	}
	for _, j := range *touched {
		visit(int(j), min(1, sums[j]))
		sums[j] = 0
	}
}

// gramsOf returns the distinct words and character n-grams of a text.
func gramsOf(text string) []string {
	text = dataset.Canonical(text)
	var out []string
	for word := range strings.FieldsSeq(text) {
		out = append(out, word)
	}
	padded := []rune(" " + text + " ")
	for i := 0; i+chars <= len(padded) && len(out) < mostGrams; i++ {
		out = append(out, "\x00"+string(padded[i:i+chars]))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
