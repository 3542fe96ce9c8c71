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
		err = cut(path, whole) // what a kill tore
	}
	if err == nil {
		// A process that lost the run to this one may still end what it was asking: whoever writes does so at the end.
		a.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("keep answers: %w", errors.Join(err, a.close()))
	}
	e.answers[run] = a
	return a, nil
}

// cut shortens a file to a size, if it is longer.
func cut(path string, size int64) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil || info.Size() <= size:
		return err
	}
	return os.Truncate(path, size)
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
	if err := whole(a.file, append(text, '\n')); err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// whole appends all of a text to a file, or nothing of it, as when the disk is full: the next line would else go on with half of one.
func whole(file *os.File, text []byte) error {
	n, err := file.Write(text)
	if err == nil || n == 0 {
		return err
	}
	info, statErr := file.Stat()
	if statErr != nil {
		return errors.Join(err, statErr)
	}
	return errors.Join(err, cut(file.Name(), info.Size()-int64(n)))
}

func (a *answers) close() error {
	if a.file == nil {
		return nil
	}
	return a.file.Close()
}
