// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"testing"

	"retort/model"
	"retort/model/modeltest"
)

func TestCascadeKeepsTheCheapAnswerBackUntilAccepted(t *testing.T) {
	emitted := 0
	accept := func(resp *model.Response) bool {
		if emitted != 0 {
			t.Errorf("%d parts were emitted before the answer was accepted", emitted)
		}
		return resp.Score >= 0.9
	}
	answer := model.Answer("student", "card_arrival indeed")
	for _, score := range []float64{0.95, 0.5} {
		emitted = 0
		answer.Score = score
		trail := &model.Trail{}
		ctx := model.WithTrail(context.Background(), trail)
		m := Cascade{modeltest.Script(modeltest.Step{Response: answer}), modeltest.Echo("teacher"), accept}
		var text string
		resp, err := m.Generate(ctx, modeltest.Wired("test", "where is it"), func(p model.Part) error {
			emitted++
			text += p.Text
			return nil
		})
		if err != nil || text != resp.Text() {
			t.Fatalf("emitted %q, returned %v, %v", text, resp, err)
		}
		attempts := trail.Attempts()
		if score >= 0.9 {
			if resp.Model != "student" || len(attempts) != 1 || attempts[0].Rejected {
				t.Errorf("got %q by %s after %+v; want the student's answer", text, resp.Model, attempts)
			}
		} else if resp.Model != "teacher" || len(attempts) != 2 || !attempts[0].Rejected || attempts[1].Rejected {
			t.Errorf("got %q by %s after %+v; want the teacher's answer after a rejected one", text, resp.Model, attempts)
		}
	}
}

func TestCascadeReturnsTheStrongModelsError(t *testing.T) {
	for name, cheap := range map[string]model.Model{"rejected": modeltest.Echo("cheap"), "failed": failing(model.Unusable)} {
		t.Run(name, func(t *testing.T) {
			emitted := 0
			_, err := Cascade{cheap, alwaysDown(), unsure}.Generate(context.Background(), modeltest.Wired("test", "hi"),
				func(model.Part) error { emitted++; return nil })
			if !errors.Is(err, down) || emitted != 0 {
				t.Errorf("got %v and %d parts; want the strong model's error and none", err, emitted)
			}
		})
	}
}
