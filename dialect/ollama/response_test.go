// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

const testLimit = 64 << 10

func answeredBy(body io.Reader, stream bool) (*model.Response, []model.Part, error) {
	r := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-ndjson"}}, Body: io.NopCloser(body), ContentLength: -1}
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = stream
	var parts []model.Part
	resp, err := Client{}.Response(r, req, testLimit, func(p model.Part) error {
		p.Event.Data = []byte(string(p.Event.Data))
		parts = append(parts, p)
		return nil
	})
	return resp, parts, err
}

func answered(body string, stream bool) (*model.Response, []model.Part, error) {
	return answeredBy(strings.NewReader(body), stream)
}

// lineOf returns a line of a chat.
func lineOf(message string) string {
	return `{"model":"m","created_at":"2026-11-23T10:00:00.123456789Z","message":{"role":"assistant",` + message + `},"done":false}` + "\n"
}

const doneLine = `{"model":"m","created_at":"2026-11-23T10:00:01Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",` +
	`"total_duration":9,"load_duration":1,"prompt_eval_count":3,"prompt_eval_duration":4,"eval_count":5,"eval_duration":6}` + "\n"

func TestStreamedAnswer(t *testing.T) {
	all := []string{
		lineOf(`"content":"","thinking":"hm"`), lineOf(`"content":"","thinking":"m?"`), lineOf(`"content":"Hé"`), "\n", lineOf(`"content":"llo"`),
		lineOf(`"content":"","tool_calls":[{"function":{"name":"f","arguments":{"x": 1}}},{"id":"b","function":{"index":1,"name":"g","arguments":{}}}]`),
		lineOf(`"content":"","tool_calls":[{"function":{"index":0,"name":"f","arguments":{}}}]`), doneLine}
	stream := strings.Join(all, "")
	for name, src := range map[string]io.Reader{"at once": strings.NewReader(stream), "in bytes": iotest.OneByteReader(strings.NewReader(stream)),
		"crlf": strings.NewReader(strings.ReplaceAll(stream, "\n", "\r\n")), "no last end": strings.NewReader(strings.TrimSpace(stream)),
		"more behind": strings.NewReader(stream + lineOf(`"content":"more"`))} {
		t.Run(name, func(t *testing.T) {
			resp, parts, err := answeredBy(src, true)
			if err != nil {
				t.Fatal(err)
			}
			blocks := resp.Choices[0].Message.Blocks
			ids := map[string]bool{}
			for _, b := range blocks {
				if b.Call != nil {
					ids[b.Call.ID] = true
					if b.Call.ID != "b" {
						b.Call.ID = ""
					}
				}
			}
			want := &model.Response{Created: 1795428000, Usage: model.Usage{Input: 3, Output: 5}, Choices: []model.Choice{{Finish: "tool_calls",
				Message: model.Message{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "hmm?"}, {Kind: model.TextBlock, Text: "Héllo"},
					{Kind: model.ToolCallBlock, Call: &model.ToolCall{Name: "f", Arguments: `{"x": 1}`}},
					{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "b", Name: "g", Arguments: "{}"}},
					{Kind: model.ToolCallBlock, Call: &model.ToolCall{Name: "f", Arguments: "{}"}}}}}}}
			if d := cmp.Diff(want, resp); d != "" || len(ids) != 3 || ids[""] {
				t.Errorf("ids %v (-want +got):\n%s", ids, d)
			}
			if got := passed(parts); got != strings.TrimSuffix(stream, "\n")+"\n" {
				t.Errorf("lines were changed:\n%s", cmp.Diff(stream, got))
			}
		})
	}
	_, parts, err := answered(stream, true)
	if err != nil || !parts[0].More || parts[len(parts)-1].More {
		t.Errorf("of a stream that came at once: %v, %+v", err, parts)
	}
	if _, parts, err = answeredBy(iotest.OneByteReader(strings.NewReader(stream)), true); err != nil || parts[0].More {
		t.Errorf("of a stream that trickles: %v, %+v", err, parts[0])
	}
}

// passed is what the events of parts look like on the wire; a keep-alive is an empty line.
func passed(parts []model.Part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Event.Dialect == Name && !p.Event.Same {
			b.Write(p.Event.Data)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// TestAnswersPassUnchanged puts what an upstream wrote through to a client, at both paths.
func TestAnswersPassUnchanged(t *testing.T) {
	chat := lineOf(`"content":"a","own":[1.0]`) + lineOf(`"content":"<b>"`) + doneLine
	prompt := `{"model":"m","response":"a","own":{},"done":false}` + "\n" + `{"model":"m","response":"","done":true,"context":[1,2],"eval_count":1}` + "\n"
	for _, tc := range []struct {
		path, body string
		same       bool
	}{{chatPath, chat, true}, {generatePath, prompt, true}, {chatPath, prompt, false}, {generatePath, chat, false}} {
		r, err := http.NewRequest("POST", tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req, err := Server{}.Request(r, []byte(`{"model":"m","prompt":"hi","messages":[{"role":"user","content":"hi"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		a := Server{}.Answer(&b, req)
		resp, err := Client{}.Response(&http.Response{Body: io.NopCloser(strings.NewReader(tc.body)), ContentLength: -1}, req, testLimit, a.Part)
		if err == nil {
			err = a.Finish(resp)
		}
		shape := `"message":{`
		if tc.path == generatePath {
			shape = `"response":"`
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if err != nil || tc.same != (b.String() == tc.body) || strings.Count(b.String(), shape) != len(lines) || !strings.Contains(lines[len(lines)-1], `"done":true`) {
			t.Errorf("%s: %v\n%s", tc.path, err, &b)
		}
		whole := strings.Split(strings.TrimSpace(tc.body), "\n")
		last := whole[len(whole)-1]
		req.Stream = false
		b.Reset()
		a = Server{}.Answer(&b, req)
		resp, err = Client{}.Response(&http.Response{Body: io.NopCloser(strings.NewReader(last)), ContentLength: -1}, req, testLimit, a.Part)
		if err == nil {
			err = a.Finish(resp)
		}
		if err != nil || tc.same != (b.String() == last) || strings.Count(b.String(), shape) != 1 {
			t.Errorf("%s, whole: %v\n%s", tc.path, err, &b)
		}
	}
}

func TestWholeAnswer(t *testing.T) {
	body := `{"model":"m","created_at":"2026-11-23T10:00:00Z","message":{"role":"assistant","content":"Hé","thinking":"hm"},"done":true,"done_reason":"length",` +
		`"logprobs":[{"token":"H","logprob":-0.5,"bytes":[72],"top_logprobs":[{"token":"H","logprob":-0.5}]}],"prompt_eval_count":3,"eval_count":5}`
	want := &model.Response{Created: 1795428000, Usage: model.Usage{Input: 3, Output: 5}, Body: &model.Body{Dialect: Name, Data: []byte(body)},
		Choices: []model.Choice{{Finish: "length", Message: model.Message{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "hm"}, {Kind: model.TextBlock, Text: "Hé"}}},
			Logprobs: []model.TokenLogprob{{Token: "H", Logprob: -0.5, Bytes: []byte("H"), Top: []model.TokenLogprob{{Token: "H", Logprob: -0.5}}}}}}}
	resp, parts, err := answered(body, false)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, resp); d != "" || len(parts) != 3 {
		t.Errorf("%d parts (-want +got):\n%s", len(parts), d)
	}
	for name, body := range map[string]string{"stream though whole was asked": lineOf(`"content":"a"`) + doneLine, "on several lines": "{\n\"response\":\"a\",\n\"done\":true}\n",
		"without a reason": `{"response":"a","done":true}`} {
		resp, _, err := answered(body, false)
		if err != nil || resp.Text() != "a" || resp.Choices[0].Finish != "stop" {
			t.Errorf("%s: %+v, %v", name, resp, err)
		}
	}
	if resp, _, err := answered(`{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"load"}`, true); err != nil || resp.Choices[0].Finish != "load" {
		t.Errorf("a model that was loaded: %+v, %v", resp, err)
	}
}

func TestBadAnswers(t *testing.T) {
	hello := lineOf(`"content":"Hello"`)
	for name, tc := range map[string]struct {
		body       string
		kind       model.Kind
		says, hint string
	}{
		"web page":            {"<!DOCTYPE html><html></html>", model.Upstream, "web page", "base_url"},
		"empty":               {"", model.Upstream, "empty", "base_url"},
		"blank":               {"\n\n", model.Upstream, "empty", "base_url"},
		"plain text":          {"OK", model.Upstream, "neither JSON", "base_url"},
		"events":              {"data: {}\n\n", model.Upstream, "stream of events", "dialect"},
		"cut in a line":       {hello + `{"model":"m","mess`, model.Upstream, "cut", ""},
		"cut between lines":   {hello, model.Upstream, "in the middle", ""},
		"cut at once":         {`{"model":"m"`, model.Upstream, "cut", ""},
		"error line":          {hello + `{"error":"GPU lost"}` + "\n", model.Upstream, "GPU lost", ""},
		"error with a status": {`{"error":"busy","status":503}`, model.Unavailable, "busy", ""},
		"too long":            {`{"error":"the input length exceeds the context length","status":400}`, model.TooLong, "exceeds", ""},
		"another API":         {`{"status":"ok"}`, model.Upstream, "no message", "base_url"},
		"another type":        {`{"message":{"content":7},"done":true}`, model.Upstream, "message.content must be a string", ""},
		"negative usage":      {`{"message":{"content":""},"done":true,"eval_count":-1}`, model.Upstream, "eval_count must be between", ""},
		"not a line of JSON":  {hello + "hello\n" + doneLine, model.Upstream, `not a JSON object: "hello"`, ""},
		"line too long":       {hello + `{"x":"` + strings.Repeat("x", testLimit) + `"}` + "\n" + doneLine, model.Upstream, "too long", "max_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, stream := range []bool{false, true} {
				resp, _, err := answered(tc.body, stream)
				var e *model.Error
				if resp != nil || !errors.As(err, &e) {
					t.Fatalf("stream %v: got %v, %v; want an error", stream, resp, err)
				}
				if e.Kind != tc.kind || !strings.Contains(err.Error(), tc.says) || !strings.Contains(e.Hint, tc.hint) {
					t.Errorf("stream %v: got %v error %q, hint %q; want %v, %q, %q", stream, e.Kind, err, e.Hint, tc.kind, tc.says, tc.hint)
				}
			}
		})
	}
	reset := errors.New("connection reset by peer")
	for _, body := range []string{"", hello, hello + `{"mod`} {
		if _, _, err := answeredBy(io.MultiReader(strings.NewReader(body), iotest.ErrReader(reset)), true); !errors.Is(err, reset) || model.KindOf(err) != model.Upstream {
			t.Errorf("%q: %v (%v)", body, err, model.KindOf(err))
		}
	}
}

func TestEmitErrorStops(t *testing.T) {
	stop := errors.New("enough")
	req := model.NewRequest("m", nil)
	req.Stream = true
	r := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(strings.Repeat(lineOf(`"content":"a"`), 10)))}
	n := 0
	_, err := Client{}.Response(r, req, testLimit, func(model.Part) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("emitted %d times, %v", n, err)
	}
}

// FuzzResponse checks that no answer makes the reader panic, that streams read alike however they are cut into pieces,
// and that what is read is what is emitted.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{lineOf(`"content":"a"`) + doneLine, doneLine, `{"response":"a","done":true}`, "\n" + lineOf(`"thinking":"x","images":["AQ=="],"content":"\ud83d"`) + "\n" + doneLine,
		lineOf(`"tool_calls":[{"function":{"name":"f","arguments":"x"}}]`) + doneLine, `{"error":{"message":"x"}}`, "{\n}", `{"message":null,"done":true,"logprobs":[{"bytes":[1]}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		resp, parts, err := answered(string(body), true)
		slow, again, errSlow := answeredBy(iotest.OneByteReader(strings.NewReader(string(body))), true)
		if (err == nil) != (errSlow == nil) || len(parts) != len(again) {
			t.Fatalf("in one piece %v and %d parts, in many %v and %d", err, len(parts), errSlow, len(again))
		}
		if _, _, err := answered(string(body), false); err != nil && model.KindOf(err) == model.Internal {
			t.Fatalf("whole: %v", err)
		}
		if err != nil {
			return
		}
		var all model.Collector
		for i := range parts {
			if err := all.Add(&parts[i]); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(resp.Choices, all.Choices()); d != "" || resp.Text() != slow.Text() {
			t.Fatalf("read and emitted differ:\n%s", d)
		}
	})
}
