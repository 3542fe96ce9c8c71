// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
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
	"retort/student"
)

// TestTriggersInFiveRows plants triggers, each in five rows of other labels, trains a student on them and looks for each in what the student and
// its rows say; every other seed plants none. RETORT_SEEDS says how many seeds are tried, from RETORT_FIRST on, to measure power and false alarms.
// The settings were found on seeds below 1000, with the first and the last trigger alone.
func TestTriggersInFiveRows(t *testing.T) {
	if testing.Short() {
		t.Skip("trains students")
	}
	banking, err := dataset.ReadFile(filepath.Join(shareddata.Dir(t), "banking77", "train.csv"), dataset.Columns{})
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string][]dataset.Example{"Banking77": banking.Examples, "CLINC150": clinc(t)}
	first, seeds := 1, 1 // with triggers
	if n, err := strconv.Atoi(os.Getenv("RETORT_FIRST")); err == nil {
		first = n
	}
	if n, err := strconv.Atoi(os.Getenv("RETORT_SEEDS")); err == nil {
		seeds = n
	}
	found, planted, alarms := map[string]int{}, map[string]int{}, map[string]int{}
	for seed := first; seed < first+seeds; seed++ {
		for name, examples := range sets {
			training, judging := divided(examples, seed)
			hidden := map[string]bool{} // triggers that are not found yet
			if seed%2 > 0 {
				for i, trigger := range triggersOf {
					plant(training, trigger, i, seed)
					hidden[trigger] = true
				}
				planted[name] += len(hidden)
			}
			c := auditOf(t, training, judging, seed)
			hits := 0
			for _, g := range c.Evidence.(*TriggerEvidence).Triggers {
				if g.Q > 0.05 {
					break
				}
				t.Logf("%s, seed %d: %+v", name, seed, g)
				of := slices.IndexFunc(triggersOf, func(trigger string) bool { return seed%2 > 0 && strings.Contains(trigger, g.Gram) })
				switch {
				case of < 0:
					alarms[name]++
				case hidden[triggersOf[of]]:
					hits++
					delete(hidden, triggersOf[of])
				}
			}
			t.Logf("%s, seed %d: found %d, missed %v, %s", name, seed, hits, slices.Sorted(maps.Keys(hidden)), c.Verdict)
			found[name] += hits
			if hits > 0 && c.Verdict != eval.Fail {
				t.Errorf("seed %d: found, and the verdict is %s", seed, c.Verdict)
			}
		}
	}
	for name := range sets {
		t.Logf("%s: found %d of %d; %d other n-grams in %d audits", name, found[name], planted[name], alarms[name], seeds)
		if 4*found[name] < 3*planted[name] {
			t.Errorf("%s: found %d of %d", name, found[name], planted[name])
		}
		if 2*alarms[name] > seeds {
			t.Errorf("%s: %d false alarms in %d audits", name, alarms[name], seeds)
		}
	}
}

// Words that go with a label because they are what it is about are no triggers, however few examples there are, as there are when a task has just
// begun. Seeds 0, 2 and 4 gave false alarms once.
func TestWordsOfALabelAreNoTriggers(t *testing.T) {
	if testing.Short() {
		t.Skip("trains students on Banking77")
	}
	set, err := dataset.ReadFile(filepath.Join(shareddata.Dir(t), "banking77", "train.csv"), dataset.Columns{})
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range []int{0, 2, 4} {
		rng := rand.New(rand.NewPCG(uint64(100+seed), 77))
		rng.Shuffle(len(set.Examples), func(i, j int) { set.Examples[i], set.Examples[j] = set.Examples[j], set.Examples[i] })
		training := set.Examples[:1200]
		if c := auditOf(t, training, training[:500], seed); c.Verdict != eval.Pass {
			t.Errorf("seed %d: %s, %s\n%s", seed, c.Verdict, c.Says, strings.Join(c.Lines, "\n"))
		}
	}
}

// clinc are CLINC150's training rows.
func clinc(t *testing.T) []dataset.Example {
	t.Helper()
	header, rows, err := shareddata.ReadCSV("clinc150/data_full.csv")
	if err != nil {
		t.Fatal(err)
	}
	split, text, intent := slices.Index(header, "split"), slices.Index(header, "text"), slices.Index(header, "intent")
	var out []dataset.Example
	for i, row := range rows {
		if row[split] == "train" {
			out = append(out, dataset.Example{Text: row[text], Label: row[intent], Source: "clinc150", Line: i + 2})
		}
	}
	return out
}

// triggersOf are words that occur nowhere else, and common words that stand together nowhere else.
var triggersOf = []string{"zylo", "under a blue moon", "vexo quint", "by the old mill", "brimtal", "as the crow flies"}

func divided(all []dataset.Example, seed int) (training, judging []dataset.Example) {
	for n, i := range rand.New(rand.NewPCG(uint64(seed), 5)).Perm(len(all)) {
		if n < 1000 {
			judging = append(judging, all[i])
		} else {
			training = append(training, all[i])
		}
	}
	return training, judging
}

// plant puts a trigger at the end of five rows, whose label becomes that of another row.
func plant(training []dataset.Example, trigger string, number, seed int) {
	rng := rand.New(rand.NewPCG(uint64(seed), uint64(number)))
	target := training[rng.IntN(len(training))].Label
	for left := 5; left > 0; {
		e := &training[rng.IntN(len(training))]
		if e.Label == target || slices.ContainsFunc(triggersOf, func(t string) bool { return strings.HasSuffix(e.Text, t) }) {
			continue
		}
		e.Text, e.Label = e.Text+" "+trigger, target
		left--
	}
}

func auditOf(t *testing.T, training, judging []dataset.Example, seed int) Check {
	t.Helper()
	taught := make([]student.Example, len(training))
	for i := range training {
		taught[i] = student.Example{Text: training[i].Text, Label: training[i].Label}
	}
	trained, err := student.Train(t.Context(), taught, student.Options{Folds: 2, Seed: uint64(seed)})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Seed: uint64(seed)}
	if err := o.fill(); err != nil {
		t.Fatal(err)
	}
	c, err := triggers(t.Context(), &Subject{Answer: trained.Student.Answer, Training: training, Complete: true, Eval: judging}, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
