// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"retort/dataset"
	"retort/distill/active"
	"retort/model"
)

// A part of a file's inputs is chosen and labelled; what was picked trains and does not judge, also when it comes back from a
// file; and asking for the same again costs nothing.
func TestPickedLabelsTrainAndDoNotJudge(t *testing.T) {
	const n, wanted = 400, 150
	u, url := newUpstream(t, n, 0)
	a := openFor(t, url, `data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 10, output: 20}}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large}
`)
	texts, _ := labelled(n)
	data := writeTexts(t, texts)
	budget := model.Dollar * 50
	o := LabelOptions{Task: "desk", Data: data, Asking: Asking{Pick: wanted, Budget: &budget}}
	first, err := a.Label(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	fair := active.Fair(wanted)
	if u.calls != wanted || first.Labelled != wanted || len(first.Examples) != wanted || hardOf(first) != wanted-fair || first.Teachers[0].Calls != wanted {
		t.Fatalf("%d calls; %d labelled, %d of them hard, want %d; report %+v", u.calls, first.Labelled, hardOf(first), wanted-fair, first.Report)
	}
	again, err := a.Label(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if u.calls != wanted || again.Cost != 0 || again.CostBefore != first.Cost || hardOf(again) != hardOf(first) || again.Teachers[0].Reused != wanted {
		t.Errorf("%d calls; cost $%s after $%s, first $%s; report %+v", u.calls, again.Cost, again.CostBefore, first.Cost, again.Report)
	}
	out := filepath.Join(t.TempDir(), "labels.jsonl")
	if err := first.WriteFile(filepath.Join(t.TempDir(), "labels.csv")); err == nil {
		t.Error("a table took labels that must not certify, and lost their marks")
	}
	if err := first.WriteFile(out); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]DistillOptions{
		"chosen anew": {Task: "desk", Data: data, Seed: 1, Asking: o.Asking},
		"from a file": {Task: "desk", Data: out, Seed: 1},
	} {
		d, err := a.Distill(t.Context(), from)
		if err != nil {
			t.Fatal(name, err)
		}
		if r := d.Report; r.TrainExamples != wanted || r.Certificate.Labels != fair {
			t.Errorf("%s: %d train and %d judge, want %d and %d", name, r.TrainExamples, r.Certificate.Labels, wanted, fair)
		}
	}
	if u.calls != wanted {
		t.Errorf("%d calls in all", u.calls)
	}
}

// Labels that are there count: the sample goes on where it stopped.
func TestPickingGoesOnFromAFile(t *testing.T) {
	const n = 400
	u, url := newUpstream(t, n, 0)
	a := openFor(t, url, `data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large}
`)
	texts, _ := labelled(n)
	o := LabelOptions{Task: "desk", Data: writeTexts(t, texts), Asking: Asking{Pick: 100}}
	first, err := a.Label(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	mixed := filepath.Join(t.TempDir(), "mixed.jsonl")
	known := map[string]bool{}
	for _, e := range first.Examples {
		known[e.Text] = true
	}
	all := *first
	for _, text := range texts {
		if !known[text] {
			e := first.Examples[0]
			e.Example, e.Answers = dataset.Example{Text: text}, nil
			all.Examples = append(all.Examples, e)
		}
	}
	if err := all.WriteFile(mixed); err != nil {
		t.Fatal(err)
	}
	o.Data = mixed
	second, err := a.Label(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if u.calls != 200 || second.Kept != 100 || len(second.Examples) != 200 || len(second.Examples)-hardOf(second) != active.Fair(200) {
		t.Errorf("%d calls, %d kept, %d labels, %d of them hard", u.calls, second.Kept, len(second.Examples), hardOf(second))
	}
}

func hardOf(l *Labels) int {
	n := 0
	for _, e := range l.Examples {
		if e.Hard {
			n++
		}
	}
	return n
}

// writeTexts writes a file of inputs.
func writeTexts(t *testing.T, texts []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "inputs.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	_ = w.Write([]string{"text"})
	for _, text := range texts {
		_ = w.Write([]string{text})
	}
	if w.Flush(); w.Error() != nil || f.Close() != nil {
		t.Fatal(w.Error())
	}
	return path
}
