// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package modeltest

import (
	"context"
	"strings"
	"time"

	"retort/model"
)

// say answers with resp, its text word by word. Each part has a wire event whose buffer is used again for the next.
func say(ctx context.Context, resp *model.Response, emit func(model.Part) error) (*model.Response, error) {
	start := time.Now()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var data []byte
	send := func(p model.Part) error {
		data = EventData(data[:0], &p)
		p.Event = model.Event{Dialect: Dialect, Data: data}
		err := emit(p)
		for i := range data {
			data[i] = '#'
		}
		if err == nil {
			err = ctx.Err()
		}
		return err
	}
	err := resp.Emit(func(p model.Part) error { return split(p, send) })
	attempt := model.Attempt{Model: resp.Model, Start: start, Duration: time.Since(start),
		Usage: resp.Usage, Cost: resp.Cost, Score: resp.Score}
	if err != nil {
		attempt.Error = model.KindOf(err).String()
		model.TrailOf(ctx).Add(attempt)
		return nil, err
	}
	model.TrailOf(ctx).Add(attempt)
	return resp, nil
}

// split sends a text part word by word, as it would come from a model, and every other part whole.
func split(p model.Part, send func(model.Part) error) error {
	if p.Kind != model.TextPart {
		p.More = false
		return send(p)
	}
	for word := range strings.SplitAfterSeq(p.Text, " ") {
		piece := p
		piece.Text, piece.More = word, false
		p.Logprobs = nil
		if err := send(piece); err != nil {
			return err
		}
	}
	return nil
}
