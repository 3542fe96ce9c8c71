// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"retort/internal/capture"
	"retort/model"
)

func asked(id string, after time.Duration) *model.Trace {
	t := sample(id, after)
	t.Purpose = model.Labelling
	return t
}

// What commands ask is in the store beside what a gateway serves, whole, and is taken for traffic by nobody who does not ask for it.
func TestLedgersBesideAGateway(t *testing.T) {
	s := serve(t)
	s.record(t, sample("served", 0))
	one, err := s.OpenLedger(capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.OpenLedger(capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range []*Ledger{one, other} {
		if err := l.Record(t.Context(), asked(fmt.Sprintf("asked-%d", i), time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for purpose, want := range map[model.Work]int{model.Serving: 1, model.Labelling: 2, model.Evaluating: 0, AnyWork: 3} {
		if n, err := s.Count(t.Context(), Filter{Tenant: tenant, Model: "banking", Purpose: purpose}); err != nil || n != want {
			t.Errorf("purpose %q: got %d traces, %v, want %d", purpose, n, err, want)
		}
	}
	for _, id := range []string{"served", "asked-0", "asked-1"} {
		trace, err := s.Trace(t.Context(), tenant, id)
		if err != nil || trace.ID != id || len(trace.Body) == 0 || (trace.Purpose == model.Labelling) != (id != "served") {
			t.Errorf("%s: got %+v, %v", id, trace, err)
		}
	}
	listed, _, err := s.List(t.Context(), Filter{Tenant: tenant, Purpose: model.Labelling})
	if err != nil || len(listed) != 2 || listed[0].Purpose != model.Labelling {
		t.Errorf("got %v, %v", ids(listed), err)
	}
	for _, l := range []*Ledger{one, other} {
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A ledger that is closed is used again, and one that a killed process left is caught up with.
func TestLedgerLeftBehind(t *testing.T) {
	s := opened(t, t.TempDir())
	for n := range 3 {
		// A process that is killed has recorded, and imported nothing.
		log, err := capture.Open(ledgerDir(s.Dir(), 1), capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := log.Record(t.Context(), asked(fmt.Sprint("left-", n), 0)); err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		l, err := s.OpenLedger(capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Record(t.Context(), asked(fmt.Sprint("closed-", n), time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	for trace, err := range s.Traces(t.Context(), Filter{Tenant: tenant, Purpose: AnyWork}) {
		if err != nil || len(trace.Body) == 0 {
			t.Errorf("got %+v, %v", trace, err)
		}
		found++
	}
	if logs, _ := fs.Glob(os.DirFS(s.Dir()), "traces/ledger-*"); found != 6 || len(logs) != 1 {
		t.Errorf("got %d traces of 6 in %v, want one ledger", found, logs)
	}
}

// A data folder from before there were ledgers keeps its traces and how far they were imported.
func TestLedgersComeToAnOldFolder(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	log, err := capture.Open(TracesDir(dir), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := s.Import(log)
	if err := log.Record(t.Context(), sample("old", 0)); err != nil {
		t.Fatal(err)
	}
	if err := i.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	at, err := sink{Store: s}.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	down(t, s, 4)
	s = opened(t, dir)
	if now, err := (sink{Store: s}).Position(t.Context()); err != nil || now != at {
		t.Errorf("the position is %v, %v, was %v", now, err, at)
	}
	if trace, err := s.Trace(t.Context(), tenant, "old"); err != nil || trace.Purpose != model.Serving {
		t.Errorf("got %+v, %v", trace, err)
	}
}

// down takes migrations back to a version.
func down(t *testing.T, s *Store, to int64) {
	t.Helper()
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.write, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), to); err != nil {
		t.Fatal(err)
	}
}
