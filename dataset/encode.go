// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Encoder writes examples as a blob holds them: a line of JSON each, with all that is known of it. It counts what it writes.
// It is not safe for concurrent use.
type Encoder struct {
	out  *json.Encoder
	hash *Hasher
	tally
}

// NewEncoder returns an Encoder that writes to w.
func NewEncoder(w io.Writer) *Encoder {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return &Encoder{out: out, hash: NewHasher(), tally: newTally()}
}

// Add writes the next example.
func (e *Encoder) Add(ex *Example) error {
	if err := e.out.Encode(ex); err != nil {
		return fmt.Errorf("write example %d: %w", e.card.Examples+1, err)
	}
	e.hash.Add(ex)
	e.add(ex)
	return nil
}

// Address returns the address of what was written.
func (e *Encoder) Address() string { return e.hash.Sum() }

// Card returns the counts of what was written; where it came from is for the caller to add.
func (e *Encoder) Card() Card { return e.tally.result() }

// Decode yields the examples that an Encoder wrote, in order. An error comes with an empty example and ends the sequence.
func Decode(r io.Reader) iter.Seq2[Example, error] {
	return func(yield func(Example, error) bool) {
		in := bufio.NewReaderSize(r, 256<<10)
		known := shared{}
		for n := 1; ; n++ {
			line, err := longLine(in)
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return
			}
			var e Example
			switch {
			case errors.Is(err, io.EOF):
				err = fmt.Errorf("example %d is cut", n)
			case err == nil:
				if err = json.Unmarshal(line, &e); err != nil {
					err = fmt.Errorf("example %d: %w", n, err)
				}
			}
			if err != nil {
				yield(Example{}, fmt.Errorf("read examples: %w", err))
				return
			}
			known.share(&e)
			if !yield(e, nil) {
				return
			}
		}
	}
}

// longLine returns a line, valid until the next call.
func longLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	long := append([]byte(nil), line...)
	rest, err := in.ReadBytes('\n')
	return append(long, rest...), err
}

// shared keeps one copy of what many examples say alike.
type shared map[string]string

func (s shared) share(e *Example) {
	for _, text := range []*string{&e.Label, &e.Teacher, &e.Source, &e.Tenant} {
		if known, ok := s[*text]; ok {
			*text = known
		} else if len(s) < MaxLabels {
			s[*text] = *text
		}
	}
}
