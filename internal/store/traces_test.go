// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/internal/capture"
	"retort/model"
)

// history records five traces whose order in the log is not that of their start.
func history(t *testing.T) serving {
	s := serve(t)
	failed := sample("failed", 2*time.Second)
	failed.Error, failed.Message, failed.Response = "timeout", "no answer", nil
	silent := sample("silent", 3*time.Second)
	silent.Body, silent.Response.Choices = nil, nil
	other := sample("other", 4*time.Second)
	other.Model = "triage"
	foreign := sample("foreign", 0)
	foreign.Tenant = "acme"
	s.record(t, sample("second", time.Second), sample("first", 0), failed, other, silent, foreign)
	return s
}

func TestTraceIsWhole(t *testing.T) {
	s := serve(t)
	want := sample("a", 0)
	s.record(t, want)
	got, err := s.Trace(t.Context(), tenant, "a")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the trace differs (-want +got):\n%s", d)
	}
}

func TestTraceThatIsNotYetImported(t *testing.T) {
	s := serve(t)
	if err := s.log.Record(t.Context(), sample("a", 0)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Trace(t.Context(), tenant, "a"); err != nil || got.ID != "a" {
		t.Errorf("got %v, %v", got, err)
	}
	_, err := s.Trace(t.Context(), "acme", "a")
	wantKind(t, err, model.NotFound, "")
}

func TestTraceByItsBeginning(t *testing.T) {
	s := serve(t)
	s.record(t, sample("0190-a1", 0), sample("0190-a2", 0), sample("0190", 0), sample("0191-b", 0))
	for prefix, want := range map[string]string{"0191": "0191-b", "0190-a2": "0190-a2", "0190": "0190", "0192": "0192", "0191-b0": "0191-b0", "%": "%"} {
		if got, err := s.Complete(t.Context(), tenant, prefix); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", prefix, got, err, want)
		}
	}
	_, err := s.Complete(t.Context(), tenant, "0190-")
	wantKind(t, err, model.Invalid, "id")
	if got, err := s.Complete(t.Context(), "acme", "0191"); err != nil || got != "0191" {
		t.Errorf("another tenant's trace: got %q, %v", got, err)
	}
}

func TestFilter(t *testing.T) {
	s := history(t)
	cases := map[string]struct {
		filter Filter
		want   []string // earliest first
	}{
		"tenant":  {Filter{Tenant: tenant}, []string{"first", "second", "failed", "silent", "other"}},
		"foreign": {Filter{Tenant: "acme"}, []string{"foreign"}},
		"nobody":  {Filter{}, []string{}},
		"model":   {Filter{Tenant: tenant, Model: "triage"}, []string{"other"}},
		"since":   {Filter{Tenant: tenant, Since: epoch.Add(2 * time.Second)}, []string{"failed", "silent", "other"}},
		"until":   {Filter{Tenant: tenant, Until: epoch.Add(2 * time.Second)}, []string{"first", "second"}},
		"ok":      {Filter{Tenant: tenant, Status: Answered}, []string{"first", "second", "silent", "other"}},
		"error":   {Filter{Tenant: tenant, Status: Failed}, []string{"failed"}},
		"content": {Filter{Tenant: tenant, Model: "banking", Status: Answered, Content: true}, []string{"first", "second"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			walked := []*model.Trace{}
			for trace, err := range s.Traces(t.Context(), c.filter) {
				if err != nil {
					t.Fatal(err)
				}
				walked = append(walked, trace)
			}
			if d := cmp.Diff(c.want, ids(walked)); d != "" {
				t.Errorf("Traces (-want +got):\n%s", d)
			}
			listed, next, err := s.List(t.Context(), c.filter)
			if err != nil || next != "" {
				t.Fatalf("got cursor %q, %v", next, err)
			}
			slices.Reverse(listed)
			if d := cmp.Diff(c.want, ids(listed)); d != "" {
				t.Errorf("List (-want +got):\n%s", d)
			}
			if n, err := s.Count(t.Context(), c.filter); err != nil || n != len(c.want) {
				t.Errorf("Count: got %d, %v", n, err)
			}
		})
	}
}

func TestListedTraceHasAllButContent(t *testing.T) {
	s := serve(t)
	want := sample("a", 0)
	s.record(t, want)
	got, _, err := s.List(t.Context(), Filter{Tenant: tenant})
	if err != nil || len(got) != 1 {
		t.Fatalf("got %v, %v", got, err)
	}
	want.Attempts, want.Body = nil, nil
	want.Response = &model.Response{Model: want.Response.Model, Score: want.Response.Score}
	if d := cmp.Diff(want, got[0]); d != "" {
		t.Errorf("the trace differs (-want +got):\n%s", d)
	}
}

func TestPages(t *testing.T) {
	s := serve(t)
	var want []string
	for i := range 450 { // more than a page of Traces, and some with the same start
		want = append(want, fmt.Sprintf("t%03d", i))
		if err := s.log.Record(t.Context(), sample(want[i], time.Duration(i/3)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	s.record(t)
	var listed []string
	f := Filter{Tenant: tenant, Limit: 100}
	for {
		page, next, err := s.List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, ids(page)...)
		if f.Cursor = next; next == "" {
			break
		}
	}
	slices.Reverse(listed)
	if !slices.Equal(listed, want) {
		t.Errorf("List: got %d traces, want each once and in order", len(listed))
	}
	for _, limit := range []int{0, 1, 200, 333, 450, 451} {
		var walked []string
		for trace, err := range s.Traces(t.Context(), Filter{Tenant: tenant, Limit: limit}) {
			if err != nil {
				t.Fatal(err)
			}
			walked = append(walked, trace.ID)
		}
		n := len(want)
		if limit > 0 {
			n = min(n, limit)
		}
		if !slices.Equal(walked, want[:n]) {
			t.Errorf("Traces with limit %d: got %d, want %d in order", limit, len(walked), n)
		}
	}
}

func TestWrongCursor(t *testing.T) {
	s := serve(t)
	for _, c := range []string{"x", "1", "1.", "1.2x", " 1.2", "1.2.3", "999999999999999999999.1"} {
		_, _, err := s.List(t.Context(), Filter{Tenant: tenant, Cursor: c})
		wantKind(t, err, model.Invalid, "cursor")
	}
}

func TestTraceWithDamagedContent(t *testing.T) {
	s := serve(t)
	s.record(t, sample("a", 0), sample("b", time.Second))
	name := filepath.Join(TracesDir(s.Dir()), fmt.Sprintf("%016x.seg", 1))
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-3] ^= 1
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = s.Trace(t.Context(), tenant, "b")
	wantKind(t, err, model.Internal, "")
	var bad []string
	for trace, err := range s.Traces(t.Context(), Filter{Tenant: tenant}) {
		if err != nil {
			bad = append(bad, trace.ID)
		}
	}
	if !slices.Equal(bad, []string{"b"}) {
		t.Errorf("traces with errors: %v, want only b", bad)
	}
	if err := os.Remove(name); err == nil { // Windows keeps a file that is open
		_, err = s.Trace(t.Context(), tenant, "a")
		wantKind(t, err, model.NotFound, "")
	}
}

func TestImportIsExactlyOnce(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	entry := capture.Entry{Trace: *sample("a", 0), Ref: capture.Ref{Segment: 1, Offset: 32, Length: 100}}
	for range 2 {
		if err := (sink{Store: s}).ImportTraces(ctx, []capture.Entry{entry}, capture.Position{Segment: 1, Offset: 132}); err != nil {
			t.Fatal(err)
		}
	}
	second := capture.Entry{Trace: *sample("b", 0), Ref: capture.Ref{Segment: 1, Offset: 132, Length: 100}}
	if err := (sink{Store: s}).ImportTraces(ctx, []capture.Entry{second}, capture.Position{Segment: 1, Offset: 232}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Count(ctx, Filter{Tenant: tenant}); err != nil || n != 2 {
		t.Errorf("got %d traces, %v, want 2", n, err)
	}
	back := capture.Position{Segment: 1, Offset: 132}
	if err := (sink{Store: s}).Rewind(ctx, back); err != nil {
		t.Fatal(err)
	}
	if pos, err := (sink{Store: s}).Position(ctx); err != nil || pos != back {
		t.Errorf("got position %v, %v, want %v", pos, err, back)
	}
	if n, err := s.Count(ctx, Filter{Tenant: tenant}); err != nil || n != 1 {
		t.Errorf("after Rewind: got %d traces, %v, want 1", n, err)
	}
}
