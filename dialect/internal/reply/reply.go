// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package reply reads what upstreams reply, whatever their dialect: it finds out whether an answer is a stream of
// events, one JSON object or nothing of the kind, bounds what is read of it, and says in one way what is wrong with it.
package reply

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"retort/dialect/sse"
	"retort/model"
)

// Reply is the body of an upstream's response. It is for one goroutine.
type Reply struct {
	Events *sse.Reader // the answer as a stream of events; nil when it is whole
	whole  *sse.Reader
	size   int64
	limit  int
}

// Open looks at how the body of a response begins. It reads no more than limit bytes of any event or whole answer.
// ends is where a correct base URL ends, such as "/chat/completions begins, often in /v1": for hints. Close must be
// called when the error is nil. Errors are of kind Upstream, or of those of a context.
func Open(r *http.Response, limit int, ends string) (*Reply, error) {
	rd := sse.NewReader(r.Body, limit)
	head, err := rd.Peek(1)
	for i := 2; err == nil && len(head) == i-1 && i < 64 && blank(head); i++ {
		head, err = rd.Peek(i)
	}
	blanks := len(head)
	head = bytes.TrimLeft(head, " \t\r\n\xEF\xBB\xBF")
	blanks -= len(head)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	stream := &Reply{Events: rd}
	switch {
	case len(head) == 0 && err != nil && err != io.EOF:
		err = Broken(err)
	case len(head) == 0 && err == nil && kind == "text/event-stream":
		return stream, nil
	case len(head) == 0:
		err = Empty()
	case head[0] == '<' || kind == "text/html":
		err = Hinted(errors.New("a web page came instead of an answer"), "check base_url: it answered a web page; "+
			"it should end where "+ends)
	case head[0] == '{':
		return &Reply{whole: rd, size: r.ContentLength, limit: limit}, nil
	case kind == "text/event-stream" || strings.IndexByte("deir:", head[0]) >= 0 && (kind != "application/json" || field(rd, blanks)):
		return stream, nil
	default:
		err = Hinted(errors.New("the answer is neither JSON nor a stream of events: "+Excerpt(head)),
			"check base_url: it should end where "+ends)
	}
	rd.Close()
	return nil, err
}

// field says whether what comes behind blanks begins as events do: for bodies that are said to be JSON, and cannot be.
func field(rd *sse.Reader, blanks int) bool {
	for n := 1; ; n++ {
		head, _ := rd.Peek(blanks + n) // no more than needed, as the rest of an event may be long in coming
		if len(head) < blanks+n {
			return false
		}
		found := false
		for _, name := range []string{":", "data:", "event:", "id:", "retry:"} {
			if string(head[blanks:]) == name {
				return true
			}
			found = found || strings.HasPrefix(name, string(head[blanks:]))
		}
		if !found {
			return false
		}
	}
}

func blank(b []byte) bool { return len(bytes.TrimLeft(b, " \t\r\n\xEF\xBB\xBF")) == 0 }

// Close gives the buffers back. What came from Events must not be used any more; what came from Whole may.
func (r *Reply) Close() {
	if r.Events != nil {
		r.Events.Close()
	} else {
		r.whole.Close()
	}
}

// Whole reads an answer that is one JSON object, to its end.
func (r *Reply) Whole() ([]byte, error) {
	data, err := ReadAll(r.whole, r.size, r.limit)
	if err != nil {
		return nil, Broken(err)
	}
	return data, nil
}

// ReadAll reads to the end, or fails beyond limit bytes. size is what to expect, or negative.
func ReadAll(r io.Reader, size int64, limit int) ([]byte, error) {
	if size > int64(limit) {
		return nil, fmt.Errorf("%w: an answer of %d bytes, where %d are allowed", sse.ErrTooLong, size, limit)
	}
	if size <= 0 {
		size = 4 << 10
	}
	data := make([]byte, 0, size+1)
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case err == io.EOF:
			return data, nil
		case err != nil:
			return nil, err
		case len(data) > limit:
			return nil, fmt.Errorf("%w: an answer of more than %d bytes", sse.ErrTooLong, limit)
		case len(data) == cap(data):
			data = append(data, 0)[:len(data)]
		}
	}
}

// Bad is the error for an answer that is not what the dialect says.
func Bad(err error) *model.Error {
	return &model.Error{Kind: model.Upstream, Op: "read answer", Err: err}
}

// Hinted is Bad with a hint for the user.
func Hinted(err error, hint string) *model.Error {
	e := Bad(err)
	e.Hint = hint
	return e
}

// Empty is the error for an answer of which nothing came.
func Empty() *model.Error {
	return Hinted(errors.New("the answer is empty"), "check base_url and dialect: what answers there may be another API")
}

// Cut is the error for a stream that ended with err, though the dialect has another end; begun says whether any event
// came before.
func Cut(err error, begun bool) error {
	switch {
	case errors.Is(err, io.EOF) && !begun:
		return Empty()
	case errors.Is(err, io.EOF):
		return Bad(errors.New("the stream broke off in the middle of the answer"))
	}
	return Broken(err)
}

// Broken is the error for an answer that could not be read to its end.
func Broken(err error) error {
	switch {
	case errors.Is(err, sse.ErrTooLong):
		return Hinted(err, "raise the provider's max_answer if such answers are expected")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &model.Error{Kind: model.KindOf(err), Op: "read answer", Err: err}
	}
	return Bad(fmt.Errorf("the answer broke off: %w", err))
}

// Excerpt returns the beginning of what an upstream sent, for people to recognise it by.
func Excerpt(b []byte) string {
	const most = 120
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return "nothing"
	}
	cut := ""
	if len(b) > most {
		b, cut = b[:most], "…"
	}
	return strconv.Quote(strings.ToValidUTF8(string(b), "")) + cut
}

// Rest returns what has not been read of a body that is no stream of events, for dialects that stream in another way. It
// is bounded by the caller.
func (r *Reply) Rest() io.Reader { return r.whole }
