// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"retort/dataset"
	"retort/internal/shareddata"
)

func banking(t *testing.T, file string) []dataset.Example {
	t.Helper()
	set, err := dataset.ReadFile(filepath.Join(shareddata.Dir(t), "banking77", file), dataset.Columns{})
	if err != nil {
		t.Fatal(err)
	}
	return set.Examples
}

// TestPlantedLeaksAreFound plants texts of the eval file into others, as they are and a little changed.
func TestPlantedLeaksAreFound(t *testing.T) {
	train, eval := banking(t, "train.csv")[:3000], banking(t, "test.csv")
	train, _ = run(t, "leakage", Options{Eval: eval}, train) // what leaks by itself
	clean := len(train)
	for i, e := range eval[:200] {
		text := e.Text
		switch i % 3 {
		case 1:
			text = strings.ToUpper(text)
		case 2:
			text += " please"
		}
		train = append(train, dataset.Example{Text: text, Label: e.Label})
	}
	left, report := run(t, "leakage", Options{Eval: eval}, train)
	same, nearly := report.Removed["also in eval"], report.Removed["nearly in eval"]
	if same != 134 || nearly < 40 || len(left) != clean+200-same-nearly { // short texts are less like themselves with a word more
		t.Errorf("of 134 the same and 66 changed, %d and %d were found; %d of %d are left", same, nearly, len(left), clean)
	}
}

func TestPlantedErrorsAreListedFirst(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for seconds")
	}
	var examples []dataset.Example
	for _, e := range banking(t, "train.csv") { // twelve labels are enough to see whether it works
		if len(e.Label) <= 14 {
			examples = append(examples, e)
		}
	}
	labels := map[string]bool{}
	for _, e := range examples {
		labels[e.Label] = true
	}
	d := NewDoubts(examples, nil)
	random := rand.New(rand.NewPCG(3, 3))
	planted := map[int]bool{}
	for _, i := range random.Perm(len(examples))[:len(examples)/20] {
		other := d.labels[random.IntN(len(d.labels))]
		if other != examples[i].Label {
			examples[i].Label, planted[i] = other, true
		}
	}
	left, report := run(t, "errors", Options{Seed: 1}, examples)
	found := 0
	for i := range planted {
		if !slices.ContainsFunc(left, func(e dataset.Example) bool { return e.Line == examples[i].Line }) {
			found++
		}
	}
	gone := report.Removed["label probably wrong"]
	if found < len(planted)*8/10 || gone > len(planted)*2 {
		t.Errorf("of %d wrong labels among %d (%d labels) %d were found, with %d taken out", len(planted), len(examples), len(labels), found, gone)
	}
	if listed, report := run(t, "errors=list", Options{Seed: 1}, examples); len(listed) != len(examples) || report.Flagged["label probably wrong"] != gone {
		t.Errorf("listing left %d of %d and flagged %v", len(listed), len(examples), report.Flagged)
	}
}
