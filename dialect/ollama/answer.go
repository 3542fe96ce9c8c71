// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"io"
	"strconv"
	"time"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/scan"
	"retort/model"
)

// The names of a stream's events: whose shape they have.
const chatShape, generateShape = "chat", "generate"

func shapeOf(generate bool) string {
	if generate {
		return generateShape
	}
	return chatShape
}

// Answer returns the writer of the answer to req. Its durations count from here.
func (Server) Answer(w io.Writer, req *model.Request) dialect.Answer {
	a := &answer{w: w, req: req, start: time.Now()}
	if req.Wire != nil && req.Wire.Dialect == Name {
		n, err := noteOf(req.Wire)
		a.generate = err == nil && n.generate
	}
	return a
}

// answer writes one answer.
type answer struct {
	w        io.Writer
	req      *model.Request
	generate bool
	start    time.Time

	first  time.Duration // until the first part; 0 when there was none
	buf    []byte
	enc    encoder
	head   []byte // what each line made here begins with, up to its time
	name   string // the model in head
	calls  model.Collector
	called bool // calls has something
	finish model.Finish
	ended  bool // the last line of an upstream has gone out
}

// ContentType returns the type of lines of JSON or of one JSON object.
func (a *answer) ContentType() string {
	if a.req.Stream {
		return "application/x-ndjson"
	}
	return jsonText
}

// Part writes a part as a line, or the line that it came in. There is one answer in this dialect: parts of further
// choices are left out. Calls of tools wait for the end, when their arguments are whole.
func (a *answer) Part(p model.Part) error {
	if !a.req.Stream {
		return nil
	}
	if a.first == 0 {
		a.first = max(time.Since(a.start), 1)
	}
	alive := p.Event.Dialect != "" && len(p.Event.Data) == 0 && !p.Event.Same // and says nothing yet
	if p.Event.Dialect == Name && p.Event.Name == shapeOf(a.generate) && !alive {
		return a.pass(&p)
	}
	if p.Choice != 0 {
		return nil
	}
	switch p.Kind {
	case model.MetaPart:
		if !alive {
			return nil
		}
	case model.FinishPart:
		a.finish = p.Finish
		return nil
	case model.ToolCallPart:
		a.called = true
		return a.calls.Add(&p)
	case model.NativePart:
		return nil
	case model.MediaPart:
		if !a.generate {
			return nil
		}
	}
	return a.line(&p)
}

// pass sends an upstream's line on as it came.
func (a *answer) pass(p *model.Part) error {
	if p.Kind == model.FinishPart {
		a.ended = true
	}
	if p.Event.Same {
		return nil
	}
	a.buf = append(append(a.buf[:0], p.Event.Data...), '\n')
	return a.flush()
}

// begin opens a line.
func (a *answer) begin(name string) *encoder {
	e := &a.enc
	e.Loose = true
	if name == "" {
		name = a.req.Model
	}
	if a.head == nil || name != a.name {
		a.name = name
		e.B = nil
		e.Open()
		e.Text("model", name)
		e.Key("created_at")
		a.head = append(e.B, '"')
	}
	e.B = append(a.buf[:0], a.head...)
	e.B = append(time.Now().UTC().AppendFormat(e.B, time.RFC3339Nano), '"')
	return e
}

// line writes what a part adds. One that adds nothing to read becomes an empty line of its kind, which keeps the
// connection alive.
func (a *answer) line(p *model.Part) error {
	e := a.begin(p.Model)
	text, thinking := p.Text, ""
	var blocks []model.Block
	switch p.Kind {
	case model.ReasoningPart:
		text, thinking = "", p.Text
	case model.MediaPart:
		if text = ""; p.Detail != nil {
			blocks = []model.Block{{Kind: model.ImageBlock, Media: p.Detail.Media}}
		}
	}
	a.said(e, text, thinking, blocks)
	e.Boolean("done", false)
	e.tokens(p.Logprobs)
	a.buf = append(e.B, "}\n"...)
	return a.flush()
}

// said writes what the model says, in the shape of the path that was asked.
func (a *answer) said(e *encoder, text, thinking string, blocks []model.Block) {
	if a.generate {
		e.Text("response", text)
		e.TextIf("thinking", thinking)
		e.image(blocks)
		e.calls(blocks, nil)
		return
	}
	e.Key("message")
	mark := e.Open()
	e.Text("role", "assistant")
	e.Text("content", text)
	e.TextIf("thinking", thinking)
	e.calls(blocks, nil) // no images: Ollama's own clients cannot read a message that has some
	e.Close(mark)
}

// image writes the first picture among blocks, as /api/generate does.
func (e *encoder) image(blocks []model.Block) {
	for i := range blocks {
		b := &blocks[i]
		if b.Kind == model.ImageBlock && b.Media != nil && len(b.Media.Data) > 0 {
			e.Key("image")
			e.Base64(b.Media.Data)
			return
		}
	}
}

// Finish writes the whole answer, or the end of a stream.
func (a *answer) Finish(resp *model.Response) error {
	if !a.req.Stream {
		return a.whole(resp)
	}
	if a.ended {
		return nil
	}
	if a.finish == "" && len(resp.Choices) > 0 {
		a.finish = resp.Choices[0].Finish
	}
	if a.called {
		var blocks []model.Block
		if choices := a.calls.Choices(); len(choices) > 0 {
			blocks = choices[0].Message.Blocks
		}
		blocks, err := called.Usable(blocks, a.finish)
		if err != nil {
			return err
		}
		if len(blocks) > 0 {
			e := a.begin(resp.Model)
			a.said(e, "", "", blocks)
			e.Boolean("done", false)
			a.buf = append(e.B, "}\n"...)
			if err := a.flush(); err != nil {
				return err
			}
		}
	}
	e := a.begin(resp.Model)
	a.said(e, "", "", nil)
	a.end(e, resp, a.finish)
	a.buf = append(e.B, "}\n"...)
	return a.flush()
}

// whole writes an answer that is not streamed: as the upstream sent it, or made from the response.
func (a *answer) whole(resp *model.Response) error {
	if b := resp.Body; b != nil && b.Dialect == Name && generated(b.Data) == a.generate {
		_, err := a.w.Write(b.Data)
		return err
	}
	var choice model.Choice
	if len(resp.Choices) > 0 {
		choice = resp.Choices[0]
	}
	blocks, err := called.Usable(choice.Message.Blocks, choice.Finish)
	if err != nil {
		return err
	}
	e := a.begin(resp.Model)
	e.Foreign = true
	a.said(e, textOf(blocks), joined(blocks, model.ReasoningBlock), blocks)
	a.end(e, resp, choice.Finish)
	e.tokens(choice.Logprobs)
	a.buf = append(e.B, '}')
	return a.flush()
}

// generated says whether an answer has the shape of /api/generate.
func generated(data []byte) bool {
	c := scan.New(data)
	for ok := c.Object(); ok; c.Skip() {
		key, more := c.Field()
		if !more {
			break
		}
		switch string(key) {
		case "message":
			return false
		case "response":
			return true
		}
	}
	return false
}

// end writes why the answer ended, and what it took. The time until the first part was spent on the prompt and on
// waiting, the rest on the answer; where parts did not come one by one all of it counts as the latter. It is never 0,
// since clients divide by it.
func (a *answer) end(e *encoder, resp *model.Response, why model.Finish) {
	total := max(time.Since(a.start), 1)
	e.Boolean("done", true)
	e.Text("done_reason", reasonOf(why))
	if why == finishLoad || why == finishUnload {
		return
	}
	e.Whole("total_duration", int64(total))
	e.Whole("load_duration", 0)
	e.Whole("prompt_eval_count", int64(resp.Usage.Input))
	e.Whole("prompt_eval_duration", int64(a.first))
	e.Whole("eval_count", int64(resp.Usage.Output))
	e.Whole("eval_duration", int64(max(total-a.first, 1)))
}

// reasonOf returns the dialect's own reason to end that is nearest.
func reasonOf(why model.Finish) string {
	switch why {
	case model.FinishLength, finishLoad, finishUnload:
		return string(why)
	case model.FinishPause: // there is more to come
		return string(model.FinishLength)
	}
	return string(model.FinishStop)
}

// tokens writes log-probabilities.
func (e *encoder) tokens(probs []model.TokenLogprob) {
	if len(probs) == 0 {
		return
	}
	e.Array("logprobs")
	for i := range probs {
		e.Elem()
		mark := e.Open()
		e.token(&probs[i])
		if len(probs[i].Top) > 0 {
			e.Array("top_logprobs")
			for j := range probs[i].Top {
				e.Elem()
				inner := e.Open()
				e.token(&probs[i].Top[j])
				e.Close(inner)
			}
			e.EndArray()
		}
		e.Close(mark)
	}
	e.EndArray()
}

func (e *encoder) token(t *model.TokenLogprob) {
	e.Text("token", t.Token)
	e.Number("logprob", &t.Logprob)
	if len(t.Bytes) == 0 {
		return
	}
	e.Array("bytes")
	for _, b := range t.Bytes {
		e.Elem()
		e.B = strconv.AppendUint(e.B, uint64(b), 10)
	}
	e.EndArray()
}

// Fail ends a stream with an error in place of a line that says "done".
func (a *answer) Fail(err error) error {
	a.buf = appendLine(a.buf[:0], string(Server{}.Error(err)))
	if a.req.Stream {
		a.buf = append(a.buf, '\n')
	}
	return a.flush()
}

func (a *answer) flush() error {
	_, err := a.w.Write(a.buf)
	return err
}
