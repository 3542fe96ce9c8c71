// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package reply

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"retort/dialect/sse"
	"retort/model"
)

func open(kind, body string, limit int) (*Reply, error) {
	return Open(&http.Response{Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(iotest.OneByteReader(strings.NewReader(body))),
		ContentLength: -1}, limit, "/chat begins")
}

func TestOpenTellsStreamsFromWholeAnswers(t *testing.T) {
	for name, tc := range map[string]struct{ kind, body, event, whole string }{
		"stream":                   {"text/event-stream", "data: a\n\n", "a", ""},
		"stream without its type":  {"", "data: a\n\n", "a", ""},
		"stream after blanks":      {"text/event-stream", strings.Repeat("\n", 99) + "data: a\n\n", "a", ""},
		"stream that names events": {"text/plain; x=y", "event: e\ndata: a\n\n", "a", ""},
		"stream with a mark":       {"text/event-stream", "\xEF\xBB\xBFdata: a\n\n", "a", ""},
		"stream of comments":       {"", ": hi\n\ndata: a\n\n", "a", ""},
		"stream named whole":       {"application/json", "data: a\n\n", "a", ""},
		"comments named whole":     {"application/json; charset=utf-8", "\n:\n\nevent: e\ndata: a\n\n", "a", ""},
		"whole":                    {"application/json", `{"a":1}`, "", `{"a":1}`},
		"whole named a stream":     {"text/event-stream", " \n{}", "", " \n{}"},
	} {
		in, err := open(tc.kind, tc.body, 1000)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if tc.event != "" {
			ev, err := in.Events.Next()
			if err != nil || string(ev.Data) != tc.event {
				t.Errorf("%s: event %q, %v", name, ev.Data, err)
			}
		} else if data, err := in.Whole(); err != nil || string(data) != tc.whole || in.Events != nil {
			t.Errorf("%s: %q, %v", name, data, err)
		}
		in.Close()
	}
}

func TestOpenSaysWhatCame(t *testing.T) {
	for name, tc := range map[string]struct{ kind, body, says, hint string }{
		"a web page":     {"text/html", "<html>", "web page", "/chat begins"},
		"a page as JSON": {"application/json", "\n<!DOCTYPE html>", "web page", "/chat begins"},
		"nothing":        {"application/json", "", "empty", "base_url"},
		"words":          {"text/plain", "OK", `neither JSON nor a stream of events: "O`, "/chat begins"},
		"words as JSON":  {"application/json", "error: x", "neither", "/chat begins"},
	} {
		_, err := open(tc.kind, tc.body, 1000)
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Upstream || !strings.Contains(err.Error(), tc.says) || !strings.Contains(e.Hint, tc.hint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for cause, kind := range map[error]model.Kind{errors.New("reset"): model.Upstream, context.Canceled: model.Canceled, context.DeadlineExceeded: model.Timeout} {
		r := &http.Response{Header: http.Header{}, Body: io.NopCloser(iotest.ErrReader(cause))}
		if _, err := Open(r, 10, ""); !errors.Is(err, cause) || model.KindOf(err) != kind {
			t.Errorf("%v: %v", cause, err)
		}
	}
}

func TestWholeIsBounded(t *testing.T) {
	for _, size := range []int64{-1, 0, 3, 5000, 9} {
		text := "{" + strings.Repeat("x", 4999)
		r := &http.Response{Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), ContentLength: size}
		in, err := Open(r, 5000, "")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := in.Whole(); err != nil || string(got) != text {
			t.Errorf("size %d: %d bytes, %v", size, len(got), err)
		}
		in.Close()
		if _, err := ReadAll(strings.NewReader(text), size, 4999); !errors.Is(err, sse.ErrTooLong) {
			t.Errorf("size %d, one byte beyond the limit: %v", size, err)
		}
	}
	if e := Broken(sse.ErrTooLong).(*model.Error); e.Hint == "" {
		t.Error("an answer beyond the limit deserves a hint")
	}
}

func TestCut(t *testing.T) {
	for _, tc := range []struct {
		err   error
		begun bool
		says  string
	}{
		{io.EOF, false, "empty"}, {io.EOF, true, "middle of the answer"}, {io.ErrUnexpectedEOF, true, "broke off"}, {sse.ErrTooLong, true, "too long"},
	} {
		if err := Cut(tc.err, tc.begun); model.KindOf(err) != model.Upstream || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%v: %v", tc.err, err)
		}
	}
}

func TestExcerpt(t *testing.T) {
	for in, want := range map[string]string{"": "nothing", " \n": "nothing", " a\nb ": `"a\nb"`, strings.Repeat("é", 99): `"` + strings.Repeat("é", 60) + `"…`,
		"\xff": `""`} {
		if got := Excerpt([]byte(in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
