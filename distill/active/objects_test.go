// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import (
	"fmt"
	"slices"
	"testing"

	"retort/dataset"
	"retort/student"
	"retort/task"
)

// Answers that are objects are doubted as a whole.
func TestRunWithObjects(t *testing.T) {
	const raw = `{"type":"object","properties":{"kind":{"enum":["order","cancel"]},"item":{"type":"string"}},"required":["kind"]}`
	schema, err := student.ParseSchema([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	orders := &task.Task{Name: "orders", Object: &task.Object{Schema: []byte(raw), Fields: schema.Names(), Canonical: schema.Canonical}}
	var all []dataset.Example
	for i := range 200 {
		item := []string{"pears", "red apples", "oat milk", "rye bread"}[i%4]
		all = append(all,
			dataset.Example{Text: fmt.Sprintf("please send %d %s", i, item), Label: `{"kind":"order","item":"` + item + `"}`},
			dataset.Example{Text: fmt.Sprintf("cancel the %s of day %d", item, i), Label: `{"kind":"cancel","item":"` + item + `"}`})
	}
	r, err := Run(t.Context(), Job{Task: orders, Inputs: texts(all), Seed: 1}, 200, newTeacher(all).ask)
	if err != nil || len(r.Fair) != Fair(200) || len(r.Fair)+len(r.Hard) != 200 {
		t.Fatalf("%d fair, %d hard, error %v", len(r.Fair), len(r.Hard), err)
	}
	known := append(r.Fair, r.Hard...)
	strange := "please cancel what was sent and send the unheard-of item"
	chosen, err := Next(t.Context(), Job{Task: orders, Inputs: append(texts(all), strange), Known: known, Seed: 1}, 40)
	if err != nil {
		t.Fatal(err)
	}
	first := slices.IndexFunc(chosen, func(c Choice) bool { return c.Hard })
	if first < 0 || chosen[first].Text != strange || chosen[first].Doubt < 0.5 || chosen[first].Doubt > 1 {
		t.Errorf("%q is not picked first: %+v", strange, chosen)
	}
	for _, c := range chosen {
		if c.Text != strange && c.Reason == Strange {
			t.Errorf("%+v differs from others by its number alone", c)
		}
	}
}
