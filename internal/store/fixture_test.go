// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"testing"
	"time"

	"retort/internal/capture"
	"retort/model"
)

const tenant = model.DefaultTenant

var epoch = time.Date(2026, 3, 4, 5, 6, 7, 890123456, time.UTC)

// sample returns a trace as a gateway makes them, of a request that began some time after epoch.
func sample(id string, after time.Duration) *model.Trace {
	start := epoch.Add(after)
	usage := model.Usage{Input: 311, Output: 42, Cached: 128, Written: 3, Reasoning: 4}
	r := model.Answer("openai/gpt-5-mini", "The card was sent on Monday.")
	r.Usage, r.Cost, r.Score = usage, 123456789, 0.75
	return &model.Trace{
		ID: id, Tenant: tenant, Key: "key_1", Model: "banking", Stream: true, Start: start, Duration: 812 * time.Millisecond,
		First: 230 * time.Millisecond, Usage: usage, Cost: 123456789, Dialect: "openai", Response: r,
		Attempts: []model.Attempt{{Model: "openai/gpt-5-mini", Start: start, Duration: 811 * time.Millisecond, Usage: usage, Cost: 123456789}},
		Body:     []byte(`{"model":"banking","messages":[{"role":"user","content":"where is my card?"}]}`),
	}
}

func opened(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// serving is a store with a log that is imported into it.
type serving struct {
	*Store
	log      *capture.Log
	importer *capture.Importer
}

func serve(t testing.TB) serving {
	t.Helper()
	s := opened(t, t.TempDir())
	log, err := capture.Open(TracesDir(s.Dir()), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := s.Import(log)
	t.Cleanup(func() {
		if err := errors.Join(i.Close(t.Context()), log.Close()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return serving{s, log, i}
}

// record records traces and has them imported.
func (s serving) record(t testing.TB, traces ...*model.Trace) {
	t.Helper()
	for _, trace := range traces {
		if err := s.log.Record(t.Context(), trace); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.importer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wantKind checks an error's kind and that it helps.
func wantKind(t testing.TB, err error, kind model.Kind, field string) {
	t.Helper()
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Field != field {
		t.Errorf("got error %v, want one of kind %v about %q", err, kind, field)
	}
}

func ids(traces []*model.Trace) []string {
	out := []string{}
	for _, t := range traces {
		out = append(out, t.ID)
	}
	return out
}
