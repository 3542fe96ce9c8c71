// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

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
)

// answers are those that a run has paid for: a file of JSON lines, each written by one call, so that a kill tears at most the
// last. It is safe for concurrent use; one process at a time has a run.
type answers struct {
	mu    sync.Mutex
	file  *os.File
	known map[string]*Answer
}

type answerLine struct {
	Key    string  `json:"key"`
	Answer *Answer `json:"answer"`
}

func (r *Runs) answersPath(run string) string {
	return filepath.Join(r.dir, "answers", run+".jsonl")
}

// paid opens the answers of a run of this engine.
func (e *Engine) paid(run string) (*answers, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if a := e.answers[run]; a != nil {
		return a, nil
	}
	path := e.answersPath(run)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("keep answers: %w", err)
	}
	a := &answers{known: map[string]*Answer{}}
	whole, err := a.read(path)
	if err == nil {
		a.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	}
	if err == nil {
		// What a kill tore is cut off.
		if err = a.file.Truncate(whole); err == nil {
			_, err = a.file.Seek(whole, io.SeekStart)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("keep answers: %w", errors.Join(err, a.close()))
	}
	e.answers[run] = a
	return a, nil
}

// read reads the lines that are whole and returns how many bytes they take.
func (a *answers) read(path string) (whole int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil
		} else if err != nil {
			return 0, err
		}
		var l answerLine
		if err := json.Unmarshal(bytes.TrimSpace(text), &l); err != nil || l.Key == "" || l.Answer == nil {
			return 0, fmt.Errorf("%s holds no answers from byte %d on; remove it, and its run asks again", path, whole)
		}
		a.known[l.Key] = l.Answer
		whole += int64(len(text))
	}
}

func (a *answers) of(key string) *Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.known[key]
}

func (a *answers) add(key string, answer *Answer) error {
	text, err := json.Marshal(answerLine{key, answer})
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[key] = answer
	if _, err := a.file.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

func (a *answers) close() error {
	if a.file == nil {
		return nil
	}
	return a.file.Close()
}
