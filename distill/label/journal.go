// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"retort/internal/filelock"
	"retort/model"
)

// line is one entry of a journal: money set aside for a call, money paid, an answer, a failure, or a batch.
type line struct {
	Key string `json:"key"`
	Ask string `json:"ask,omitempty"` // of an answer: who was asked what, by the teacher's name alone, whatever stands behind it

	Hold int64 `json:"hold,omitempty"` // set aside, in millionths of a millionth of a dollar, as model.Money
	Back int64 `json:"back,omitempty"` // no longer set aside
	Paid int64 `json:"paid,omitempty"`

	Said  string             `json:"said,omitempty"`
	Soft  map[string]float64 `json:"soft,omitempty"`
	Model string             `json:"model,omitempty"`
	Trace string             `json:"trace,omitempty"` // id of the trace of the call that answered
	Error string             `json:"error,omitempty"` // the kind of a failure that asking again would hardly change
	Why   string             `json:"why,omitempty"`

	Batch *batchLine `json:"batch,omitempty"`
}

// record is what a journal knows of one key.
type record struct {
	line
	settled bool        // there is an answer or a failure
	paid    model.Money // for calls that ended
	held    model.Money // set aside for calls that nobody saw end
}

// journal is an append-only file of JSON lines. Each is written with one call, so that a kill tears at most the last,
// which the next run cuts off. It is safe for concurrent use; a nil one keeps nothing.
type journal struct {
	mu   sync.Mutex
	file *os.File
	lock *filelock.Lock
}

// openJournal reads a journal, which need not exist, and readies it for more lines.
func openJournal(path string) (j *journal, known map[string]*record, batches []*batchLine, err error) {
	if path == "" {
		return nil, nil, nil, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, nil, fmt.Errorf("make the folder of labels: %w", err)
	}
	lock, err := filelock.Acquire(path + ".lock")
	if err != nil {
		return nil, nil, nil, fmt.Errorf("labels of this task are being made already: %w", err)
	}
	j = &journal{lock: lock}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.close())
		}
	}()
	if known, batches, err = readJournal(path); err != nil {
		return nil, nil, nil, err
	}
	j.file, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("open the journal of labels: %w", err)
	}
	return j, known, batches, nil
}

func readJournal(path string) (map[string]*record, []*batchLine, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]*record{}, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the journal of labels: %w", err)
	}
	defer f.Close()
	known, batches, whole, err := parseJournal(f)
	if err != nil {
		return nil, nil, fmt.Errorf("read the journal of labels %s: %w; is it one? remove it to start anew", path, err)
	}
	if info, err := f.Stat(); err == nil && info.Size() > whole {
		if err := os.Truncate(path, whole); err != nil {
			return nil, nil, fmt.Errorf("cut the torn line off the journal of labels: %w", err)
		}
	}
	return known, batches, nil
}

// parseJournal reads lines; whole is how many bytes they take, without a torn last one.
func parseJournal(source io.Reader) (known map[string]*record, batches []*batchLine, whole int64, err error) {
	known = map[string]*record{}
	in := bufio.NewReaderSize(source, 64<<10)
	for number := 1; ; number++ {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return known, openBatches(batches), whole, nil
		} else if err != nil {
			return nil, nil, 0, err
		}
		var l line
		if err := json.Unmarshal(bytes.TrimSpace(text), &l); err != nil {
			return nil, nil, 0, fmt.Errorf("line %d: %w", number, err)
		}
		switch {
		case l.Batch != nil:
			batches = append(batches, l.Batch)
		case l.Key == "" || l.Hold < 0 || l.Back < 0 || l.Paid < 0:
			return nil, nil, 0, fmt.Errorf("line %d has no key, or amounts below 0", number)
		default:
			note(known, &l)
		}
		whole += int64(len(text))
	}
}

func note(known map[string]*record, l *line) {
	r := known[l.Key]
	if r == nil {
		r = &record{}
		known[l.Key] = r
	}
	r.paid += model.Money(l.Paid)
	r.held = max(0, r.held+model.Money(l.Hold)-model.Money(l.Back))
	if l.Said != "" || l.Error != "" {
		r.line, r.settled = *l, true
	}
}

func (j *journal) append(l line) error {
	if j == nil || l.Hold == 0 && l.Back == 0 && l.Paid == 0 && l.Said == "" && l.Error == "" && l.Batch == nil {
		return nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode a label: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write the journal of labels: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	var err error
	if j.file != nil {
		err = errors.Join(j.file.Sync(), j.file.Close())
	}
	if err = errors.Join(err, j.lock.Release()); err != nil {
		return fmt.Errorf("close the journal of labels: %w", err)
	}
	return nil
}
