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

	ServiceTier string `json:"service_tier,omitempty"` // that served the answer, where the upstream says

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
	StopText string         `json:"stop_text,omitempty"` // the stop sequence that was met, where the upstream says
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
