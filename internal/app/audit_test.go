// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/audit"
	"retort/dataset"
	"retort/eval"
	"retort/internal/store"
	"retort/model"
	"retort/student"
)

// labelledFile writes n examples of three labels, from number first on, and returns its path.
func labelledFile(t *testing.T, first, n int) string {
	t.Helper()
	things := []string{"parcel", "jacket", "lamp", "chair", "kettle", "phone", "mirror", "bicycle", "carpet", "radio"}
	days := []string{"monday", "friday", "may", "june", "christmas", "noon"}
	patterns := []struct{ label, text string }{
		{"refund", "please give me back the money for my %s bought before %s, order %d"},
		{"delivery", "the courier has not brought the %s which should come on %s, shipment %d"},
		{"invoice", "send a receipt with tax for the %s of last %s to our accountant, number %d"},
	}
	var b strings.Builder
	b.WriteString("text,label\n")
	for i := first; i < first+n; i++ {
		p := patterns[i%3]
		fmt.Fprintf(&b, "%q,%s\n", fmt.Sprintf(p.text, things[i*7%len(things)], days[i*5%len(days)], i), p.label)
	}
	path := filepath.Join(t.TempDir(), "data.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func verdicts(r *audit.Report) string {
	var out []string
	for _, c := range r.Checks {
		out = append(out, c.Name+" "+string(c.Verdict))
	}
	return strings.Join(out, ", ")
}

func TestAuditsAreKeptAndHoldPromotionsUp(t *testing.T) {
	a := openApp(t, "http://127.0.0.1:1", ", distillation: {status: forbidden, basis: terms of use}")
	data := labelledFile(t, 0, 240)
	d, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Data: data, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := a.Student(t.Context(), d.ID); err != nil || s.Audit != "" {
		t.Fatalf("an audit %q before there is one, %v", s.Audit, err)
	}
	// The very texts that it learned from say nothing about it.
	r, err := a.Audit(t.Context(), AuditOptions{Student: d.ID, Data: data, Eval: data, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != eval.Fail || !strings.Contains(verdicts(r), "leakage fail") || !strings.Contains(verdicts(r), "terms pass") || !strings.Contains(verdicts(r), "triggers pass") {
		t.Errorf("%s: %s", r.Verdict, verdicts(r))
	}
	if s, err := a.Student(t.Context(), d.ID); err != nil || s.Audit != eval.Fail {
		t.Errorf("the student shows the audit %q, %v", s.Audit, err)
	}
	kept, err := a.KeptAudit(t.Context(), d.ID[:6])
	if err != nil {
		t.Fatal(err)
	}
	before, _ := json.Marshal(r)
	after, _ := json.Marshal(kept)
	if !sameJSON(t, before, after) {
		t.Errorf("kept %s\nof %s", after, before)
	}
	_, err = a.Promote(t.Context(), d.ID)
	if err == nil || !strings.Contains(err.Error(), "failed: ") || !strings.Contains(err.Error(), "leakage") || !strings.Contains(err.(interface{ Hint() string }).Hint(), "--force") {
		t.Errorf("promoted after a failed audit: %v", err)
	}
	if err := os.WriteFile(a.auditPath(d.ID), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Promote(t.Context(), d.ID); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("promoted after an unreadable audit: %v", err)
	}
	if _, err := a.ForcePromote(t.Context(), d.ID); err != nil {
		t.Errorf("force does not promote: %v", err)
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		t.Fatal("no JSON")
	}
	a, _ = json.Marshal(x)
	b, _ = json.Marshal(y)
	return string(a) == string(b)
}

func TestAuditSaysWhatItWasMadeFrom(t *testing.T) {
	a := openApp(t, "http://127.0.0.1:1", "")
	data := labelledFile(t, 0, 240)
	d, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Data: data, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		data string
		rows int
		note string
	}{
		{"", 0, "give them with --data"},
		{labelledFile(t, 0, 120), 120, "has 120 of the 240 texts"},
		{labelledFile(t, 120, 240), 120, "120 examples of data.csv had no part in the student"},
		{data, 240, ""},
	} {
		r, err := a.Audit(t.Context(), AuditOptions{Student: d.ID, Data: c.data, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if notes := strings.Join(r.Notes, "; "); r.Training != c.rows || !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
			t.Errorf("%s: %d rows, notes %q", c.data, r.Training, notes)
		}
		if passes := strings.Contains(verdicts(r), "triggers pass"); passes != (c.rows == 240) {
			t.Errorf("with %d of 240 rows: %s", c.rows, verdicts(r))
		}
		if !strings.Contains(verdicts(r), "leakage inconclusive") || r.Verdict == eval.Pass {
			t.Errorf("without texts to judge by: %s", verdicts(r))
		}
	}
	// Each audit before stays, as it was, and the latest names them.
	kept, err := a.KeptAudit(t.Context(), d.ID)
	if err != nil || len(kept.Earlier) != 3 || kept.Earlier[0].File != d.ID+".audit.1.json" || kept.Earlier[2].Data != "data.csv" || kept.Earlier[2].Verdict != eval.Inconclusive || kept.Earlier[2].Seed != 1 {
		t.Fatalf("earlier audits: %+v, %v", kept.Earlier, err)
	}
	var third audit.Report
	text, err := os.ReadFile(filepath.Join(filepath.Dir(a.auditPath(d.ID)), kept.Earlier[2].File))
	if err != nil || json.Unmarshal(text, &third) != nil || len(third.Earlier) != 2 || !third.Created.Equal(kept.Earlier[2].Created) {
		t.Errorf("the third audit was kept as %s, %v", text, err)
	}
	if err := os.WriteFile(a.auditPath(d.ID), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := a.Audit(t.Context(), AuditOptions{Student: d.ID, Seed: 2}); err != nil || len(r.Earlier) != 1 || r.Earlier[0].File != d.ID+".audit.4.json" {
		t.Errorf("after one that cannot be read: %+v, %v", r.Earlier, err)
	}
	if _, err := a.Promote(t.Context(), d.ID); err == nil || !strings.Contains(err.Error(), "is inconclusive") {
		t.Errorf("an inconclusive audit promotes: %v", err)
	}
	// What is missing is named, and that the gate of a turn does without it.
	found := func(verdict eval.Ruling, checks ...string) string {
		t.Helper()
		r := &audit.Report{Verdict: verdict}
		for _, name := range checks {
			r.Checks = append(r.Checks, audit.Check{Name: name, Verdict: verdict})
		}
		text, err := a.found(t.Context(), d.ID, r)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if s, err := a.Student(t.Context(), d.ID); err != nil || s.Audit != eval.Inconclusive || !strings.Contains(s.Found, audit.Leakage) || strings.Contains(s.Found, "gate") {
		t.Errorf("got %+v, %v", s, err)
	}
	if err := a.store.BeginTurn(t.Context(), store.Turn{ID: d.ID, Tenant: model.DefaultTenant, Task: "desk", Why: "labels"}); err != nil {
		t.Fatal(err)
	}
	if got := found(eval.Inconclusive, audit.Leakage); !strings.HasPrefix(got, audit.Leakage+", which the gate of its turn leaves out") {
		t.Error(got)
	}
	for _, got := range []string{found(eval.Pass), found(eval.Fail, audit.Leakage), found(eval.Inconclusive, audit.Leakage, "swaps")} {
		if strings.Contains(got, "gate") {
			t.Error(got)
		}
	}
}

func TestTermsOfAudits(t *testing.T) {
	for _, c := range []struct{ more, says, status string }{
		{"", "", audit.Unknown},
		{", distillation: {status: allowed, basis: own weights}", "own weights", audit.Allowed},
		{", distillation: {status: forbidden, basis: section 2}", "section 2", audit.Forbidden},
	} {
		p := openApp(t, "http://127.0.0.1:1", c.more).plant.Load().Config
		// The card remembers that it was allowed once.
		s := &Student{Card: student.Card{Teachers: []string{"file x.csv", "up/large"}, Terms: map[string]string{"up/large": "allowed"}}}
		got := termsFor(p, s, []dataset.Example{{Teacher: "gone/model"}})
		if len(got) != 2 || got[0] != (audit.Terms{Teacher: "gone/model", Status: audit.Unknown}) || got[1].Status != c.status || got[1].Basis != c.says {
			t.Errorf("%s: %+v", c.more, got)
		}
	}
}
