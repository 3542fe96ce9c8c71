// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strconv"
	"time"

	"retort/dialect"
	"retort/dialect/internal/oaierror"
	"retort/dialect/internal/scan"
	"retort/dialect/sse"
	"retort/model"
)

// Answer returns the writer of the answer to req.
func (s Server) Answer(w io.Writer, req *model.Request) dialect.Answer {
	a := &answer{w: w, req: req, stream: req.Stream, live: req.Stream, out: *newEncoder(nil)}
	if req.Wire != nil && req.Wire.Dialect == Name {
		if n, err := noteOf(req.Wire); err == nil {
			a.note = n
			if !n.unstored {
				a.memory = s.Memory
			}
		}
	}
	return a
}

// answer writes one answer.
type answer struct {
	w      io.Writer
	req    *model.Request
	note   *note   // nil where the request came in another form
	memory *Memory // that shall keep the answer; nil: none
	stream bool
	live   bool // items are written as they come

	out     encoder // what goes out next
	seq     int     // events so far
	id      string
	created int64
	model   string
	begun   bool   // the answer has been announced
	passed  bool   // events of an upstream have gone out
	over    bool   // with them the end of the answer
	theirs  string // the id that the upstream gave the answer
	echo    []byte // what the answer repeats of the request
	parts   [5]int // where, in what goes out next, parts of the response begin: it, its output, what follows, the echo, the rest

	items   []*output
	cur     *output   // the message or reasoning that goes on
	calls   []*output // by their numbers
	start   bool      // a block has begun that has nothing in it yet
	finish  model.Finish
	refused bool // there is a refusal in it
	ended   bool
}

// ContentType returns the type of an event stream or of JSON.
func (a *answer) ContentType() string {
	if a.stream {
		return "text/event-stream"
	}
	return "application/json"
}

// Part writes a part as the events that it is in this dialect, or the event that it came in.
func (a *answer) Part(p model.Part) error {
	if !a.stream || p.Choice != 0 {
		return nil // the dialect has one answer to a request
	}
	alive := p.Kind == model.MetaPart && p.Event.Dialect != "" && len(p.Event.Data) == 0 && !p.Event.Same
	switch {
	case alive:
		a.out.B = append(a.out.B[:0], ":\n\n"...)
		return a.flush()
	case p.Event.Dialect == Name:
		return a.pass(&p)
	case p.Kind == model.MetaPart || a.passed && p.Kind == model.FinishPart:
		return nil
	case a.passed: // its number and place are unknown
		return &model.Error{Kind: model.Internal, Op: "write answer", Err: errMixed}
	}
	a.out.B = a.out.B[:0]
	a.begin(p.Model)
	a.take(&p)
	return a.flush()
}

var errMixed = errors.New("a stream that passes as it came got a part that came in none of its events")

// pass sends an upstream's event on as it came.
func (a *answer) pass(p *model.Part) error {
	a.over = a.over || p.Kind == model.FinishPart
	if p.Event.Same {
		return nil
	}
	if a.seq == 0 {
		a.theirs = idIn(p.Event.Data)
	}
	a.passed = true
	a.seq++
	a.out.B = sse.Append(a.out.B[:0], p.Event.Name, p.Event.Data)
	return a.flush()
}

// idIn returns the id of the response in an event.
func idIn(data []byte) (id string) {
	c := scan.New(data)
	if !c.Object() {
		return ""
	}
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		if string(key) != "response" || c.Kind() != '{' {
			c.Skip()
			continue
		}
		c.Object()
		for key, ok := c.Field(); ok; key, ok = c.Field() {
			if string(key) == "id" && c.Kind() == '"' {
				id = c.String()
			} else {
				c.Skip()
			}
		}
	}
	return id
}

// identify gives the answer its id, from which all others in it are made.
func (a *answer) identify(name string) {
	if name != "" {
		a.model = name
	}
	if a.model == "" {
		a.model = a.req.Model
	}
	if a.id == "" {
		a.created = time.Now().Unix()
		if a.id = a.req.Trace; a.id == "" {
			a.id = rand.Text()
		}
	}
}

// begin announces the answer.
func (a *answer) begin(name string) {
	if a.begun {
		return
	}
	a.begun = true
	a.identify(name)
	for _, event := range [...]string{"response.created", "response.in_progress"} {
		a.responseEvent(event, "in_progress", nil, nil)
	}
}

// event begins an event; nothing may be written between it and endEvent but members.
func (a *answer) event(name string) {
	b := append(a.out.B, "event: "...)
	b = append(append(b, name...), "\ndata: {\"type\":\""...)
	b = append(append(b, name...), `","sequence_number":`...)
	a.out.B = strconv.AppendInt(b, int64(a.seq), 10)
	a.seq++
}

// eventEnd ends every event.
const eventEnd = "}\n\n"

func (a *answer) endEvent() { a.out.B = append(a.out.B, eventEnd...) }

// Finish writes the whole answer, or the end of a stream.
func (a *answer) Finish(resp *model.Response) error {
	a.out.B = a.out.B[:0]
	switch {
	case a.over: // the upstream has ended it
		return nil
	case a.passed: // somebody ended it before the upstream did
		a.live, a.memory = false, nil
		a.identify(resp.Model)
	case a.stream:
		a.begin(resp.Model)
	case resp.Body != nil && resp.Body.Dialect == Name:
		_, err := a.w.Write(resp.Body.Data)
		return err
	default:
		a.identify(resp.Model)
	}
	if len(a.items) == 0 {
		resp.Emit(func(p model.Part) error { // returns no error but that of the function
			if p.Choice == 0 {
				a.take(&p)
			}
			return nil
		})
	}
	a.close()
	status, _ := a.ending()
	var fault *oaierror.Account
	if status == failed {
		a.memory, fault = nil, a.oddEnd() // nobody can go on from it
	}
	if !a.stream {
		a.response(status, resp, fault)
		a.keep(len(a.out.B))
		return a.flush()
	}
	a.responseEvent("response."+status, status, resp, fault)
	a.keep(len(a.out.B) - len(eventEnd))
	return a.flush()
}

// keep puts the answer, which goes out next and ends there before end, into the memory. That comes first, as a client
// may refer to the answer at once.
func (a *answer) keep(end int) {
	if a.memory == nil {
		return
	}
	part := func(from, to int) []byte { return bytes.Clone(a.out.B[from:to]) }
	at := a.parts
	d := draft{id: a.responseID(), output: a.items, echo: a.echo,
		rest: [3][]byte{part(at[0], at[1]), part(at[2], at[3]), part(at[4], end)}}
	if in := a.note.input; in.There() {
		d.input = a.req.Wire.Body[in.Start:in.End]
	}
	a.memory.keep(a.req.Tenant, &d)
}

// ending returns what has become of an answer that has ended, and why it is incomplete if it is. A refusal that stands
// in the answer needs no further word.
func (a *answer) ending() (status, why string) {
	if a.finish == model.FinishRefusal && a.refused {
		return completed, ""
	}
	return ending(a.finish)
}

// oddEnd is the fault of an answer that ended for a reason that nobody knows.
func (a *answer) oddEnd() *oaierror.Account {
	return &oaierror.Account{Code: "server_error", Message: "the upstream ended the answer for the reason " + strconv.Quote(string(a.finish))}
}

// Fail ends a stream with an error, in both ways that clients look for: an event of its own and a response that failed.
func (a *answer) Fail(err error) error {
	if !a.stream {
		_, werr := a.w.Write(Server{}.Error(err))
		return werr
	}
	a.out.B = a.out.B[:0]
	if !a.passed {
		a.begin("")
	}
	a.identify("")
	fault := oaierror.Of(err)
	a.event("error")
	a.out.Text("code", fault.Code)
	a.out.Text("message", fault.Message)
	a.out.Key("param")
	a.out.B = append(a.out.B, paramOf(&fault)...)
	a.out.Key("error")
	fault.Write(&a.out.Writer)
	a.endEvent()
	a.responseEvent("response.failed", "failed", nil, &fault)
	return a.flush()
}

func paramOf(a *oaierror.Account) []byte {
	if a.Param == "" {
		return []byte("null")
	}
	return quote(a.Param)
}

func (a *answer) flush() error {
	if len(a.out.B) == 0 {
		return nil
	}
	_, err := a.w.Write(a.out.B)
	return err
}
