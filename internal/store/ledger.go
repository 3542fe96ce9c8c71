// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"retort/internal/capture"
	"retort/model"
)

// Ledger is the log of what one process asks by itself while another one may serve the data folder, such as a command that has
// inputs labelled. It is imported into the store as it grows. Its methods are safe for concurrent use.
type Ledger struct {
	log      *capture.Log
	importer *capture.Importer
}

// mostLedgers bounds how many processes may have a ledger of a data folder at a time.
const mostLedgers = 256

// ledgerDir returns the folder of a data folder's ledger. Ledgers are numbered from 1 on.
func ledgerDir(dir string, number int64) string {
	return filepath.Join(TracesDir(dir), fmt.Sprintf("ledger-%03d", number))
}

// OpenLedger opens a ledger that no other process has open: the first that is free, so that there are as many as there ever were
// at a time. The caller closes it before the store.
func (s *Store) OpenLedger(o capture.Options) (*Ledger, error) {
	for number := int64(1); number <= mostLedgers; number++ {
		log, err := capture.OpenFree(ledgerDir(s.dir, number), o)
		if model.KindOf(err) == model.Unavailable && err != nil {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("open ledger: %w", err)
		}
		return &Ledger{log, capture.Import(log, sink{s, number})}, nil
	}
	return nil, &model.Error{Kind: model.Unavailable, Op: "open ledger", Err: fmt.Errorf("%d processes have one", mostLedgers),
		Hint: "end some of the commands that use this data folder"}
}

// Record is as that of a capture.Log.
func (l *Ledger) Record(ctx context.Context, t *model.Trace) error { return l.log.Record(ctx, t) }

// Flush returns once all that was recorded before the call is in the store, or with the error that prevents it.
func (l *Ledger) Flush(ctx context.Context) error { return l.importer.Flush(ctx) }

// Close imports what has been recorded, as far as ctx allows, and gives the ledger free. What it does not manage is imported by
// CatchUpLedgers.
func (l *Ledger) Close(ctx context.Context) error {
	return errors.Join(l.importer.Close(ctx), l.log.Close())
}

// CatchUpLedgers imports what killed processes left in their ledgers, and waits a moment for those that run to import theirs.
func (s *Store) CatchUpLedgers(ctx context.Context) error {
	for number := int64(1); number <= mostLedgers; number++ {
		dir := ledgerDir(s.dir, number)
		if _, err := os.Stat(dir); err != nil {
			return nil // nor are there any behind it
		}
		err := capture.CatchUp(ctx, dir, sink{s, number})
		if err != nil && (model.KindOf(err) != model.Timeout || ctx.Err() != nil) {
			return fmt.Errorf("ledger %d: %w", number, err)
		}
	}
	return nil
}
