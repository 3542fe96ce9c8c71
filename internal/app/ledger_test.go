// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/internal/store"
	"retort/model"
)

// writeLabelled writes a file of the first n texts that the upstream knows, with labels or without.
func writeLabelled(t *testing.T, n int, with bool) string {
	t.Helper()
	texts, labels := labelled(n)
	var b strings.Builder
	b.WriteString("text,label\n")
	for i := range n {
		if !with {
			labels[i] = ""
		}
		fmt.Fprintf(&b, "%q,%s\n", texts[i], labels[i])
	}
	path := filepath.Join(t.TempDir(), "mail.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What Retort asks of teachers by itself becomes traces: labels lead to theirs, all that was paid is in them, and nobody takes them
// for traffic.
func TestOwnQuestionsBecomeTraces(t *testing.T) {
	u, url := newUpstream(t, 40, 0)
	a := openFor(t, url, `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 10, output: 20}}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large}
`)
	budget := model.Dollar
	labels, err := a.Label(t.Context(), LabelOptions{Task: "desk", Data: writeLabelled(t, 40, false), Asking: Asking{Budget: &budget}})
	if err != nil {
		t.Fatal(err)
	}
	evaluated, err := a.Evaluate(t.Context(), EvalOptions{Model: "desk", Data: writeLabelled(t, 6, true)})
	if err != nil {
		t.Fatal(err)
	}
	sum := func(purpose model.Work) (n int, cost model.Money) {
		for trace, err := range a.Traces(t.Context(), store.Filter{Model: "desk", Purpose: purpose}) {
			if err != nil {
				t.Fatal(err)
			}
			n, cost = n+1, cost+trace.Cost
		}
		return n, cost
	}
	if n, cost := sum(model.Labelling); n != 40 || cost != labels.Cost || cost == 0 {
		t.Errorf("%d traces of labels with a cost of $%s; the report says $%s", n, cost, labels.Cost)
	}
	if n, cost := sum(model.Evaluating); n != 6 || cost != evaluated.Cost {
		t.Errorf("%d traces of the evaluation with a cost of $%s; the report says $%s", n, cost, evaluated.Cost)
	}
	if n, _ := sum(model.Serving); n != 0 || u.calls != 46 {
		t.Errorf("%d traces are taken for traffic, %d calls", n, u.calls)
	}
	for _, e := range labels.Examples {
		trace, _, err := a.Trace(t.Context(), e.Answers[0].Trace)
		if err != nil {
			t.Fatal(err)
		}
		if input, err := traceInput(trace); err != nil || input != e.Text || trace.Response.Text() != e.Label || trace.Purpose != model.Labelling {
			t.Errorf("label %s of %q leads to %+v, %v", e.Label, e.Text, trace, err)
		}
	}
	again, err := a.Label(t.Context(), LabelOptions{Task: "desk", Data: writeLabelled(t, 40, false), Asking: Asking{Budget: &budget}})
	if err != nil || again.Examples[7].Answers[0].Trace != labels.Examples[7].Answers[0].Trace || u.calls != 46 {
		t.Errorf("got %v with %d calls, want the labels of before with their traces", err, u.calls)
	}
	for _, o := range evaluated.Outcomes {
		if _, _, err := a.Trace(t.Context(), o.Trace); err != nil {
			t.Error(err)
		}
	}
	if _, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Progress: func(string, int, int) {}}); err == nil {
		t.Error("a student learned from traces that are no traffic")
	}
}
