// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

// Response is the whole of an answer.
type Response struct {
	ID      string   `json:"id,omitempty"`      // the upstream's id of the answer
	Model   string   `json:"model"`             // the concrete model that answered, as in Part.Model
	Created int64    `json:"created,omitempty"` // Unix seconds, as the upstream says
	Choices []Choice `json:"choices"`           // one for each answer wanted, in order
	Usage   Usage    `json:"usage"`             // of the answer alone; Trail has the sum over all attempts
	Cost    Money    `json:"cost"`              // of the answer alone
	Score   float64  `json:"score,omitempty"`   // calibrated probability that the answer is right, from models that know; else 0

	// Body is the answer as the upstream sent it, for clients of the same dialect; nil for streams and answers made here.
	Body *Body `json:"-"`
}

// Body is a whole answer in a wire format.
type Body struct {
	Dialect string
	Data    []byte // must not be modified
}

// Choice is one of the answers.
type Choice struct {
	Message  Message        `json:"message"`
	Finish   Finish         `json:"finish,omitempty"`
	Logprobs []TokenLogprob `json:"logprobs,omitempty"`
}

// Usage counts tokens as the upstream bills them.
type Usage struct {
	Input     int `json:"input"`               // all input tokens, cached ones included
	Cached    int `json:"cached,omitempty"`    // input tokens read from the prompt cache
	Written   int `json:"written,omitempty"`   // input tokens written to the prompt cache
	Output    int `json:"output"`              // all output tokens, reasoning included
	Reasoning int `json:"reasoning,omitempty"` // output tokens spent on reasoning
}

// Add returns the sum of two usages.
func (u Usage) Add(v Usage) Usage {
	return Usage{u.Input + v.Input, u.Cached + v.Cached, u.Written + v.Written, u.Output + v.Output, u.Reasoning + v.Reasoning}
}

// Text returns the text of the first choice.
func (r *Response) Text() string {
	if len(r.Choices) == 0 {
		return ""
	}
	return r.Choices[0].Message.Text()
}

// Answer returns a Response of one choice that says text.
func Answer(name, text string) *Response {
	a := &struct { // in one piece, because students answer so all the time
		Response
		choices [1]Choice
		blocks  [1]Block
	}{}
	a.blocks[0] = Block{Kind: TextBlock, Text: text}
	a.choices[0] = Choice{Message: Message{Role: Assistant, Blocks: a.blocks[:]}, Finish: FinishStop}
	a.Response = Response{Model: name, Choices: a.choices[:]}
	return &a.Response
}

// Emit sends a whole response as parts: what a model that cannot stream calls before it returns.
func (r *Response) Emit(emit func(Part) error) error {
	for i := range r.Choices {
		if err := r.Choices[i].emit(i, r.Model, emit); err != nil {
			return err
		}
	}
	return nil
}

func (c *Choice) emit(choice int, name string, emit func(Part) error) error {
	calls, logprobs := 0, c.Logprobs
	for i := range c.Message.Blocks {
		b := &c.Message.Blocks[i]
		p := Part{Choice: choice, Text: b.Text, Model: name, More: true}
		switch b.Kind {
		case TextBlock:
			p.Kind, p.Logprobs, logprobs = TextPart, logprobs, nil
		case ReasoningBlock:
			p.Kind = ReasoningPart
		case RefusalBlock:
			p.Kind = RefusalPart
		case ToolCallBlock:
			p.Kind, p.Index, p.ID, p.Name, p.Text = ToolCallPart, calls, b.Call.ID, b.Call.Name, b.Call.Arguments
			calls++
		default:
			continue
		}
		if err := emit(p); err != nil {
			return err
		}
	}
	return emit(Part{Kind: FinishPart, Choice: choice, Finish: c.Finish, Model: name})
}

// Collector builds a Response from parts; the zero value is ready. Leaves use it while they stream.
type Collector struct {
	choices []growing
}

type growing struct {
	text, reasoning, refusal []byte // not strings.Builder: its copies panic, and these move as slices grow
	calls                    []growingCall
	finish                   Finish
	logprobs                 []TokenLogprob
}

type growingCall struct {
	id, name string
	args     []byte
}

// maxChoices and maxCalls bound what a broken upstream can make a Collector allocate by naming a high index.
const maxChoices, maxCalls = 256, 1024

// Add takes one part in. A part that names a choice or call beyond all reason is an error of kind Upstream.
func (c *Collector) Add(p *Part) error {
	if p.Choice < 0 || p.Choice >= maxChoices || p.Index < 0 || p.Index >= maxCalls {
		return &Error{Kind: Upstream, Op: "read stream", Err: errIndex}
	}
	if p.Kind == MetaPart {
		return nil
	}
	for len(c.choices) <= p.Choice {
		c.choices = append(c.choices, growing{})
	}
	g := &c.choices[p.Choice]
	g.logprobs = append(g.logprobs, p.Logprobs...)
	switch p.Kind {
	case TextPart:
		g.text = append(g.text, p.Text...)
	case ReasoningPart:
		g.reasoning = append(g.reasoning, p.Text...)
	case RefusalPart:
		g.refusal = append(g.refusal, p.Text...)
	case FinishPart:
		g.finish = p.Finish
	case ToolCallPart:
		g.call(p)
	}
	return nil
}

func (g *growing) call(p *Part) {
	for len(g.calls) <= p.Index {
		g.calls = append(g.calls, growingCall{})
	}
	call := &g.calls[p.Index]
	if p.ID != "" {
		call.id = p.ID
	}
	if p.Name != "" {
		call.name = p.Name
	}
	call.args = append(call.args, p.Text...)
}

// Finished says whether every choice seen so far, and at least one, has ended.
func (c *Collector) Finished() bool {
	for i := range c.choices {
		if c.choices[i].finish == "" {
			return false
		}
	}
	return len(c.choices) > 0
}

// Choices returns what has been collected, each choice as reasoning, text, refusal, tool calls.
func (c *Collector) Choices() []Choice {
	out := make([]Choice, len(c.choices))
	for i := range c.choices {
		g := &c.choices[i]
		out[i] = Choice{Message: Message{Role: Assistant}, Finish: g.finish, Logprobs: g.logprobs}
		m := &out[i].Message
		m.addText(ReasoningBlock, string(g.reasoning))
		m.addText(TextBlock, string(g.text))
		m.addText(RefusalBlock, string(g.refusal))
		for j := range g.calls {
			call := &g.calls[j]
			m.Blocks = append(m.Blocks, Block{Kind: ToolCallBlock,
				Call: &ToolCall{ID: call.id, Name: call.name, Arguments: string(call.args)}})
		}
	}
	return out
}

func (m *Message) addText(kind BlockKind, text string) {
	if text != "" {
		m.Blocks = append(m.Blocks, Block{Kind: kind, Text: text})
	}
}
