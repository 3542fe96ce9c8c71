// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// measured is one student of the part active: how many test texts it answered, and how many of these rightly.
type measured struct {
	Way      string `json:"way"`
	Seed     uint64 `json:"seed"`
	Labels   int    `json:"labels"`
	Validate bool   `json:"validate,omitempty"`
	Answered int    `json:"answered"`
	Agreed   int    `json:"agreed"`
}

// journal keeps what was measured in a file of JSON lines. The nil journal keeps nothing.
type journal struct {
	file *os.File
	seen map[measured]measured // by what identifies it
}

// openJournal reads what a file holds and goes on writing to it; an empty name is the nil journal. A last line that is cut off is
// measured anew.
func openJournal(path string) (*journal, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the journal of the part active: %w", err)
	}
	text, err := io.ReadAll(file)
	if n := len(text); err == nil && n > 0 && text[n-1] != '\n' {
		_, err = file.Write([]byte{'\n'})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the journal of the part active: %w", err), file.Close())
	}
	j := &journal{file: file, seen: map[measured]measured{}}
	for line := range bytes.Lines(text) {
		var m measured
		if json.Unmarshal(line, &m) == nil {
			j.seen[m.key()] = m
		}
	}
	return j, nil
}

func (m measured) key() measured {
	m.Answered, m.Agreed = 0, 0
	return m
}

// find fills in what was measured before.
func (j *journal) find(m *measured) bool {
	if j == nil {
		return false
	}
	was, ok := j.seen[m.key()]
	if ok {
		*m = was
	}
	return ok
}

func (j *journal) add(m measured) error {
	if j == nil {
		return nil
	}
	line, err := json.Marshal(m)
	if err == nil {
		_, err = j.file.Write(append(line, '\n'))
	}
	return err
}

func (j *journal) close() {
	if j != nil {
		_ = j.file.Close()
	}
}
