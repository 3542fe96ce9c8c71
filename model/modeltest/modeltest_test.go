// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package modeltest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"retort/model"
)

type (
	ctx  = context.Context
	emit = func(model.Part) error
)

func TestFakesKeepTheContract(t *testing.T) {
	answer := model.Answer("script", "It is on its way.")
	answer.Choices[0].Message.Blocks = append(answer.Choices[0].Message.Blocks, model.Block{
		Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "1", Name: "track", Arguments: `{"card":1}`}})
	fakes := map[string]func() model.Model{
		"echo":   func() model.Model { return Echo("echo") },
		"script": func() model.Model { return Script(Step{Response: answer}) },
		"flaky":  func() model.Model { return Flaky(Echo("echo"), func(int) error { return nil }) },
		"slow":   func() model.Model { return Slow(Echo("echo"), time.Microsecond, time.Microsecond) },
	}
	for name, fresh := range fakes {
		t.Run(name, func(t *testing.T) {
			Run(t, func(*testing.T) model.Model { return fresh() })
		})
	}
}

func TestFailingRequestIsChecked(t *testing.T) {
	refuse := &model.Error{Kind: model.Invalid, Op: "read request", Err: errors.New("no messages")}
	m := model.Func(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
		if c, err := req.Content(); err != nil || len(c.Messages) == 0 {
			return nil, refuse
		}
		return Echo("echo").Generate(ctx, req, emit)
	})
	empty := func() *model.Request { return model.NewRequest("test", &model.Content{}) }
	Run(t, func(*testing.T) model.Model { return m }, WithFailing(empty))
}

// broken returns models that each break one clause, and what the suite must say of them.
func broken() map[string]struct {
	clause, says, warm string
	make               func() model.Model
} {
	type fault = struct {
		clause, says, warm string
		make               func() model.Model
	}
	echo := Echo("echo")
	of := func(f func(ctx ctx, req *model.Request, emit emit) (*model.Response, error)) func() model.Model {
		return func() model.Model { return model.Func(f) }
	}
	return map[string]fault{
		"both set": {"response or error", "both", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			resp, _ := echo.Generate(ctx, req, emit)
			return resp, errors.New("and yet")
		})},
		"neither set": {"response or error", "neither", "", of(func(ctx, *model.Request, emit) (*model.Response, error) {
			return nil, nil
		})},
		"untyped error": {"response or error", "not with a *model.Error", "", of(func(_ ctx, req *model.Request, _ emit) (*model.Response, error) {
			return nil, errors.New("no")
		})},
		"changes the content": {"request unmodified", "modified", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			resp, err := echo.Generate(ctx, req, emit)
			if c, e := req.Content(); e == nil {
				c.Messages[0].Blocks[0].Text = "changed"
			}
			return resp, err
		})},
		"changes the body": {"request unmodified", "modified", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			if req.Wire != nil {
				req.Wire.Body[0] = ' '
			}
			return echo.Generate(ctx, req, emit)
		})},
		"changes the header": {"request unmodified", "modified", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			if req.Wire != nil {
				req.Wire.Header.Set("Added", "1")
			}
			return echo.Generate(ctx, req, emit)
		})},
		"remembers by a body it keeps": {"request not kept", "Generate failed", "warm", func() model.Model { return keeper(echo) }},
		"says other than it returns": {"parts equal response", "text", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			resp, err := echo.Generate(ctx, req, emit)
			if err != nil {
				return nil, err
			}
			return model.Answer("echo", resp.Text()+"!"), nil
		})},
		"forgets a choice": {"parts equal response", "choices", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			resp, err := echo.Generate(ctx, req, emit)
			if err != nil {
				return nil, err
			}
			return &model.Response{Model: resp.Model}, nil
		})},
		"says nothing the second time": {"parts equal response", "text", "warm", func() model.Model { return &mute{} }},
		"keeps an event": {"parts equal response", "without copying", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			var held []model.Part
			resp, err := echo.Generate(ctx, req, func(p model.Part) error { held = append(held, p); return nil })
			if err != nil {
				return nil, err
			}
			for _, p := range held {
				if err := emit(p); err != nil {
					return nil, err
				}
			}
			return resp, nil
		})},
		"goes on after an emit error": {"emit error stops", "again after", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			return echo.Generate(ctx, req, func(p model.Part) error { emit(p); return nil })
		})},
		"hides the emit error": {"emit error stops", "instead of its error", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			resp, err := echo.Generate(ctx, req, emit)
			if err != nil {
				return nil, errors.New("it did not work")
			}
			return resp, nil
		})},
		"emits late": {"emit not late", "after Generate had returned", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			resp, err := echo.Generate(ctx, req, emit)
			go emit(model.Part{Kind: model.MetaPart})
			return resp, err
		})},
		"emits from two goroutines": {"parallel use", "while another call", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			return crowd(ctx, echo, req, emit)
		})},
		"ignores its context": {"ended context", "although its context had ended", "", of(func(_ ctx, req *model.Request, emit emit) (*model.Response, error) {
			return echo.Generate(context.Background(), req, emit)
		})},
		"takes an ended context for a fault": {"ended context", "kind is internal", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			if ctx.Err() != nil {
				return nil, errors.New("broken pipe")
			}
			return echo.Generate(ctx, req, emit)
		})},
		"takes a canceled answer for a fault": {"context ends midway", "kind is internal", "", of(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
			resp, err := echo.Generate(ctx, req, emit)
			if err != nil {
				return nil, &model.Error{Kind: model.Internal, Op: "echo", Err: err}
			}
			return resp, nil
		})},
		"shares its state": {"parallel use", "text", "", func() model.Model { return &shared{} }},
		"hangs": {"ended context", "has not returned", "", of(func(ctx, *model.Request, emit) (*model.Response, error) {
			time.Sleep(time.Hour)
			return nil, context.Canceled
		})},
	}
}

func TestEveryFaultIsCaught(t *testing.T) {
	for name, fault := range broken() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSuite(nil)
				if strings.Contains(fault.says, "*model.Error") {
					s.failing = func() *model.Request { return Wired("test", "fail") }
				}
				defer time.Sleep(48 * time.Hour) // lets what hangs come to its end in the bubble
				m, check := fault.make(), clauseNamed(t, fault.clause).check
				err := check(s, m)
				if fault.warm != "" {
					if err != nil {
						t.Fatalf("cold: %v; want the fault to show warm only", err)
					}
					err = check(s, m)
				}
				if err == nil || !strings.Contains(err.Error(), fault.says) {
					t.Fatalf("the suite says %v, want something with %q", err, fault.says)
				}
			})
		})
	}
}

func TestEveryClauseCatchesAFault(t *testing.T) {
	caught := map[string]bool{}
	for _, fault := range broken() {
		caught[fault.clause] = true
	}
	for _, c := range clauses {
		if !caught[c.name] {
			t.Errorf("no broken model proves that clause %q can fail", c.name)
		}
	}
}

func clauseNamed(t *testing.T, name string) clause {
	for _, c := range clauses {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("no clause %q", name)
	return clause{}
}

// keeper refuses a request whose body differs from the one it remembers for the same header, which it never copied.
func keeper(m model.Model) model.Model {
	var mu sync.Mutex
	var kept []byte
	return model.Func(func(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if req.Wire != nil && req.Stream {
			if kept != nil && string(kept) != string(req.Wire.Body) {
				return nil, errors.New("this is not what you asked before")
			}
			kept = req.Wire.Body
		}
		return m.Generate(ctx, req, emit)
	})
}

// mute answers from memory without emitting the answer again: the fault of many a cache.
type mute struct {
	mu   sync.Mutex
	seen int
}

func (m *mute) Generate(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
	m.mu.Lock()
	m.seen++
	known := m.seen > len(Requests())
	m.mu.Unlock()
	if known {
		emit = model.Discard
	}
	return Echo("echo").Generate(ctx, req, emit)
}

// shared builds its answers in one place for all callers, and meets the next caller on the way.
type shared struct {
	mu   sync.Mutex
	text string
}

func (s *shared) Generate(ctx ctx, req *model.Request, emit emit) (*model.Response, error) {
	resp, err := Echo("echo").Generate(ctx, req, func(p model.Part) error {
		s.mu.Lock()
		s.text += p.Text
		s.mu.Unlock()
		time.Sleep(time.Millisecond)
		return emit(p)
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.text
	s.text = ""
	return &model.Response{Model: resp.Model, Choices: model.Answer("", text).Choices}, nil
}

// crowd emits every part of m's answer twice at once.
func crowd(ctx ctx, m model.Model, req *model.Request, emit emit) (*model.Response, error) {
	slow := func(p model.Part) error { time.Sleep(time.Millisecond); return emit(p) }
	return m.Generate(ctx, req, func(p model.Part) error {
		var wg sync.WaitGroup
		wg.Go(func() { _ = slow(model.Part{}) })
		err := slow(p)
		wg.Wait()
		return err
	})
}
