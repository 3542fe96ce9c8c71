// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"context"
	"time"

	"retort/model"
)

// Predictor is a student: it labels a text and says how sure it is, as a calibrated probability. It is safe for
// concurrent use.
type Predictor interface {
	Answer(text string) (label string, score float64)
}

// Noticer is a Predictor that notices which texts are unlike those that it learned from. Their score is 0.
type Noticer interface {
	Predictor
	Notice(text string) (label string, score float64, novel bool)
}

// Student returns a Model that answers the task by asking a student in this process. name is the concrete model's name
// in answers and traces. The Response carries the student's score; whether it is high enough is for a cascade to say.
func (t *Task) Student(name string, p Predictor) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		start := time.Now()
		input, err := t.read(ctx, req, asStudent)
		if err != nil {
			return nil, err
		}
		label, score, why := say(p, input)
		took := time.Since(start)
		model.TrailOf(ctx).Add(model.Attempt{Model: name, Start: start, Duration: took, First: took, Score: score, Why: why})
		resp := model.Answer(name, label)
		resp.Score, resp.Created = score, start.Unix()
		if err := resp.Emit(emit); err != nil {
			return nil, err
		}
		return resp, nil
	})
}

// say asks a student, and says why not to take its answer where the reason is not its score.
func say(p Predictor, input string) (label string, score float64, why string) {
	n, ok := p.(Noticer)
	if !ok {
		label, score = p.Answer(input)
		return label, score, ""
	}
	label, score, novel := n.Notice(input)
	if novel {
		why = model.WhyNovel
	}
	return label, score, why
}
