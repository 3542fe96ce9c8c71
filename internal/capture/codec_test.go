// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

// frameOf returns the frame that Record would write.
func frameOf(t testing.TB, trace *model.Trace) []byte {
	t.Helper()
	e := new(entry)
	if err := e.encode(trace); err != nil {
		t.Fatal(err)
	}
	putFrame(e.head, marker{1, 2, 3}, e.meta, e.answer, e.asked, e.data)
	return append(e.head, e.request...)
}

func rich() *model.Trace {
	t := sample("t1", 300)
	t.Stream, t.Start = true, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	t.Purpose = model.Auditing
	t.Usage = model.Usage{Input: 1, Cached: 2, Written: 3, Output: 4, Reasoning: 5}
	t.Attempts = append(t.Attempts, model.Attempt{Model: "student", Score: 0.25, Scored: true, Member: "panel/a", Asked: model.ForVote, Rejected: true, Judging: true, Cached: true, Error: "timeout", Why: model.WhyNovel, Cost: 7, Estimated: true})
	t.Arms = []model.Arm{{Split: "test", Name: "smart", Unit: 1<<64 - 1}, {Split: "inner \"one\"", Name: "fast"}}
	t.Picks = []model.Pick{{Blend: "auto", Model: "fast", Why: `rule "2"`}, {Model: "m"}}
	t.Drawn = true
	t.Dropped = []string{"temperature", `a "strange" one`}
	t.Response.Score = 1e-9
	t.Response.Choices = append(t.Response.Choices, model.Choice{
		Finish: model.FinishToolCalls,
		Message: model.Message{Role: model.Assistant, Name: "bot", Extra: map[string]json.RawMessage{"x": json.RawMessage(`[1]`)}, Blocks: []model.Block{
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c", Name: "f", Arguments: `{"a":"b"}`}},
			{Kind: model.ToolResultBlock, CallID: "c", Failed: true, Blocks: []model.Block{{Kind: model.TextBlock, Text: "deep"}}},
			{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: []byte{0, 255}}},
			{Kind: model.TextBlock, Text: "t", Extra: map[string]json.RawMessage{"cache": json.RawMessage(`{"a":1}`)}},
		}},
		Logprobs: []model.TokenLogprob{{Token: "a", Logprob: -0.5, Bytes: []byte("a"), Top: []model.TokenLogprob{{Token: "b", Logprob: -3}}}},
	})
	return t
}

func TestTraceSurvivesItsFrame(t *testing.T) {
	failed := &model.Trace{ID: "t2", Tenant: "acme", Model: "m", Start: time.Unix(1, 0).UTC(), Error: "timeout", Message: "no answer in \u2028time"}
	bare := sample("t3", 0)
	bare.Body, bare.Response.Choices = nil, []model.Choice{}
	for name, want := range map[string]*model.Trace{"rich": rich(), "failed": failed, "without content": bare} {
		t.Run(name, func(t *testing.T) {
			got, err := decodeTrace(frameOf(t, want))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("the trace differs (-want +got):\n%s", d)
			}
		})
	}
}

func TestEntryHasTheRow(t *testing.T) {
	want := rich()
	b := frameOf(t, want)
	f, _ := parseFrame(b)
	var e Entry
	if err := decodeEntry(b[frameHeader:][:f.meta], &e); err != nil {
		t.Fatal(err)
	}
	if e.Answered != want.Response.Model || e.Score != want.Response.Score {
		t.Errorf("got answered %q with %v, want %q with %v", e.Answered, e.Score, want.Response.Model, want.Response.Score)
	}
	want.Attempts, want.Picks, want.Dropped, want.Body, want.Response = nil, nil, nil, nil, nil
	if d := cmp.Diff(want, &e.Trace); d != "" {
		t.Errorf("the row differs (-want +got):\n%s", d)
	}
}

// What JSON cannot hold must cost the value at most, never the trace.
func TestTraceWithImpossibleValues(t *testing.T) {
	trace := sample("t\xff", 300)
	trace.Start = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	c := &trace.Response.Choices[0]
	c.Logprobs = []model.TokenLogprob{{Token: "\xc3", Logprob: math.Inf(-1)}, {Logprob: math.NaN()}, {Logprob: math.Inf(1)}}
	c.Message.Extra = map[string]json.RawMessage{"x": json.RawMessage("{")}
	c.Message.Blocks[0].Extra = map[string]json.RawMessage{"x": json.RawMessage("{")}
	got, err := decodeTrace(frameOf(t, trace))
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != "t\ufffd" || got.Response.Text() != trace.Response.Text() || !bytes.Equal(got.Body, trace.Body) {
		t.Errorf("got %+v", got)
	}
	if p := got.Response.Choices[0].Logprobs; len(p) != 3 || p[0].Logprob != lowest || p[1].Logprob != 0 || p[2].Logprob != math.MaxFloat64 {
		t.Errorf("got logprobs %+v", p)
	}
}

func TestTooLargeTrace(t *testing.T) {
	if fits(100, 200, maxFrame-300) {
		t.Error("a frame beyond the bound fits")
	}
	if !fits(100, 200, maxFrame-300-frameHeader) {
		t.Error("a frame as large as the bound does not fit")
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\/\b\f\n\r\t\x00\x1f", "é\u2028\U0001f600", "\xff\xc3(", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		std, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var want, got string
		if err := json.Unmarshal(std, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}

func FuzzDecodeFrame(f *testing.F) {
	f.Add(frameOf(f, rich()), 0, byte(0))
	f.Add(frameOf(f, sample("t", 0)), 30, byte('x'))
	f.Add([]byte(nil), 0, byte(0))
	f.Fuzz(func(t *testing.T, b []byte, at int, c byte) {
		trace, err := decodeTrace(b)
		if (trace == nil) == (err == nil) {
			t.Fatalf("got %v and %v", trace, err)
		}
		if err != nil || at < 0 || at >= len(b) || b[at] == c {
			return
		}
		b[at] = c // a sound frame with one byte changed is not sound
		if _, err := decodeTrace(b); err == nil {
			t.Errorf("a changed byte at %d went unnoticed", at)
		}
	})
}

// FuzzSegment reads files of any content as segments: it must end, find only sound frames, and agree with recovery.
func FuzzSegment(f *testing.F) {
	m := marker{1, 2, 3}
	whole := append(newSegmentHeader(m), frameOf(f, sample("a", 100))...)
	whole = append(whole, frameOf(f, sample("b", 0))...)
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(append(whole[:segmentHeader:segmentHeader], whole[segmentHeader+5:]...))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := segmentPath(t.TempDir(), 1)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		s, err := newScanner(file, true, nil)
		if err != nil {
			return
		}
		for {
			l, ok, err := s.next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if f, _ := parseFrame(content[l.off:]); f.size() != l.size || checksum(content[l.off+frameHeader+int64(f.meta):l.off+l.size]) != f.data {
				t.Errorf("the frame at %d is not sound", l.off)
			}
		}
		if end, size, err := soundEnd(file); err != nil || size != int64(len(content)) || size >= segmentHeader && end != s.off {
			t.Errorf("recovery finds the end %d of %d, %v; the scanner %d", end, size, err, s.off)
		}
	})
}
