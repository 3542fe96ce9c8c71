// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"testing"
	"time"

	"retort/model"
)

func TestUses(t *testing.T) {
	s := serve(t)
	made := func(id string, after time.Duration, change func(*model.Trace)) *model.Trace {
		trace := sample(id, after)
		trace.Cost, trace.Duration = model.Dollar/4, 2*time.Second
		change(trace)
		return trace
	}
	student := func(trace *model.Trace) {
		trace.Response.Model, trace.Cost, trace.Usage = "student/banking@a", 0, model.Usage{}
	}
	s.record(t,
		made("1", 0, func(*model.Trace) {}), made("2", time.Second, func(*model.Trace) {}),
		made("3", 2*time.Second, student), made("4", 3*time.Second, student),
		made("5", 4*time.Second, func(trace *model.Trace) { trace.Error, trace.Response = "timeout", nil }),
		made("6", 5*time.Second, func(trace *model.Trace) { trace.Purpose = model.Labelling }),
		made("7", 6*time.Second, func(trace *model.Trace) { trace.Model = "other" }),
		made("8", 7*time.Second, func(trace *model.Trace) { trace.Tenant = "acme" }))
	uses, err := s.Uses(t.Context(), tenant, "banking", time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, u := range uses {
		got[fmt.Sprintf("%s/%s cached=%v failed=%v: %d for $%s in %s, squares %.4f and %.0f", u.Purpose, u.Answered, u.Cached, u.Failed, u.Requests, u.Cost, u.Took, u.CostSquares, u.TookSquares)] = true
	}
	for _, want := range []string{
		"/openai/gpt-5-mini cached=false failed=false: 2 for $0.5 in 4s, squares 0.1250 and 8",
		"/student/banking@a cached=true failed=false: 2 for $0 in 4s, squares 0.0000 and 8",
		"/ cached=false failed=true: 1 for $0.25 in 2s, squares 0.0625 and 4",
		"label/openai/gpt-5-mini cached=false failed=false: 1 for $0.25 in 2s, squares 0.0625 and 4",
	} {
		if !got[want] {
			t.Errorf("%q is not among %v", want, got)
		}
	}
	if len(got) != 4 {
		t.Errorf("got %d kinds, want 4", len(got))
	}
	some, err := s.Uses(t.Context(), tenant, "banking", epoch.Add(time.Second), epoch.Add(3*time.Second))
	if err != nil || len(some) != 2 {
		t.Errorf("of two seconds: got %+v, %v", some, err)
	}
}

// A tally that is brought up to date counts what one that is begun then does.
func TestTally(t *testing.T) {
	s := serve(t)
	from := epoch.Add(2 * time.Second)
	all, some := &Tally{Tenant: tenant, Name: "banking"}, &Tally{Tenant: tenant, Name: "banking", Since: from}
	recount := func(t2 *Tally, want string) {
		t.Helper()
		fresh := &Tally{Tenant: t2.Tenant, Name: t2.Name, Since: t2.Since}
		for _, one := range []*Tally{t2, fresh, fresh} {
			if err := s.Recount(t.Context(), one); err != nil || fmt.Sprint(one.By) != want {
				t.Fatalf("got %v, %v, want %s", one.By, err, want)
			}
		}
	}
	recount(all, "map[]")
	n := 0
	made := func(change func(*model.Trace)) *model.Trace {
		n++
		trace := sample(fmt.Sprint(n), time.Duration(n-1)*time.Second)
		change(trace)
		return trace
	}
	student := func(trace *model.Trace) { trace.Response.Model = "student/banking@a" }
	s.record(t, made(func(*model.Trace) {}), made(student))
	recount(all, "map[openai/gpt-5-mini:1 student/banking@a:1]")
	recount(some, "map[]")
	s.record(t, made(func(*model.Trace) {}), made(func(trace *model.Trace) { trace.Purpose = model.Auditing }),
		made(func(trace *model.Trace) { trace.Error, trace.Response = "timeout", nil }),
		made(func(trace *model.Trace) { trace.Purpose = model.Labelling }),
		made(func(trace *model.Trace) { trace.Usage, trace.Cost = model.Usage{}, 0 }),
		made(func(trace *model.Trace) { trace.Model = "other" }), made(func(trace *model.Trace) { trace.Tenant = "acme" }))
	recount(all, "map[openai/gpt-5-mini:3 student/banking@a:1]")
	recount(some, "map[openai/gpt-5-mini:2]")
	if _, err := s.write.Exec("DELETE FROM traces WHERE seq > 2"); err != nil { // as where a log was cut
		t.Fatal(err)
	}
	recount(all, "map[openai/gpt-5-mini:1 student/banking@a:1]")
}

// BenchmarkUses counts the requests of a task with a million traces.
func BenchmarkUses(b *testing.B) {
	s := opened(b, b.TempDir())
	if _, err := s.write.Exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
		INSERT INTO traces (id, tenant, key, model, stream, start, duration, first, input, cached, written, output, reasoning, cost, error, message,
			dialect, answered, score, content, segment, place, length)
		SELECT printf('0197c0de-0000-7000-8000-%012d', i), 'default', 'key_1', 'banking', 0, i * 1000000000, 812000000 + i, 0, 311, 0, 0, 42, 0, 123456789 + i, '', '',
			'openai', CASE i % 3 WHEN 0 THEN 'openai/gpt-5-mini' ELSE 'student/banking@abcdefghij' END, 0.75, 1, 1 + i / 60000, 700 * (i % 60000), 700 FROM n`); err != nil {
		b.Fatal(err)
	}
	b.Run("uses", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Uses(b.Context(), tenant, "banking", time.Time{}, time.Time{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tally", func(b *testing.B) {
		for b.Loop() {
			if err := s.Recount(b.Context(), &Tally{Tenant: tenant, Name: "banking"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("recount 100", func(b *testing.B) { // more, each time
		tally := &Tally{Tenant: tenant, Name: "banking"}
		if err := s.Recount(b.Context(), tally); err != nil {
			b.Fatal(err)
		}
		last := tally.last
		for b.Loop() {
			tally.last = last - 100
			if err := s.Recount(b.Context(), tally); err != nil {
				b.Fatal(err)
			}
		}
	})
}
