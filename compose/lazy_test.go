// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"testing"
	"time"

	"retort/model"
)

func TestBranchEndsAlone(t *testing.T) {
	parent := model.WithTrail(context.WithValue(context.Background(), lateKey{}, "value"), &model.Trail{})
	for name, waited := range map[string]bool{"waited for": true, "not waited for": false} {
		b := &branch{parent: parent}
		if waited {
			child, stop := context.WithCancel(b)
			defer stop()
			defer func() { <-child.Done() }()
		}
		if b.Err() != nil || b.Value(lateKey{}) != "value" || model.TrailOf(b) != &b.trail {
			t.Errorf("%s: error %v, value %v, trail %p", name, b.Err(), b.Value(lateKey{}), model.TrailOf(b))
		}
		b.end()
		b.end()
		<-b.Done()
		if !errors.Is(b.Err(), context.Canceled) || !errors.Is(context.Cause(b), context.Canceled) || parent.Err() != nil {
			t.Errorf("%s: error %v, cause %v, parent's %v", name, b.Err(), context.Cause(b), parent.Err())
		}
	}
}

func TestBranchEndsWithItsParent(t *testing.T) {
	parent, cancel := context.WithTimeoutCause(context.Background(), time.Millisecond, down)
	defer cancel()
	b := &branch{parent: parent}
	if at, ok := b.Deadline(); !ok || time.Until(at) > time.Second {
		t.Errorf("the deadline is %v, %v", at, ok)
	}
	<-b.Done()
	b.end()
	if !errors.Is(b.Err(), context.DeadlineExceeded) || !errors.Is(context.Cause(b), down) {
		t.Errorf("error %v, cause %v", b.Err(), context.Cause(b))
	}
}

// Who emits after it has returned breaks its contract; nothing of that may reach another request.
func TestPartsThatComeTooLate(t *testing.T) {
	var kept func(model.Part) error
	keeper := model.Func(func(_ context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		kept = emit
		return model.Answer("a", "hi"), nil
	})
	for name, m := range map[string]model.Model{"fallback": Fallback(keeper), "balance": Balance([]Member{{Model: keeper}}, Balancing{})} {
		if _, err := m.Generate(context.Background(), same(0), model.Discard); err != nil {
			t.Fatal(err)
		}
		if err := kept(model.Part{Kind: model.TextPart, Text: "late"}); !errors.Is(err, errTooLate) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
