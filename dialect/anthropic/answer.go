// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"crypto/rand"
	"io"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/object"
	"retort/dialect/sse"
	"retort/model"
)

// Answer returns the writer of the answer to req.
func (Server) Answer(w io.Writer, req *model.Request) dialect.Answer {
	return &answer{w: w, req: req}
}

// answer writes one answer.
type answer struct {
	w   io.Writer
	req *model.Request

	buf   []byte
	id    string
	usage model.Usage // as far as it is known
	begun bool        // message_start has gone out

	index   int  // of the block that is open, or is next
	isOpen  bool // one is
	pinged  bool
	kind    model.PartKind
	call    int          // the tool call that is open
	free    bool         // its arguments are plain text
	known   []bool       // the calls that have begun
	args    []byte       // the arguments of the open call, or the text that they wrap
	seal    *model.Seal  // of the open thought
	behind  *model.Seal  // of the open text
	waiting []model.Part // what cannot be said before the open call is whole

	finish   model.Finish
	stopText string
	refusal  []byte // what of the answer is one
	finished bool   // the source has said why the answer ends
	made     bool   // the events are made here
	passed   bool   // events of an upstream have gone out
	ending   bool   // message_delta was among them
	stopped  bool   // message_stop was among them
}

// ContentType returns the type of an event stream or of JSON.
func (a *answer) ContentType() string {
	if a.req.Stream {
		return "text/event-stream"
	}
	return "application/json"
}

// Part writes a part as events, or the event that it came in.
func (a *answer) Part(p model.Part) error {
	if !a.req.Stream {
		return nil
	}
	if p.Event.Dialect == Name && !a.made {
		return a.pass(&p)
	}
	if p.Kind == model.MetaPart {
		return a.meta(&p)
	}
	if p.Choice != 0 { // the API has one answer
		return nil
	}
	a.buf, a.made = a.buf[:0], true
	a.begin(p.Model)
	a.take(&p)
	return a.flush()
}

// pass sends an upstream's event on as it came.
func (a *answer) pass(p *model.Part) error {
	if p.Event.Same {
		return nil
	}
	if len(p.Event.Data) == 0 { // the upstream is alive, and says nothing yet
		return a.ping()
	}
	a.begun, a.passed = true, true
	switch p.Event.Name {
	case "message_delta":
		a.ending = true
	case "message_stop":
		a.stopped = true
	}
	a.buf = sse.Append(a.buf[:0], p.Event.Name, p.Event.Data)
	return a.flush()
}

// meta takes what is known of the usage, and passes on that another dialect's upstream is alive.
func (a *answer) meta(p *model.Part) error {
	if p.Detail != nil && p.Detail.Usage != nil {
		a.usage = *p.Detail.Usage
	}
	if p.Event.Dialect != "" && len(p.Event.Data) == 0 && !p.Event.Same {
		return a.ping()
	}
	return nil
}

// pingEvent keeps a connection alive.
const pingEvent = "event: ping\ndata: {\"type\": \"ping\"}\n\n"

// ping keeps the connection alive; before the answer has begun nothing is sent.
func (a *answer) ping() error {
	if !a.begun {
		return nil
	}
	a.buf = append(a.buf[:0], pingEvent...)
	return a.flush()
}

// begin writes the start of the message, once.
func (a *answer) begin(name string) {
	if a.begun {
		return
	}
	a.begun = true
	w := a.open("message_start")
	w.Key("message")
	mark := w.Open()
	a.head(w, name)
	w.Key("content")
	w.B = append(w.B, "[]"...)
	w.Null("stop_reason")
	w.Null("stop_sequence")
	writeUsage(w, &a.usage, "")
	w.Close(mark)
	a.end(w)
}

// head writes what a message begins with.
func (a *answer) head(w *object.Writer, name string) {
	if name == "" {
		name = a.req.Model
	}
	a.id = a.req.Trace
	if a.id == "" {
		a.id = rand.Text()
	}
	w.Text("id", "msg_"+a.id)
	w.Text("type", "message")
	w.Text("role", "assistant")
	w.Text("model", name)
}

// open begins an event that a Writer makes.
func (a *answer) open(kind string) *object.Writer {
	w := &object.Writer{Loose: true, B: a.frame(kind)}
	return w
}

// frame begins an event.
func (a *answer) frame(kind string) []byte {
	b := append(append(a.buf, "event: "...), kind...)
	b = append(append(b, "\ndata: {\"type\":\""...), kind...)
	return append(b, '"')
}

// end ends an event.
func (a *answer) end(w *object.Writer) { a.buf = append(w.B, "}\n\n"...) }

// Finish writes the whole answer, or the end of a stream.
func (a *answer) Finish(resp *model.Response) error {
	a.buf = a.buf[:0]
	if !a.req.Stream {
		return a.whole(resp)
	}
	if a.passed {
		if !a.stopped {
			a.buf = append(a.buf, stopEvent...)
		}
		return a.flush()
	}
	if _, err := called.AllUsable(resp.Choices); err != nil {
		return err
	}
	a.begin(resp.Model)
	a.settle(true)
	a.close()
	if !a.finished && len(resp.Choices) > 0 {
		a.finish, a.stopText = resp.Choices[0].Finish, resp.Choices[0].StopText
	}
	a.delta(resp)
	a.buf = append(a.buf, stopEvent...)
	return a.flush()
}

const stopEvent = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

// delta writes why the answer ends, and what it cost.
func (a *answer) delta(resp *model.Response) {
	w := a.open("message_delta")
	w.Key("delta")
	mark := w.Open()
	a.reason(w, len(a.known) > 0)
	w.Close(mark)
	writeUsage(w, &resp.Usage, tierOf(resp.ServiceTier))
	a.end(w)
}

// reason writes why an answer ends; calls says that it has calls of tools.
func (a *answer) reason(w *object.Writer, calls bool) {
	why := stopReason(a.finish, a.stopText, calls)
	if len(a.refusal) > 0 && why == "end_turn" {
		why = "refusal"
	}
	w.Text("stop_reason", why)
	if why == "stop_sequence" {
		w.Text("stop_sequence", a.stopText)
	} else {
		w.Null("stop_sequence")
	}
	if len(a.refusal) > 0 {
		w.Key("stop_details")
		mark := w.Open()
		w.Text("type", "refusal")
		w.Null("category")
		w.Text("explanation", string(a.refusal))
		w.Close(mark)
	}
}

// stopReason maps the reasons to end to the dialect's. Those that are other dialects' own become ordinary ends, because
// clients know no word that is not in the API's list.
func stopReason(finish model.Finish, stopText string, calls bool) string {
	switch finish {
	case model.FinishLength:
		return "max_tokens"
	case model.FinishToolCalls:
		return "tool_use"
	case model.FinishFilter, model.FinishRefusal:
		return "refusal"
	case model.FinishPause:
		return "pause_turn"
	case "compaction":
		return string(finish)
	}
	switch {
	case calls: // several upstreams say no more than that they stopped
		return "tool_use"
	case stopText != "":
		return "stop_sequence"
	}
	return "end_turn"
}

// Fail ends a stream with an error event.
func (a *answer) Fail(err error) error {
	body := Server{}.TracedError(err, a.req.Trace)
	if a.req.Stream {
		body = sse.Append(nil, "error", body)
	}
	a.buf = append(a.buf[:0], body...)
	return a.flush()
}

func (a *answer) flush() error {
	if len(a.buf) == 0 {
		return nil
	}
	_, err := a.w.Write(a.buf)
	return err
}
