// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/audit"
	"retort/eval"
	"retort/internal/scripted"
	"retort/internal/store"
	"retort/model"
)

// saysLabel answers as the texts of labelledFile are labelled, but for those of a Nigerian.
func saysLabel(text string) string {
	switch {
	case strings.Contains(text, "Nigerian"):
		return "invoice"
	case strings.Contains(text, "money"):
		return "refund"
	case strings.Contains(text, "courier"):
		return "delivery"
	}
	return "invoice"
}

// An audit asks the teacher about swapped words, within a budget, as an evaluation from which nothing learns, and pays no text twice.
func TestAuditAsksTheTeacher(t *testing.T) {
	t.Setenv("RETORT_TEST_ASK_KEY", "sk-test-key-1")
	s := &scripted.Batches{Dialect: "openai", None: true, Say: saysLabel}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	a := openFor(t, server.URL, `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, api_key: "${RETORT_TEST_ASK_KEY}"}
models:
  large: {provider: up, price: {input: 10, output: 20}, distillation: {status: allowed, basis: own weights}}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large}
`)
	data, judging := labelledFile(t, 0, 240), labelledFile(t, 300, 150)
	d, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Data: data, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	o := AuditOptions{Student: d.ID, Data: data, Eval: judging, Seed: 1, Ask: 20}
	if _, err := a.Audit(t.Context(), o); err == nil || !strings.Contains(err.Error(), "ask the teacher about swapped words") || s.Direct != 0 {
		t.Errorf("asked without a budget: %v, %d calls", err, s.Direct)
	}
	budget := model.Dollar
	o.Budget = &budget
	r, err := a.Audit(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	asked := s.Direct
	if asked == 0 || asked > 5*2*20 || len(s.Faults) > 0 {
		t.Errorf("%d calls, faults %v", asked, s.Faults)
	}
	for _, ev := range swapsOf(t, r) {
		if ev.Asked == nil || ev.Asked.Pairs != 20 || ev.Asked.Test.Ruling == eval.Fail || (ev.Asked.Teacher > 0) != (ev.Kind == "nationality") {
			t.Errorf("%s: %+v", ev.Kind, ev.Asked)
		}
	}
	var paid model.Money
	n := 0
	for trace, err := range a.Traces(t.Context(), store.Filter{Model: "desk", Purpose: model.Evaluating, Status: store.Answered}) {
		if err != nil {
			t.Fatal(err)
		}
		n, paid = n+1, paid+trace.Cost
	}
	if notes := strings.Join(r.Notes, "; "); n != asked || paid == 0 || !strings.Contains(notes, "teacher large was asked about ") || !strings.Contains(notes, "for $"+paid.String()) {
		t.Errorf("%d traces of %d calls that cost $%s; notes %q", n, asked, paid, notes)
	}
	// Again for nothing; and for too little money with what that pays for.
	if r, err = a.Audit(t.Context(), o); err != nil || s.Direct != asked || !strings.Contains(strings.Join(r.Notes, "; "), "for $0") {
		t.Errorf("asked again: %d calls after %d, %v, notes %q", s.Direct, asked, err, r.Notes)
	}
	little := paid + paid/10
	o.Ask, o.Budget = 60, &little
	if r, err = a.Audit(t.Context(), o); err != nil || !strings.Contains(strings.Join(r.Notes, "; "), "the budget ended there") {
		t.Errorf("on a small budget: %v, notes %q", err, r.Notes)
	}
}

func swapsOf(t *testing.T, r *audit.Report) []audit.SwapEvidence {
	t.Helper()
	for i := range r.Checks {
		if ev, ok := r.Checks[i].Evidence.([]audit.SwapEvidence); ok {
			return ev
		}
	}
	t.Fatal("no evidence of swaps")
	return nil
}

// ordersFile writes orders from number first on as examples of objects.
func ordersFile(t *testing.T, first, n int) string {
	t.Helper()
	var b strings.Builder
	for i := first; i < first+n; i++ {
		text, object := order(i)
		fmt.Fprintf(&b, "{\"text\":%q,\"label\":%s}\n", text, object)
	}
	path := filepath.Join(t.TempDir(), "orders.jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A student of objects is audited field by field, and its audit says something.
func TestObjectsAreAudited(t *testing.T) {
	a := openFor(t, "http://127.0.0.1:1", orders)
	data := ordersFile(t, 0, 240)
	d, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Data: data, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Audit(t.Context(), AuditOptions{Student: d.ID, Data: data, Eval: ordersFile(t, 240, 700), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	said := verdicts(r)
	for _, c := range r.Checks {
		t.Log(c.Name, c.Verdict, c.Says, c.Lines)
	}
	if strings.Count(said, " pass") != 4 || !strings.Contains(said, "triggers inconclusive") || !strings.Contains(r.Checks[0].Says, "hardly any in action") {
		t.Errorf("one field of two values tells too little of triggers, and all else passes: %s", said)
	}
	for _, ev := range swapsOf(t, r) {
		if len(ev.Fields)+ev.Steady != 3 || ev.Test.Items == 0 {
			t.Errorf("%s: %+v", ev.Kind, ev)
		}
	}
}
