// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Stored refers to something large that a step wrote down as a stream, and not as a value: it stays as long as the run does.
type Stored struct {
	Key string `json:"blob"` // empty: nothing
}

// Store writes something large down within a step. What the step returns is to have the Stored in it, for later steps to open.
// It is an error outside of a step of a recorded run.
func Store(ctx context.Context, write func(io.Writer) error) (Stored, error) {
	p, ok := place(ctx)
	if !ok || p.engine == nil {
		return Stored{}, errors.New("store: this is no step of a recorded run")
	}
	w, err := p.engine.blobs.Create()
	if err != nil {
		return Stored{}, err
	}
	if err := write(w); err != nil {
		return Stored{}, errors.Join(err, w.Discard())
	}
	key, _, err := w.Commit()
	if err != nil {
		return Stored{}, err
	}
	p.stored.add(key)
	return Stored{Key: key}, nil
}

// Open opens what a step stored. The caller closes it.
func (c Context) Open(s Stored) (io.ReadCloser, error) {
	if c.engine == nil {
		return nil, errors.New("open what was stored: this is no recorded run")
	}
	r, err := c.engine.blobs.Open(s.Key)
	if err != nil {
		return nil, fmt.Errorf("open what a step stored: %w", err)
	}
	return r, nil
}

// stored are the blobs that a step wrote; they are recorded with its value, so that they stay as long.
type stored struct {
	mu   sync.Mutex
	keys []string
}

func (s *stored) add(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, key)
}

func (s *stored) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys
}
