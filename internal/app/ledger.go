// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"sync"

	"github.com/google/uuid"

	"retort/compose"
	"retort/internal/capture"
	"retort/internal/store"
	"retort/model"
)

// ledger records what the process asks by itself. A gateway has a log; what does not serve opens a ledger when it first asks.
type ledger struct {
	mu   sync.Mutex
	open *store.Ledger // nil before the first record, and after closing
}

// newTrace makes the id of a trace.
func newTrace() string { return uuid.Must(uuid.NewV7()).String() } // fails only where the system has no randomness left

// asking returns a model each of whose answers is recorded as a trace of what it is asked for. The trace is that of the one
// request, whatever else the caller's trail has. An empty name leaves the request's.
func (a *App) asking(m model.Model, purpose model.Work, name string) model.Model {
	recording := compose.Recording{Purpose: purpose}
	if !a.plant.Load().Config.Capture.Content {
		recording.Content = func(*model.Request) bool { return false }
	}
	return &asking{compose.Record(m, ownRecorder{a}, recording), name}
}

type asking struct {
	recorded model.Model
	name     string
}

// Generate asks and records.
func (m *asking) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	trail := &model.Trail{}
	if m.name != "" {
		req = req.WithModel(m.name)
	}
	resp, err := m.recorded.Generate(model.WithTrail(ctx, trail), req, emit)
	model.TrailOf(ctx).Take(trail)
	return resp, err
}

// ownRecorder keeps the traces of what this process asks by itself.
type ownRecorder struct{ app *App }

// Record keeps a trace. Where that fails, asking again would only be paid again, so the error is one that ends the work.
func (r ownRecorder) Record(ctx context.Context, t *model.Trace) error {
	to, err := r.app.recorder()
	if err == nil {
		err = to.Record(ctx, t)
	}
	if err == nil {
		return nil
	}
	out := &model.Error{Kind: model.Internal, Op: "record what was asked", Err: err}
	var cause *model.Error
	if errors.As(err, &cause) {
		out.Hint = cause.Hint
	}
	return out
}

func (a *App) recorder() (compose.Recorder, error) {
	if g := a.serving.Load(); g != nil {
		return g.log, nil
	}
	a.ledger.mu.Lock()
	defer a.ledger.mu.Unlock()
	if a.ledger.open == nil {
		c := a.plant.Load().Config.Capture
		opened, err := a.store.OpenLedger(capture.Options{SyncEvery: c.SyncEvery, SegmentBytes: int64(c.SegmentBytes), Alarm: a.alarm})
		if err != nil {
			return nil, err
		}
		a.ledger.open = opened
	}
	return a.ledger.open, nil
}

// flushLedger brings what this process asked by itself into the store.
func (a *App) flushLedger(ctx context.Context) error {
	a.ledger.mu.Lock()
	defer a.ledger.mu.Unlock()
	if a.ledger.open == nil {
		return nil
	}
	return a.ledger.open.Flush(ctx)
}

func (a *App) closeLedger() error {
	a.ledger.mu.Lock()
	defer a.ledger.mu.Unlock()
	if a.ledger.open == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	opened := a.ledger.open
	a.ledger.open = nil
	return opened.Close(ctx)
}
