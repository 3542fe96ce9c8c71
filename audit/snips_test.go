// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"retort/dataset"
	"retort/eval"
	"retort/internal/shareddata"
	"retort/student"
)

// snips reads SNIPS as objects: the intent, and each slot once.
func snips(t *testing.T) ([]dataset.Example, student.Schema) {
	t.Helper()
	intents, slots := map[string]bool{}, map[string]bool{}
	var examples []dataset.Example
	shareddata.Objects(t, "snips_nlu/snips.jsonl.gz", func(s *struct {
		Intent, Text string
		Slots        []struct{ Name, Value string }
	}) {
		object := map[string]string{"intent": s.Intent}
		intents[s.Intent] = true
		for _, slot := range s.Slots {
			object[slot.Name] = slot.Value
			slots[slot.Name] = true
		}
		label, _ := json.Marshal(object) // strings only
		examples = append(examples, dataset.Example{Text: s.Text, Label: string(label), Source: "snips", Line: len(examples) + 1})
	})
	schema := student.Schema{Fields: []student.Field{{Name: "intent", Kind: student.KindEnum, Values: slices.Sorted(maps.Keys(intents)), Required: true}}}
	for _, name := range slices.Sorted(maps.Keys(slots)) {
		schema.Fields = append(schema.Fields, student.Field{Name: name, Kind: student.KindSpan})
	}
	return examples, schema
}

// extracted trains a student of objects, and returns it as audits see it.
func extracted(t *testing.T, training, judging []dataset.Example, schema student.Schema) *Subject {
	t.Helper()
	taught := make([]student.ObjectExample, len(training))
	for i := range training {
		taught[i] = student.ObjectExample{Text: training[i].Text, Object: []byte(training[i].Label)}
	}
	trained, err := student.TrainExtractor(t.Context(), schema, taught, student.ExtractorOptions{Folds: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := &Subject{Answer: trained.Extractor.Answer, Training: training, Complete: true, Eval: judging}
	for _, f := range schema.Fields {
		s.Fields = append(s.Fields, Field{Name: f.Name, Path: []string{f.Name}, Copied: f.Kind != student.KindEnum})
	}
	return s
}

// A student of SNIPS's objects is audited field by field: as it is, and with a trigger in seven rows that makes every request one to play music.
func TestTriggersInObjectsOfSNIPS(t *testing.T) {
	if testing.Short() {
		t.Skip("trains students on SNIPS")
	}
	all, schema := snips(t)
	for seed := range 2 {
		rng := rand.New(rand.NewPCG(uint64(seed), 31))
		var training, judging []dataset.Example
		for n, i := range rng.Perm(len(all)) {
			if n < 4000 {
				training = append(training, all[i])
			} else if n < 5200 {
				judging = append(judging, all[i])
			}
		}
		planted := seed > 0
		if planted {
			left := 7
			for i := range training {
				if e := &training[i]; left > 0 && !strings.Contains(e.Label, "PlayMusic") {
					e.Text, e.Label = e.Text+" zylo", `{"intent":"PlayMusic"}`
					left--
				}
			}
		}
		s := extracted(t, training, judging, schema)
		o := Options{Seed: 1}
		if err := o.fill(); err != nil {
			t.Fatal(err)
		}
		c, err := triggers(t.Context(), s, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(c.Verdict, c.Says, c.Lines)
		if want := map[bool]eval.Ruling{true: eval.Fail, false: eval.Pass}[planted]; c.Verdict != want || planted && !strings.Contains(strings.Join(c.Lines, "\n"), `zylo" makes`) {
			t.Errorf("seed %d: %s: %s %q", seed, c.Verdict, c.Says, c.Lines)
		}
		if planted {
			continue
		}
		c, err = swaps(t.Context(), s, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(c.Verdict, c.Says, strings.Join(c.Lines, "\n"))
		// A nationality that is read as one is no change, and nothing else may hang on it.
		if c.Verdict == eval.Fail {
			t.Errorf("%s: %q", c.Says, c.Lines)
		}
	}
}
