// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/model"
	"retort/model/modeltest"
)

// notebook is a Recorder that keeps copies of traces.
type notebook struct {
	mu     sync.Mutex
	traces []model.Trace
}

func (n *notebook) Record(_ context.Context, t *model.Trace) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	own := *t
	own.Body = slices.Clone(t.Body)
	n.traces = append(n.traces, own)
	return nil
}

// shadowed returns a shadow that has begun, and what it records. It ends with the test.
func shadowed(t *testing.T, m, to model.Model, how Shadowing) (*Shadowed, *notebook) {
	s, book := Shadow(m, to, how), &notebook{}
	s.Begin(book, Recording{})
	t.Cleanup(func() { s.End(context.Background()) })
	return s, book
}

func TestShadowRecordsCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, book := shadowed(t, modeltest.Echo("main"), leaf("copy", after(time.Second)), Shadowing{Name: "other"})
		req := modeltest.Wired("watch", "hello there")
		req.Trace, req.Tenant, req.Key, req.Stream = "trace-1", "acme", "key-1", true
		ctx, cancel := context.WithCancel(context.Background())
		trail := &model.Trail{}
		start := time.Now()
		resp, err := s.Generate(model.WithTrail(ctx, trail), req, model.Discard)
		if err != nil || resp.Model != "main" || time.Since(start) != 0 || len(trail.Attempts()) != 1 {
			t.Fatalf("got %v, %v after %v and %d attempts; want the model's answer at once and its attempt alone",
				resp, err, time.Since(start), len(trail.Attempts()))
		}
		body := slices.Clone(req.Wire.Body)
		clear(req.Wire.Body) // its owner uses it again, and the client has gone
		cancel()
		s.End(context.Background())
		if len(book.traces) != 1 {
			t.Fatalf("%d traces", len(book.traces))
		}
		got := book.traces[0]
		if !regexp.MustCompile(`^trace-1\.[0-9a-f]{8}$`).MatchString(got.ID) || got.Tenant != "acme" || got.Key != "" || got.Model != "other" ||
			!got.Stream || got.Error != "" || got.Response.Model != "copy" || got.Response.Text() != "hello there" ||
			string(got.Body) != string(body) || got.Cost != 4e6 || got.Duration != time.Second {
			t.Errorf("the trace is %+v", got)
		}
		if diff := cmp.Diff(ShadowCounts{Answered: 1}, s.Counts()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestShadowCopiesWhatItMay(t *testing.T) {
	const wait = 10 * time.Second // of a copy, which costs a millionth of a dollar twice
	answers := modeltest.Echo("main")
	fails := alwaysDown()
	tests := map[string]struct {
		model model.Model
		how   Shadowing
		begun bool
		gap   time.Duration
		want  ShadowCounts // after 20 requests
	}{
		"all":               {answers, Shadowing{Concurrent: 100}, true, 0, ShadowCounts{Answered: 20}},
		"before the start":  {answers, Shadowing{}, false, 0, ShadowCounts{}},
		"failed requests":   {fails, Shadowing{}, true, 0, ShadowCounts{}},
		"a share":           {answers, Shadowing{Share: 0.25, Concurrent: 100}, true, 0, ShadowCounts{Answered: 5}},
		"a few at a time":   {answers, Shadowing{Concurrent: 3}, true, 0, ShadowCounts{Answered: 3, DroppedConcurrent: 17}},
		"a rate":            {answers, Shadowing{Concurrent: 100, Rate: 0.5, Burst: 2}, true, time.Second, ShadowCounts{Answered: 11, DroppedRate: 9}},
		"money":             {answers, Shadowing{Concurrent: 100, PerDay: 7e6}, true, wait, ShadowCounts{Answered: 2, DroppedMoney: 18}},
		"money on two days": {answers, Shadowing{Concurrent: 100, PerDay: 7e6}, true, 2 * time.Hour, ShadowCounts{Answered: 4, DroppedMoney: 16}},
		"too slow":          {answers, Shadowing{Timeout: time.Second, Concurrent: 100}, true, 0, ShadowCounts{Failed: 20}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				test.how.Random = func() float64 { n++; return float64(n%4) / 4 }
				s := Shadow(test.model, leaf("copy", after(wait)), test.how)
				if test.begun {
					s.Begin(discard{}, Recording{})
				}
				for range 20 {
					_, err := s.Generate(context.Background(), modeltest.Wired("test", "hello there"), model.Discard)
					if (err != nil) != (test.model == fails) {
						t.Fatal(err)
					}
					time.Sleep(test.gap)
				}
				s.End(context.Background())
				if diff := cmp.Diff(test.want, s.Counts()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What copies cost counts for the day of whoever takes the place of the one that sent them, also of those that end later.
func TestShadowSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		how := Shadowing{Concurrent: 100, PerDay: 7e6}
		sent := 0
		var before *Shadowed
		for range 5 { // five configurations, one after another
			s := Shadow(modeltest.Echo("main"), leaf("copy", after(time.Minute)), how)
			if before != nil {
				s.Succeed(before)
			}
			s.Begin(discard{}, Recording{})
			if before != nil {
				before.End(context.Background())
			}
			for range 4 {
				if _, err := ask(s); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Minute)
			}
			sent += s.Counts().Answered
			before = s
		}
		before.End(context.Background())
		if sent != 2 {
			t.Errorf("%d copies, want the 2 that a day's money is enough for", sent)
		}
	})
}

func TestShadowEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, book := shadowed(t, modeltest.Echo("main"), leaf("copy", after(time.Minute)), Shadowing{})
		if _, err := ask(s); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		s.End(ctx)
		if took := time.Since(start); took != time.Second || len(book.traces) != 1 || book.traces[0].Error != "canceled" {
			t.Errorf("ended after %v with traces %+v; want the copy broken off after a second and recorded", took, book.traces)
		}
		if _, err := ask(s); err != nil || len(book.traces) != 1 {
			t.Errorf("got %v and %d traces; want an answer and no copy any more", err, len(book.traces))
		}
		s.Begin(book, Recording{})
		if _, err := ask(s); err != nil {
			t.Fatal(err)
		}
		s.End(context.Background())
		if len(book.traces) != 2 {
			t.Errorf("%d traces after beginning again, want 2", len(book.traces))
		}
	})
}

func TestShadowSurvivesItsCopies(t *testing.T) {
	bad := model.Func(func(context.Context, *model.Request, func(model.Part) error) (*model.Response, error) {
		panic("planted")
	})
	s, _ := shadowed(t, modeltest.Echo("main"), bad, Shadowing{})
	unencodable := model.NewRequest("test", &model.Content{Messages: model.Prompt("hi").Messages, Temperature: new(float64)})
	content, err := unencodable.Content()
	if err != nil {
		t.Fatal(err)
	}
	*content.Temperature = notANumber()
	for _, req := range []*model.Request{same(0), unencodable} {
		if _, err := s.Generate(context.Background(), req, model.Discard); err != nil {
			t.Fatal(err)
		}
	}
	s.End(context.Background())
	if diff := cmp.Diff(ShadowCounts{Failed: 2}, s.Counts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := s.Generate(context.Background(), same(0), func(model.Part) error { return down }); !errors.Is(err, down) {
		t.Errorf("got %v; want what emit returned", err)
	}
}

func notANumber() float64 {
	zero := 0.0
	return zero / zero
}

// Only what may be copied is, whoever tells is told of each answer with what was served, and the draw comes before the answer.
func TestShadowTellsOfCopies(t *testing.T) {
	var mu sync.Mutex
	var told []Copied
	answered, early := 0, 0
	turn := 0
	main := model.Func(func(_ context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		answered++
		resp := model.Answer([]string{"student", "teacher"}[answered%2], "yes")
		resp.Score = 0.75
		return resp, resp.Emit(emit)
	})
	s, _ := shadowed(t, main, modeltest.Echo("copy"), Shadowing{Name: "other", Share: 0.5, Concurrent: 100,
		Only: func(r *model.Response) bool { return r.Model == "student" },
		Told: func(c Copied) { mu.Lock(); told = append(told, c); mu.Unlock() },
		Random: func() float64 {
			if turn == answered {
				early++
			}
			turn++
			return []float64{0.9, 0.1, 0.1, 0.9}[turn%4]
		}})
	for range 40 {
		req := modeltest.Wired("watch", "hello")
		req.Trace, req.Tenant = "t", "acme"
		if _, err := s.Generate(context.Background(), req, model.Discard); err != nil {
			t.Fatal(err)
		}
	}
	s.End(context.Background())
	if len(told) != 10 || early != 40 {
		t.Fatalf("%d copies of the 10 drawn of the student's answers; %d of 40 draws came before the answer", len(told), early)
	}
	for _, c := range told {
		if c.Of != "t" || !copyID.MatchString(c.Trace) || c.Tenant != "acme" || c.Served != (Served{"student", "yes", 0.75}) || c.Answer.Model != "copy" {
			t.Errorf("got %+v", c)
		}
	}
}

var copyID = regexp.MustCompile(`^t\.[0-9a-f]{8}$`)

// Whoever is drawn is marked, copied or not; who finds no room is neither.
func TestShadowMarksWhatIsDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := shadowed(t, modeltest.Echo("main"), leaf("copy", after(time.Minute)), Shadowing{Concurrent: 1, Mark: true,
			Only: func(r *model.Response) bool { return r.Text() == "hello" }})
		drawn := func(text string) bool {
			t.Helper()
			trail := &model.Trail{}
			if _, err := s.Generate(model.WithTrail(context.Background(), trail), model.NewRequest("test", model.Prompt(text)), model.Discard); err != nil {
				t.Fatal(err)
			}
			return trail.Drawn()
		}
		for i, want := range []bool{true, true, false} { // not copied, copied, no room
			if got := drawn([]string{"other", "hello", "other"}[i]); got != want {
				t.Errorf("request %d: drawn %v, want %v", i, got, want)
			}
		}
		time.Sleep(2 * time.Minute)
		if !drawn("other") {
			t.Error("it is not drawn once there is room again")
		}
		s.End(context.Background())
		if drawn("other") {
			t.Error("it is drawn after the end")
		}
		if got := s.Counts(); got.Answered != 1 || got.DroppedConcurrent != 1 {
			t.Errorf("got %+v", got)
		}
	})
}
