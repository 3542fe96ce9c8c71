// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"context"
	"io"

	"retort/dataset"
)

// Part is what was gathered for a version that is to be made of several parts, without its examples.
type Part struct {
	Task    string           `json:"task,omitempty"`
	Sources []dataset.Source `json:"sources,omitempty"`
	Parents []dataset.Parent `json:"parents,omitempty"`
	Notes   []string         `json:"notes,omitempty"`
	Count   int              `json:"examples"`
}

// Part begins a draft of a part, whose examples are written to w. It becomes no version: see Gathered and Take.
func (s *Shelf) Part(tenant string, w io.Writer) *Draft {
	return &Draft{shelf: s, tenant: tenant, encoder: dataset.NewEncoder(w)}
}

// Gathered returns what was added to a draft, but for its examples.
func (d *Draft) Gathered() *Part {
	return &Part{Task: d.card.Task, Sources: d.card.Sources, Parents: d.card.Parents, Notes: d.card.Notes, Count: d.encoder.Card().Examples}
}

// Take adds a part, whose examples r has.
func (d *Draft) Take(ctx context.Context, p *Part, r io.Reader, progress Progress) error {
	if p.Task != "" {
		d.card.Task = p.Task
	}
	d.card.Sources, d.card.Parents, d.card.Notes = append(d.card.Sources, p.Sources...), append(d.card.Parents, p.Parents...), append(d.card.Notes, p.Notes...)
	tick, n := progress.of(ctx, "write examples", p.Count), 0
	for e, err := range dataset.Decode(r) {
		if err == nil {
			n++
			err = tick(n)
		}
		if err == nil {
			err = d.Add(&e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
