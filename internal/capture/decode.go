// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/tidwall/gjson"

	"retort/model"
)

// Entry is what the store keeps of a frame: enough to list, count and find traces.
type Entry struct {
	Ref      Ref
	Trace    model.Trace // without Attempts, Picks, Dropped, Body and Response
	Answered string      // the concrete model of the response; empty when there was none
	Score    float64     // of the response
	Content  bool        // the frame has the request's body
}

// decodeEntry reads the fields of a row from meta, whose checksum has been found right. It copies meta once and keeps
// strings that share the copy.
func decodeEntry(meta []byte, e *Entry) error {
	t, whole := &e.Trace, gjson.ParseBytes(meta)
	if !whole.IsObject() {
		return fmt.Errorf("decode trace: meta is not a JSON object")
	}
	var err error
	whole.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "id":
			t.ID = v.Str
		case "tenant":
			t.Tenant = v.Str
		case "key":
			t.Key = v.Str
		case "model":
			t.Model = v.Str
		case "purpose":
			t.Purpose = model.Work(v.Str)
		case "stream":
			t.Stream = v.Bool()
		case "start":
			t.Start, err = time.Parse(time.RFC3339Nano, v.Str)
		case "duration_ns":
			t.Duration = time.Duration(v.Int())
		case "first_ns":
			t.First = time.Duration(v.Int())
		case "usage":
			decodeUsage(v, &t.Usage)
		case "cost":
			t.Cost = model.Money(math.Round(v.Num * float64(model.Dollar)))
		case "error":
			t.Error = v.Str
		case "message":
			t.Message = v.Str
		case "dialect":
			t.Dialect = v.Str
		case "answered":
			e.Answered = v.Str
		case "score":
			e.Score = v.Num
		case "drawn":
			t.Drawn = v.Bool()
		case "arms":
			t.Arms = decodeArms(v)
		}
		return err == nil
	})
	if err != nil {
		return fmt.Errorf("decode trace: %w", err)
	}
	return nil
}

func decodeArms(v gjson.Result) (arms []model.Arm) {
	v.ForEach(func(_, arm gjson.Result) bool {
		var a model.Arm
		arm.ForEach(func(key, v gjson.Result) bool {
			switch key.Str {
			case "split":
				a.Split = v.Str
			case "arm":
				a.Name = v.Str
			case "unit":
				a.Unit = v.Uint() // of a string too
			}
			return true
		})
		arms = append(arms, a)
		return true
	})
	return arms
}

func decodeUsage(v gjson.Result, u *model.Usage) {
	v.ForEach(func(key, n gjson.Result) bool {
		switch key.Str {
		case "input":
			u.Input = int(n.Int())
		case "cached":
			u.Cached = int(n.Int())
		case "written":
			u.Written = int(n.Int())
		case "output":
			u.Output = int(n.Int())
		case "reasoning":
			u.Reasoning = int(n.Int())
		}
		return true
	})
}

// decodeTrace returns the whole trace of a frame in b. It checks both checksums; the trace's Body shares b.
func decodeTrace(b []byte) (*model.Trace, error) {
	f, ok := parseFrame(b)
	if !ok || f.size() != int64(len(b)) || !f.sound(b) {
		return nil, fmt.Errorf("decode frame: %w", errDamaged)
	}
	answer := b[frameHeader+f.meta:][:f.answer]
	request := b[len(b)-int(f.request):]
	if checksum(answer, request) != f.data {
		return nil, fmt.Errorf("decode frame: content: %w", errDamaged)
	}
	t := new(model.Trace)
	if err := json.Unmarshal(b[frameHeader:][:f.meta], t); err != nil {
		return nil, fmt.Errorf("decode trace: %w", err)
	}
	if len(answer) > 0 {
		t.Response = new(model.Response)
		if err := json.Unmarshal(answer, t.Response); err != nil {
			return nil, fmt.Errorf("decode answer: %w", err)
		}
	}
	if len(request) > 0 {
		t.Body = request[:len(request):len(request)]
	}
	return t, nil
}
