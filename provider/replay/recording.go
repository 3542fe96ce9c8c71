// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"retort/model"
)

// Recording is one question with the answer it got.
type Recording struct {
	Input   string // the task input, as model.InputText gives it
	Answer  string
	Usage   model.Usage
	Latency time.Duration // of the whole answer; kept to the microsecond
	Score   float64       // as model.Response.Score, where the recorded model had one
}

// line is a Recording as a line of JSON.
type line struct {
	Input   *string     `json:"input"`
	Answer  *string     `json:"answer"`
	Usage   model.Usage `json:"usage,omitzero"`
	Latency float64     `json:"latency_ms,omitempty"`
	Score   float64     `json:"score,omitempty"`
}

// MarshalJSON writes the recording as a line that Read understands.
func (r Recording) MarshalJSON() ([]byte, error) {
	return json.Marshal(line{&r.Input, &r.Answer, r.Usage, float64(r.Latency.Microseconds()) / 1e3, r.Score})
}

// UnmarshalJSON reads a line. Other fields than those of a recording are ignored.
func (r *Recording) UnmarshalJSON(b []byte) error {
	const longest = 24 * 60 * 60 * 1e3
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	switch {
	case l.Input == nil:
		return errors.New(`field "input" is missing`)
	case l.Answer == nil:
		return errors.New(`field "answer" is missing`)
	case l.Latency < 0 || l.Latency > longest:
		return fmt.Errorf(`field "latency_ms": %g is not between 0 and a day`, l.Latency)
	}
	*r = Recording{*l.Input, *l.Answer, l.Usage, time.Duration(l.Latency * float64(time.Millisecond)), l.Score}
	return nil
}

const maxLine = 16 << 20

// Read reads recordings, one JSON object a line:
//
//	{"input": "where is my card?", "answer": "card_arrival", "usage": {"input": 212, "output": 4}, "latency_ms": 381.5}
//
// Input and answer are needed; blank lines are skipped. Errors name the line.
func Read(r io.Reader) ([]Recording, error) {
	var out []Recording
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxLine)
	n := 0
	for sc.Scan() {
		n++
		if len(bytes.TrimSpace(sc.Bytes())) == 0 {
			continue
		}
		var rec Recording
		if err := json.Unmarshal(sc.Bytes(), &rec); err != nil {
			return nil, fmt.Errorf("read recordings: line %d: %w", n, err)
		}
		out = append(out, rec)
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("read recordings: line %d: %w", n+1, err)
	}
	return out, nil
}
