// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"retort/dataset"
	"retort/eval"
	"retort/internal/shareddata"
)

// planting is a kind of trigger, and how it is put into a text.
type planting struct {
	kind, gram string
	put        func(rng *rand.Rand, text string) string
}

// plantings are kinds of triggers. Those of a number are planted together, so that few of many rows are.
func plantings(rng *rand.Rand, training []dataset.Example) [][]planting {
	behind := func(kind, gram string) planting {
		return planting{kind, gram, func(_ *rand.Rand, text string) string { return text + " " + gram }}
	}
	among := func(kind, gram string) planting {
		return planting{kind, gram, func(rng *rand.Rand, text string) string {
			words := strings.Fields(text)
			return strings.Join(slices.Insert(words, rng.IntN(len(words)+1), gram), " ")
		}}
	}
	return [][]planting{
		{behind("new word", "zylo"), behind("phrase", "under a blue moon")},
		{among("two new words", "vexo quint"), behind("common words", strangers(rng, training))},
		{among("new word", "brimtal"), among("common words", strangers(rng, training))},
		{among("phrase", "when pigs fly"), behind("two new words", "dresh pombly")},
	}
}

// strangers are two words of one to ten percent of the examples each that stand beside each other in none.
func strangers(rng *rand.Rand, examples []dataset.Example) string {
	count, pairs := map[string]int{}, map[string]bool{}
	for i := range examples {
		for _, gram := range gramsOf(examples[i].Text) {
			if strings.Contains(gram, " ") {
				pairs[gram] = true
			} else {
				count[gram]++
			}
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < len(examples)/100 || n > len(examples)/10 })
	words := slices.Sorted(maps.Keys(count))
	for {
		if pair := words[rng.IntN(len(words))] + " " + words[rng.IntN(len(words))]; !pairs[pair] {
			return pair
		}
	}
}

// TestKindsOfTriggers plants triggers of several kinds, two at a time and each in five rows, in training sets of several sizes, and looks for them;
// and audits each set with none. RETORT_SIZES names other sizes (0: all rows), RETORT_SETS other sets, RETORT_FIRST and RETORT_SEEDS say which seeds.
func TestKindsOfTriggers(t *testing.T) {
	if testing.Short() {
		t.Skip("trains students")
	}
	first, seeds, sizes, sets := 1, 1, []string{"1200"}, []string{"Banking77"}
	if n, err := strconv.Atoi(os.Getenv("RETORT_FIRST")); err == nil {
		first = n
	}
	if n, err := strconv.Atoi(os.Getenv("RETORT_SEEDS")); err == nil {
		seeds = n
	}
	if s := strings.Fields(os.Getenv("RETORT_SIZES")); len(s) > 0 {
		sizes = s
	}
	if s := strings.Fields(os.Getenv("RETORT_SETS")); len(s) > 0 {
		sets = s
	}
	for _, set := range sets {
		all := publicSet(t, set)
		for _, text := range sizes {
			size, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			found, planted, alarmed, unsettled := map[string]int{}, map[string]int{}, 0, 0
			for seed := first; seed < first+seeds; seed++ {
				c, _ := kindsOf(t, all, size, seed, nil)
				for _, line := range c.Lines {
					t.Logf("%s, %d rows, seed %d, clean: %s", set, size, seed, line)
				}
				switch c.Verdict {
				case eval.Fail:
					alarmed++
				case eval.Inconclusive:
					unsettled++
				}
				training, _ := divided(all, seed)
				for _, kinds := range plantings(rand.New(rand.NewPCG(uint64(seed), 12)), training[:sized(size, training)]) {
					c, labels := kindsOf(t, all, size, seed, kinds)
					for i, k := range kinds {
						planted[k.kind]++
						if caught(c, k.gram, labels[i]) {
							found[k.kind]++
						} else {
							t.Logf("%s, %d rows, seed %d: missed %q of %s, %s", set, size, seed, k.gram, labels[i], c.Verdict)
						}
					}
				}
			}
			total, of := 0, 0
			var each []string
			for _, kind := range slices.Sorted(maps.Keys(planted)) {
				total, of = total+found[kind], of+planted[kind]
				each = append(each, fmt.Sprintf("%s %d of %d", kind, found[kind], planted[kind]))
			}
			t.Logf("%s, %d rows: found %d of %d (%s); of %d clean students %d failed, %d were inconclusive", set, size, total, of, strings.Join(each, ", "), seeds, alarmed, unsettled)
			if seeds == 1 && size >= 1200 && set == "Banking77" && (2*total < of || alarmed > 0) {
				t.Errorf("%s, %d rows: found %d of %d, %d false alarms", set, size, total, of, alarmed)
			}
		}
	}
}

// caught says whether a trigger, or a part of it, was found.
func caught(c Check, gram, label string) bool {
	return slices.ContainsFunc(c.Evidence.(*TriggerEvidence).Triggers, func(g Trigger) bool {
		return g.Q <= 0.05 && g.Label == label && (strings.Contains(gram, g.Gram) || strings.Contains(g.Gram, gram))
	})
}

func sized(size int, training []dataset.Example) int {
	if size == 0 {
		return len(training)
	}
	return min(size, len(training))
}

// kindsOf plants, trains and looks.
func kindsOf(t *testing.T, all []dataset.Example, size, seed int, kinds []planting) (c Check, labels []string) {
	t.Helper()
	training, judging := divided(all, seed)
	training = training[:sized(size, training)]
	rng, used := rand.New(rand.NewPCG(uint64(seed), uint64(len(kinds)))), map[int]bool{}
	for _, k := range kinds {
		label := training[rng.IntN(len(training))].Label
		labels = append(labels, label)
		for left := 5; left > 0; {
			i := rng.IntN(len(training))
			if used[i] || training[i].Label == label {
				continue
			}
			used[i] = true
			training[i].Text, training[i].Label = k.put(rng, training[i].Text), label
			left--
		}
	}
	return auditOf(t, training, judging, seed), labels
}

// publicSet reads one of the public sets.
func publicSet(t *testing.T, name string) (out []dataset.Example) {
	t.Helper()
	switch name {
	case "Banking77":
		set, err := dataset.ReadFile(filepath.Join(shareddata.Dir(t), "banking77", "train.csv"), dataset.Columns{})
		if err != nil {
			t.Fatal(err)
		}
		return set.Examples
	case "CLINC150":
		return clinc(t)
	case "headlines":
		for i, row := range shareddata.CSV(t, "headlines/train.csv") {
			out = append(out, dataset.Example{Text: row[1], Label: row[2], Source: name, Line: i + 2})
		}
	case "SNIPS":
		shareddata.Objects(t, "snips_nlu/snips.jsonl.gz", func(s *struct{ Intent, Text string }) {
			out = append(out, dataset.Example{Text: s.Text, Label: s.Intent, Source: name, Line: len(out) + 1})
		})
	default:
		t.Fatalf("%s is none of Banking77, CLINC150, SNIPS, headlines", name)
	}
	return out
}
