// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"testing"
	"time"
)

// Audits count for their student until it is put back, and takeouts last until then, for every process.
func TestAuditsAndTakeouts(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	add := func(task, student string, agree ...bool) {
		t.Helper()
		for _, a := range agree {
			if _, err := s.AddAudit(t.Context(), Audit{Tenant: tenant, Task: task, Student: student, Trace: "t", Audit: "t.1", Agree: a, Score: 0.5, Said: "a", Taught: "b"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	verdicts := func(student string) (text string) {
		t.Helper()
		err := s.Verdicts(t.Context(), "banking", student, func(agree bool) { text += map[bool]string{true: "+", false: "-"}[agree] })
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	add("banking", "a", true, false, true)
	add("banking", "b", false)
	add("other", "a", false)
	if got := verdicts("a"); got != "+-+" {
		t.Errorf("got %s", got)
	}
	before, err := s.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := Takeout{Tenant: tenant, Task: "banking", Student: "a", Why: "it fell", Evidence: json.RawMessage(`{"target":0.95}`)}
	for range 2 { // the second says nothing new
		if err := s.TakeOut(t.Context(), out); err != nil {
			t.Fatal(err)
		}
	}
	if after, _ := s.Revision(t.Context()); after == before {
		t.Error("nobody is told that a student is out")
	}
	found, err := opened(t, dir).TakenOut(t.Context())
	if err != nil || len(found) != 1 || found[0].Why != "it fell" || string(found[0].Evidence) != `{"target":0.95}` || found[0].Created.IsZero() {
		t.Errorf("got %+v, %v", found, err)
	}
	if peeked, err := Peek(t.Context(), dir); err != nil || len(peeked.TakenOut) != 1 {
		t.Errorf("got %+v, %v", peeked, err)
	}
	add("banking", "a", false)
	for _, want := range []bool{true, false} {
		if was, err := s.PutBack(t.Context(), tenant, "banking", "a"); err != nil || was != want {
			t.Errorf("got %v, %v, want %v", was, err, want)
		}
	}
	add("banking", "a", true)
	if got := verdicts("a") + " " + verdicts("b"); got != "+ -" {
		t.Errorf("after a was put back: got %s", got)
	}
	if found, err := s.TakenOut(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("got %+v, %v", found, err)
	}
	for student, want := range map[string][2]int{"": {6, 3}, "a": {5, 3}, "c": {0, 0}} {
		if n, agreed, err := s.CountAudits(t.Context(), tenant, "banking", student, time.Time{}, time.Now().Add(time.Hour)); err != nil || n != want[0] || agreed != want[1] {
			t.Errorf("student %q: got %d of %d, %v, want %v", student, agreed, n, err, want)
		}
	}
}
