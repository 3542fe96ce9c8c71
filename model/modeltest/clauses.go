// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package modeltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"

	"retort/model"
)

// clause is one promise of the contract.
type clause struct {
	name  string
	check func(*suite, model.Model) error
}

// clauses is the contract; the order is that of model.Model's docstring.
var clauses = []clause{
	{"parallel use", parallel},
	{"request unmodified", unmodified},
	{"request not kept", notKept},
	{"emit not late", notLate},
	{"parts equal response", partsEqualResponse},
	{"emit error stops", emitErrorStops},
	{"ended context", endedContext},
	{"context ends midway", endsMidway},
	{"response or error", responseOrError},
}

func parallel(s *suite, m model.Model) error {
	const callers = 8
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			errs[i] = s.each(func(req *model.Request) error { return s.equal(m, req, &probe{onPart: dwell}) })
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func unmodified(s *suite, m model.Model) error {
	return s.each(func(req *model.Request) error {
		before, err := picture(req)
		if err != nil {
			return err
		}
		if _, err := s.answer(context.Background(), m, req, &probe{}); err != nil {
			return err
		}
		after, err := picture(req)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(before, after) {
			return fmt.Errorf("Generate modified its request:\nbefore %+v\nafter  %+v", before, after)
		}
		return nil
	})
}

// snapshot is a deep copy of all that a request shows.
type snapshot struct {
	Request model.Request // without pointers
	Content string
	Dialect string
	Body    string
	Header  http.Header
}

func picture(req *model.Request) (snapshot, error) {
	content, err := req.Content()
	if err != nil {
		return snapshot{}, fmt.Errorf("decode the request: %w", err)
	}
	text, err := json.Marshal(content)
	if err != nil {
		return snapshot{}, fmt.Errorf("encode the request: %w", err)
	}
	flat := req.WithContent(nil)
	s := snapshot{Request: *flat, Content: string(text)}
	if req.Wire != nil {
		s.Dialect, s.Body, s.Header = req.Wire.Dialect, string(req.Wire.Body), req.Wire.Header.Clone()
	}
	return s, nil
}

// notKept overwrites each request's body once it is answered. Under the race detector that finds whoever still reads
// it; and a later, equal request must not be answered from the ruins.
func notKept(s *suite, m model.Model) error {
	return s.each(func(req *model.Request) error {
		if _, err := s.answer(context.Background(), m, req, &probe{}); err != nil {
			return err
		}
		if req.Wire != nil {
			for i := range req.Wire.Body {
				req.Wire.Body[i] = '#'
			}
		}
		return nil
	})
}

func notLate(s *suite, m model.Model) error {
	return s.each(func(req *model.Request) error {
		p := &probe{}
		if _, err := s.answer(context.Background(), m, req, p); err != nil {
			return err
		}
		time.Sleep(s.late) // cannot fail a sound model, however slow the machine
		return p.errors()
	})
}

func partsEqualResponse(s *suite, m model.Model) error {
	return s.each(func(req *model.Request) error { return s.equal(m, req, &probe{}) })
}

func (s *suite) equal(m model.Model, req *model.Request, p *probe) error {
	resp, err := s.answer(context.Background(), m, req, p)
	if err != nil {
		return err
	}
	return compare(p.grown.Choices(), resp.Choices)
}

// dwell keeps emit busy for a moment, so that calls of it from two goroutines meet.
func dwell() { time.Sleep(20 * time.Microsecond) }

func emitErrorStops(s *suite, m model.Model) error {
	for stopAt := 1; stopAt <= 2; stopAt++ {
		err := s.each(func(req *model.Request) error {
			p := &probe{stopAt: stopAt}
			_, err, faults := s.generate(context.Background(), m, req, p)
			if faults != nil {
				return faults
			}
			if p.stopped && !errors.Is(err, errStop) {
				return fmt.Errorf("emit failed at part %d, but Generate returned %v instead of its error", stopAt, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func endedContext(s *suite, m model.Model) error {
	return s.each(func(req *model.Request) error {
		canceled, cancel := context.WithCancel(context.Background())
		cancel()
		expired, stop := context.WithDeadline(context.Background(), time.Unix(1, 0))
		defer stop()
		return errors.Join(
			s.ended(canceled, m, req, model.Canceled),
			s.ended(expired, m, req, model.Timeout))
	})
}

func (s *suite) ended(ctx context.Context, m model.Model, req *model.Request, want model.Kind) error {
	_, err, faults := s.generate(ctx, m, req, &probe{})
	if faults != nil {
		return faults
	}
	if err == nil {
		return fmt.Errorf("Generate answered although its context had ended (%w)", ctx.Err())
	}
	if got := model.KindOf(err); got != want {
		return fmt.Errorf("the context ended with %w, but the error's kind is %v: %w", ctx.Err(), got, err)
	}
	return nil
}

// endsMidway cancels in the middle of the first part. A model that had its answer complete by then may return it.
func endsMidway(s *suite, m model.Model) error {
	return s.each(func(req *model.Request) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		p := &probe{onPart: cancel}
		resp, err, faults := s.generate(ctx, m, req, p)
		switch {
		case faults != nil:
			return faults
		case resp != nil:
			return compare(p.grown.Choices(), resp.Choices)
		case model.KindOf(err) != model.Canceled:
			return fmt.Errorf("the context was canceled, but the error's kind is %v: %w", model.KindOf(err), err)
		}
		return nil
	})
}

// responseOrError asks what must fail. That exactly one of the two is set is checked in every other clause as well.
func responseOrError(s *suite, m model.Model) error {
	if s.failing == nil {
		return s.each(func(req *model.Request) error {
			_, err := s.answer(context.Background(), m, req, &probe{})
			return err
		})
	}
	_, err, faults := s.generate(context.Background(), m, s.failing(), &probe{})
	if faults != nil {
		return faults
	}
	var typed *model.Error
	if !errors.As(err, &typed) {
		return fmt.Errorf("a request that must fail came back with %T (%w), not with a *model.Error", err, err)
	}
	return nil
}
