// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"fmt"
	"strings"
	"testing"

	"retort/dataset"
	"retort/student"
	"retort/task"
)

func orders(t *testing.T, n int) (*task.Task, []dataset.Example) {
	t.Helper()
	const raw = `{"type":"object","properties":{"kind":{"enum":["order","cancel"]},"item":{"type":"string"}},"required":["kind"]}`
	schema, err := student.ParseSchema([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	items := []string{"pears", "red apples", "oat milk", "rye bread"}
	var out []dataset.Example
	for i := range n {
		item := items[i%len(items)]
		out = append(out,
			dataset.Example{Text: fmt.Sprintf("please send %d %s", i, item), Label: `{"item":"` + item + `","kind":"order"}`},
			dataset.Example{Text: fmt.Sprintf("cancel the %s of day %d", item, i), Label: `{"kind":"cancel","item":"` + item + `"}`})
	}
	return &task.Task{Name: "order", Object: &task.Object{Schema: []byte(raw), Fields: schema.Names(), Canonical: schema.Canonical}}, out
}

func TestObjects(t *testing.T) {
	order, examples := orders(t, 50)
	examples = append(examples,
		dataset.Example{Text: "Please  send 1 RED apples", Label: `{"kind":"order","item":"red apples"}`}, // the same but for case and blanks
		dataset.Example{Text: "the usual please", Label: `{"kind":"order","item":"pears"}`})               // written, not copied
	j := job(examples)
	j.Task = order
	out := run(t, j)
	r := &out.Report
	if r.Cleaned.Duplicates != 1 || r.Cleaned.Contradictory != 0 || r.TrainExamples != 101 {
		t.Errorf("cleaned %+v, want one duplicate and no contradiction", r.Cleaned)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], `1 of 101 examples have a value that their text does not have, so that no student can copy it; the first, "the usual please": field "item": "pears" does not occur`) {
		t.Errorf("warnings %q", r.Warnings)
	}
	if r.Accuracy < 0.9 || r.Accuracy == 1 || len(r.Metrics.Fields) != 2 || r.Labels != 0 || r.MacroF1 < 0.9 {
		t.Errorf("report %+v", r)
	}
	if len(r.Fields) != 2 || r.Fields[0].Name != "kind" || r.Fields[0].Threshold == nil || r.Fields[0].Given != 101 || r.Fields[1].Found < 0.9 {
		t.Errorf("fields %+v", r.Fields)
	}
	card := out.Student.Card()
	if len(card.Fields) != 2 || card.Fields[1].Field != "item" || card.Fields[1].Certificate != r.Fields[1].Certificate {
		t.Errorf("the card's fields: %+v", card.Fields)
	}
	if card.Schema == nil || card.Task != "order" || card.Certificate == nil || card.Metrics["accuracy"] != r.Accuracy || card.Metrics["field_accuracy_item"] != r.Metrics.Fields[1].Accuracy.Value {
		t.Errorf("card %+v", card)
	}
	if said, score := out.Student.Answer("please send 777 oat milk"); said != `{"kind":"order","item":"oat milk"}` || !(score > 0.5) {
		t.Errorf("answered %s, %v", said, score)
	}
}

// Picked examples teach another way to order; those drawn at random judge alone.
func TestHardObjectsTrainAndDoNotJudge(t *testing.T) {
	order, examples := orders(t, 40)
	plain, with := job(examples), job(examples)
	plain.Task, with.Task = order, order
	for i := range 30 {
		with.Hard = append(with.Hard, dataset.Example{Text: fmt.Sprintf("about the oat milk of week %d", i), Label: `{"kind":"order","item":"oat milk"}`})
	}
	a, b := run(t, plain), run(t, with)
	if b.Report.TrainExamples != a.Report.TrainExamples+30 || b.Report.EvalExamples != a.Report.EvalExamples || len(b.Judged) != len(a.Judged) ||
		b.Report.Certificate.Labels != a.Report.Certificate.Labels {
		t.Errorf("trained on %d, judged by %d; without hard examples %d and %d",
			b.Report.TrainExamples, b.Report.EvalExamples, a.Report.TrainExamples, a.Report.EvalExamples)
	}
	const text, want = "about the oat milk of week 77", `{"kind":"order","item":"oat milk"}`
	before, _ := a.Student.Answer(text)
	if after, _ := b.Student.Answer(text); before == want || after != want {
		t.Errorf("answered %s, and %s without the hard examples; want %s from them alone", after, before, want)
	}
}
