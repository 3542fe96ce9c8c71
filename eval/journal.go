// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"retort/model"
)

// line is one outcome in a journal.
type line struct {
	Key string `json:"key"`
	Outcome
}

// keyOf returns a name for what is asked: equal for equal names, requests and gold answers.
func keyOf(name string, req *model.Request, gold string) (string, error) {
	content, err := req.Content()
	if err != nil {
		return "", fmt.Errorf("read its request: %w", err)
	}
	data, err := json.Marshal([]any{name, req.Model, content, gold})
	if err != nil {
		return "", fmt.Errorf("encode its request: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}

// readJournal returns the outcomes worth keeping, by key; the latest of each. A missing file is an empty journal. What
// follows the last line end was torn by a kill: it is cut off the file, so that lines may be appended.
func readJournal(path string) (map[string]Outcome, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	known := make(map[string]Outcome)
	for number := 1; len(data) > 0; number++ {
		text, rest, ended := bytes.Cut(data, []byte("\n"))
		if !ended {
			break
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("read journal %s: line %d: %w; is it a journal? remove it to start anew", path, number, err)
		}
		if l.Key == "" {
			return nil, fmt.Errorf("read journal %s: line %d has no key; is it a journal? remove it to start anew", path, number)
		}
		delete(known, l.Key)
		if settled(l.Error) {
			known[l.Key] = l.Outcome
		}
		data = rest
	}
	if len(data) > 0 {
		if err := os.Truncate(path, int64(whole)); err != nil {
			return nil, fmt.Errorf("cut torn line off journal: %w", err)
		}
	}
	return known, nil
}

// settled reports whether asking again would hardly change an outcome: it is an answer, or a failure that lies in the
// case or in what the model says to it.
func settled(kind string) bool {
	switch kind {
	case "", model.Unusable.String(), model.Invalid.String(), model.TooLong.String(), model.TooLarge.String():
		return true
	}
	return false
}

// journal appends lines to a file. It is not safe for concurrent use.
type journal struct{ file *os.File }

func openJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &journal{file}, nil
}

// append writes a line with one call, so that a kill tears at most the last.
func (j *journal) append(key string, o *Outcome) error {
	data, err := json.Marshal(line{key, *o})
	if err != nil {
		return fmt.Errorf("encode outcome: %w", err)
	}
	if _, err := j.file.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	if err := errors.Join(j.file.Sync(), j.file.Close()); err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}
