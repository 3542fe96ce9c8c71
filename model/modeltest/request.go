// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package modeltest

import (
	"encoding/json"
	"net/http"

	"retort/model"
)

// Dialect is the name of the suite's own wire format: a body is a model.Content as JSON, an event's data is what
// EventData returns for its part.
const Dialect = "modeltest"

// Requests returns fresh requests as the suite asks them: made in Go and come over a wire, streaming and not.
func Requests() []*model.Request {
	const text = "Where is the card that I ordered on Monday? It should have come by now."
	plain := model.NewRequest("test", model.Prompt(text))
	streamed := model.NewRequest("test", model.Prompt(text))
	streamed.Stream = true
	whole := Wired("test", text)
	wired := Wired("test", text)
	wired.Stream = true
	return []*model.Request{plain, streamed, whole, wired}
}

// Wired returns a request that asks text in the suite's own wire format.
func Wired(name, text string) *model.Request {
	body, err := json.Marshal(model.Prompt(text))
	if err != nil {
		panic("modeltest: encode prompt: " + err.Error())
	}
	header := http.Header{"Modeltest-Version": {"1"}}
	return &model.Request{Model: name, Tenant: model.DefaultTenant, Wire: model.NewWire(Dialect, body, header, decode)}
}

func decode(body []byte) (*model.Content, error) {
	var c model.Content
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, &model.Error{Kind: model.Invalid, Op: "read request", Err: err}
	}
	return &c, nil
}

// EventData appends the data of the wire event that carries p.
func EventData(dst []byte, p *model.Part) []byte {
	dst = append(dst, byte('0'+p.Kind), byte('0'+p.Choice%10), ' ')
	if p.Kind == model.FinishPart {
		return append(dst, p.Finish...)
	}
	return append(dst, p.Text...)
}
