// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"retort/model"
)

// sample returns a trace as a gateway makes them, with a request of size bytes.
func sample(id string, size int) *model.Trace {
	start := time.Date(2026, 3, 4, 5, 6, 7, 890123456, time.UTC)
	usage := model.Usage{Input: 311, Output: 42, Cached: 128}
	r := model.Answer("openai/gpt-5-mini", "The card was sent on Monday; it \"should\" be there by\nThursday.")
	r.ID, r.Created, r.Usage, r.Cost = "chatcmpl-1", 1772600767, usage, 123456789
	return &model.Trace{
		ID: id, Tenant: "default", Key: "key_1", Model: "banking", Start: start, Duration: 812 * time.Millisecond,
		First: 230 * time.Millisecond, Usage: usage, Cost: 123456789, Dialect: "openai", Response: r,
		Attempts: []model.Attempt{{Model: "openai/gpt-5-mini", Start: start.Add(time.Millisecond), Duration: 811 * time.Millisecond,
			First: 229 * time.Millisecond, Usage: usage, Cost: 123456789}},
		Body: body(size),
	}
}

func body(size int) []byte {
	const head, tail = `{"model":"banking","messages":[{"role":"user","content":"`, `"}]}`
	return []byte(head + strings.Repeat("w", max(0, size-len(head)-len(tail))) + tail)
}

// open opens a log for the test's length.
func open(t testing.TB, dir string, o Options) *Log {
	t.Helper()
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// record records traces with the given ids.
func record(t testing.TB, l *Log, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := l.Record(t.Context(), sample(id, 300)); err != nil {
			t.Fatalf("record %s: %v", id, err)
		}
	}
}

func numbered(prefix string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s%04d", prefix, i)
	}
	return ids
}
