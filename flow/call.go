// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"retort/model"
)

// Answer is what came of asking a model, and what it took.
type Answer struct {
	Response *model.Response `json:"response,omitempty"` // nil where Unusable says why
	Unusable string          `json:"unusable,omitempty"` // the model answered, and not what it was asked for; that is paid for too
	Calls    int             `json:"calls"`              // to upstreams, second tries included
	Cost     model.Money     `json:"cost"`               // of all of them
}

// Call asks a model within a step. The call has an idempotency key made of the run, the step and what is asked, and the answer is
// kept as soon as it is there: a step that is done again after a kill gets it from there, and where the kill came before, an
// upstream that keeps to such keys bills it once. Outside of a step of a recorded run it just asks.
func Call(ctx context.Context, m model.Model, req *model.Request) (*Answer, error) {
	p, ok := place(ctx)
	if !ok || p.engine == nil {
		return ask(ctx, m, req)
	}
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("name a call: %w", err)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s/%d/%d:%s", p.run, p.step, len(req.Model), req.Model) // a hash cannot fail
	sum.Write(text)
	key := hex.EncodeToString(sum.Sum(nil)[:16])
	kept, err := p.engine.paid(p.run)
	if err != nil {
		return nil, err
	}
	if a := kept.of(key); a != nil {
		return a, nil
	}
	a, err := ask(model.WithIdempotencyKey(ctx, "run-"+key), m, req)
	if err != nil {
		return nil, err
	}
	return a, kept.add(key, a)
}

func ask(ctx context.Context, m model.Model, req *model.Request) (*Answer, error) {
	trail := &model.Trail{}
	resp, err := m.Generate(model.WithTrail(ctx, trail), req, model.Discard)
	if err != nil && model.KindOf(err) != model.Unusable {
		return nil, err
	}
	a := &Answer{Response: resp}
	if err != nil {
		a.Unusable = err.Error()
	}
	_, a.Cost = trail.Total()
	for _, attempt := range trail.Attempts() {
		if !attempt.Cached {
			a.Calls++
		}
	}
	return a, nil
}
