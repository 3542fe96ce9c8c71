// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"retort/model"
	"retort/model/modeltest"
)

func newCache(t *testing.T, m model.Model, how Caching) *Cached {
	t.Helper()
	c, err := Cache(m, how)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// told is what a caller of a model sees.
type told struct {
	text  string
	resp  *model.Response
	trail *model.Trail
	err   error
}

func tell(ctx context.Context, m model.Model, req *model.Request) told {
	got := told{trail: &model.Trail{}}
	got.resp, got.err = m.Generate(model.WithTrail(ctx, got.trail), req, func(p model.Part) error {
		got.text += p.Text
		return nil
	})
	return got
}

func answered(name, text string) *model.Response {
	resp := model.Answer(name, text)
	resp.Usage, resp.Cost = model.Usage{Input: 1, Output: 2}, 5
	return resp
}

func TestCacheHit(t *testing.T) {
	upstream := modeltest.Script(modeltest.Step{Response: answered("up", "the first answer")}, modeltest.Step{Err: down})
	c := newCache(t, upstream, Caching{})
	first := tell(context.Background(), c, modeltest.Wired("test", "q"))
	if _, cost := first.trail.Total(); first.err != nil || first.trail.Cached() || cost != 5 || first.resp.Cost != 5 {
		t.Fatalf("first: %+v, cost %v", first, cost)
	}
	streamed := modeltest.Wired("test", "q")
	streamed.Stream = true
	for name, req := range map[string]*model.Request{"whole": modeltest.Wired("test", "q"), "streamed": streamed} {
		hit := tell(context.Background(), c, req)
		usage, cost := hit.trail.Total()
		if hit.err != nil || hit.text != "the first answer" || hit.resp.Text() != hit.text || hit.resp.Model != "up" {
			t.Errorf("%s: %q, %+v, %v; want the first answer again", name, hit.text, hit.resp, hit.err)
		}
		if !hit.trail.Cached() || cost != 0 || hit.resp.Cost != 0 || usage != (model.Usage{}) || hit.resp.Usage.Output != 2 {
			t.Errorf("%s: cached %v, cost %v and %v, usage %+v and %+v; want a free hit", name, hit.trail.Cached(), cost,
				hit.resp.Cost, usage, hit.resp.Usage)
		}
	}
	if upstream.Calls() != 1 {
		t.Errorf("the model was asked %d times", upstream.Calls())
	}
}

func TestCacheTellsRequestsApart(t *testing.T) {
	with := func(change func(*model.Request)) *model.Request {
		req := modeltest.Wired("test", "q")
		change(req)
		return req
	}
	content := func(c *model.Content) *model.Request { return model.NewRequest("test", c) }
	half := 0.5
	requests := map[string]*model.Request{
		"plain":   modeltest.Wired("test", "q"),
		"text":    modeltest.Wired("test", "Q"),
		"model":   modeltest.Wired("other", "q"),
		"tenant":  with(func(r *model.Request) { r.Tenant = "b" }),
		"strict":  with(func(r *model.Request) { r.Strict = true }),
		"header":  with(func(r *model.Request) { r.Wire.Header = http.Header{"Modeltest-Version": {"2"}} }),
		"dialect": with(func(r *model.Request) { r.Wire.Dialect = "other" }),
		"no wire": content(model.Prompt("q")),
		"unknown to the dialect": with(func(r *model.Request) {
			body := strings.Replace(string(r.Wire.Body), `{"kind"`, `{"unheard_of": 1, "kind"`, 1)
			r.Wire = model.NewWire(r.Wire.Dialect, []byte(body), r.Wire.Header, func([]byte) (*model.Content, error) { return model.Prompt("q"), nil })
		}),
		"temperature": content(&model.Content{Messages: model.Prompt("q").Messages, Temperature: &half}),
		"extra": content(&model.Content{Messages: model.Prompt("q").Messages,
			Extra: map[string]json.RawMessage{"reasoning": []byte("true")}}),
	}
	upstream := modeltest.Script(modeltest.Step{Response: answered("up", "a")})
	c := newCache(t, upstream, Caching{})
	for name, req := range requests {
		calls := upstream.Calls()
		if got := tell(context.Background(), c, req); got.err != nil || upstream.Calls() != calls+1 {
			t.Errorf("%s: %v after %d calls; want a call of its own", name, got.err, upstream.Calls()-calls)
		}
	}
	same := with(func(r *model.Request) { r.Key, r.Trace, r.Stream = "k", "t", true })
	usage := content(&model.Content{Messages: model.Prompt("q").Messages, IncludeUsage: true})
	spaced := with(func(r *model.Request) {
		body := ` {"stream": true, "stream_options": {"include_usage": true}, ` + strings.TrimPrefix(string(r.Wire.Body), "{")
		r.Wire = model.NewWire(r.Wire.Dialect, []byte(body), r.Wire.Header, func([]byte) (*model.Content, error) { return model.Prompt("q"), nil })
	})
	for name, req := range map[string]*model.Request{"caller": same, "usage": usage, "how it is sent": spaced} {
		if got := tell(context.Background(), c, req); got.err != nil || !got.trail.Cached() {
			t.Errorf("%s changes the question", name)
		}
	}
}

// TestCacheFollowsWhoServes changes who stands behind the model, also while it answers.
func TestCacheFollowsWhoServes(t *testing.T) {
	serving := "first"
	c := newCache(t, model.Func(func(_ context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		resp := answered("up", serving)
		if serving == "second" {
			serving = "third"
		}
		return resp, resp.Emit(emit)
	}), Caching{Varies: func(*model.Request) string { return serving }})
	for i, want := range []string{"first", "first", "second", "third", "third"} {
		if i == 2 {
			serving = "second"
		}
		if got := tell(context.Background(), c, modeltest.Wired("test", "q")); got.err != nil || got.text != want {
			t.Errorf("answer %d is %q, %v; want %s", i, got.text, got.err, want)
		}
	}
	if got, want := c.Counts(), (CacheCounts{Hits: 2, Asked: 3}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// TestCacheSaysWhatWasDropped: an answer from memory leaves out of the request what the first one did.
func TestCacheSaysWhatWasDropped(t *testing.T) {
	c := newCache(t, model.Func(func(ctx context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		model.TrailOf(ctx).Drop("seed")
		resp := answered("up", "a")
		return resp, resp.Emit(emit)
	}), Caching{})
	for i := range 2 {
		got := tell(context.Background(), c, modeltest.Wired("test", "q"))
		if dropped := got.trail.Dropped(); len(dropped) != 1 || dropped[0] != "seed" || got.trail.Cached() != (i == 1) {
			t.Errorf("answer %d: dropped %v, cached %v", i, dropped, got.trail.Cached())
		}
	}
}

// TestCacheSaysOnceWhatWasChosen: who pays has the choices on its trail, and who gets a copy has none.
func TestCacheSaysOnceWhatWasChosen(t *testing.T) {
	for name, m := range map[string]model.Model{
		"route": Route(named(modeltest.Echo("a"), modeltest.Echo("b")), always(1, 0), Routing{Name: "test"}),
		"split": Split([]Arm{{modeltest.Echo("a"), 1, "left"}}, Splitting{Name: "test"}),
	} {
		c := newCache(t, m, Caching{})
		for i, want := range []int{1, 0} {
			got := tell(context.Background(), c, modeltest.Wired("test", "q"))
			if n := len(got.trail.Picks()) + len(got.trail.Arms()); got.err != nil || n != want || got.trail.Cached() != (i == 1) {
				t.Errorf("%s, answer %d: %d choices, want %d; cached %v, %v", name, i, n, want, got.trail.Cached(), got.err)
			}
		}
	}
}

func TestCacheKeepsOnlyWholeAnswers(t *testing.T) {
	cut, filtered, two := answered("up", "a"), answered("up", "a"), answered("up", "a")
	cut.Choices[0].Finish = ""
	filtered.Choices[0].Finish = model.FinishFilter
	two.Choices = append(two.Choices, model.Choice{Message: model.Text(model.Assistant, "b")})
	for name, step := range map[string]modeltest.Step{
		"error": {Err: down}, "cut": {Response: cut}, "filtered": {Response: filtered}, "one of two": {Response: two},
		"nothing": {Response: &model.Response{Model: "up"}},
	} {
		upstream := modeltest.Script(step)
		c := newCache(t, upstream, Caching{})
		for range 2 {
			tell(context.Background(), c, modeltest.Wired("test", "q"))
		}
		if upstream.Calls() != 2 {
			t.Errorf("%s: was remembered", name)
		}
	}
}

// TestCachePassesOn asks what has a meaning to its upstream alone, twice.
func TestCachePassesOn(t *testing.T) {
	asked := 0
	c := newCache(t, model.Func(func(_ context.Context, req *model.Request, _ func(model.Part) error) (*model.Response, error) {
		asked++
		if req.Wire == nil || string(req.Wire.Body) != "{}" {
			t.Errorf("got %+v", req)
		}
		return answered("up/m", "a"), nil
	}), Caching{})
	req := &model.Request{Model: "m", Wire: model.NewWire("d", []byte("{}"), nil, func([]byte) (*model.Content, error) {
		return nil, &model.Error{Kind: model.Invalid, Field: "previous_response_id"}
	})}
	for range 2 {
		if resp, err := c.Generate(t.Context(), req, model.Discard); err != nil || resp.Text() != "a" {
			t.Errorf("got %v, %v", resp, err)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

func TestCacheForgets(t *testing.T) {
	clock := &watch{time.Unix(1000, 0)}
	upstream := modeltest.Script(modeltest.Step{Response: answered("up", "a")})
	c := newCache(t, upstream, Caching{TTL: time.Minute, Now: clock.Now})
	for i, step := range []struct {
		after time.Duration
		calls int
	}{{0, 1}, {59 * time.Second, 1}, {2 * time.Second, 2}, {0, 2}} {
		clock.now = clock.now.Add(step.after)
		if tell(context.Background(), c, modeltest.Wired("test", "q")); upstream.Calls() != step.calls {
			t.Errorf("step %d: asked %d times, want %d", i, upstream.Calls(), step.calls)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	long := answered("up", strings.Repeat("x", 10_000))
	c := newCache(t, modeltest.Script(modeltest.Step{Response: long}), Caching{Bytes: 100_000})
	for i := range 200 {
		tell(context.Background(), c, modeltest.Wired("test", strings.Repeat("q", i+1)))
	}
	c.store.CleanUp()
	if n := c.store.EstimatedSize(); n == 0 || n > 10 {
		t.Errorf("%d answers of 10 kB are kept in 100 kB", n)
	}
	if _, err := Cache(nil, Caching{Bytes: -1}); err == nil {
		t.Error("a negative size was taken")
	}
}

// gated is a model that says one word for each token in gate, and then ends.
func gated(gate <-chan string) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		resp := answered("up", "")
		text := ""
		for {
			select {
			case word, open := <-gate:
				if !open {
					resp.Choices[0].Message = model.Text(model.Assistant, text)
					model.TrailOf(ctx).Add(model.Attempt{Model: "up", Cost: resp.Cost})
					return resp, nil
				}
				text += word
				if err := emit(model.Part{Kind: model.TextPart, Text: word}); err != nil {
					return nil, err
				}
			case <-ctx.Done():
				model.TrailOf(ctx).Add(model.Attempt{Model: "up", Cost: 1, Error: "canceled"})
				return nil, ctx.Err()
			}
		}
	})
}

func TestCacheAsksOnceForEqualRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan string)
		c := newCache(t, gated(gate), Caching{})
		got := make(chan told, 3)
		join := func() { got <- tell(context.Background(), c, modeltest.Wired("test", "q")) }
		go join()
		go join()
		synctest.Wait()
		gate <- "one "
		synctest.Wait()
		go join() // late, and yet it hears all from the beginning
		gate <- "two"
		close(gate)
		var paid model.Money
		cached := 0
		for range 3 {
			g := <-got
			if g.err != nil || g.text != "one two" || g.resp.Text() != g.text {
				t.Errorf("a caller got %q, %v", g.text, g.err)
			}
			_, cost := g.trail.Total()
			paid += cost
			if g.trail.Cached() {
				cached++
			}
			if g.trail.Cached() != (g.resp.Cost == 0) {
				t.Errorf("cached %v, but the response costs %v", g.trail.Cached(), g.resp.Cost)
			}
		}
		if paid != 5 || cached != 2 {
			t.Errorf("all paid %v and %d nothing; want one to pay 5", paid, cached)
		}
	})
}

func TestCacheCallerWhoLeavesDoesNotDisturb(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan string)
		c := newCache(t, gated(gate), Caching{})
		ctx, cancel := context.WithCancel(context.Background())
		left, got := make(chan told), make(chan told)
		first := modeltest.Wired("test", "q")
		go func() { left <- tell(ctx, c, first) }()
		synctest.Wait()
		go func() { got <- tell(context.Background(), c, modeltest.Wired("test", "q")) }()
		gate <- "one "
		synctest.Wait()
		cancel()
		if g := <-left; !errors.Is(g.err, context.Canceled) || len(g.trail.Attempts()) != 0 {
			t.Errorf("who left got %v and %+v", g.err, g.trail.Attempts())
		}
		clear(first.Wire.Body) // its owner uses it again
		gate <- "two"
		close(gate)
		if g := <-got; g.err != nil || g.text != "one two" || g.trail.Cached() {
			t.Errorf("who stayed got %q, %v, cached %v; want the whole answer, paid", g.text, g.err, g.trail.Cached())
		}
	})
}

func TestCacheLastCallerWhoLeavesEndsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan string)
		c := newCache(t, gated(gate), Caching{})
		ctx, cancel := context.WithCancel(context.Background())
		left := make(chan told, 2)
		for range 2 {
			go func() { left <- tell(ctx, c, modeltest.Wired("test", "q")) }()
		}
		synctest.Wait()
		gate <- "one "
		synctest.Wait()
		cancel()
		var paid model.Money
		for range 2 {
			g := <-left
			_, cost := g.trail.Total()
			paid += cost
			if !errors.Is(g.err, context.Canceled) {
				t.Errorf("a caller got %v", g.err)
			}
		}
		if len(c.flights) != 0 || paid != 1 {
			t.Errorf("%d flights are left and %v was paid; want none, and 1 for what was begun", len(c.flights), paid)
		}
	}) // the bubble fails if the model's goroutine is left behind
}

func TestCacheSurvivesPanics(t *testing.T) {
	c := newCache(t, model.Func(func(context.Context, *model.Request, func(model.Part) error) (*model.Response, error) {
		panic("oh")
	}), Caching{})
	for range 2 {
		if g := tell(context.Background(), c, modeltest.Wired("test", "q")); model.KindOf(g.err) != model.Internal || !strings.Contains(g.err.Error(), "oh") {
			t.Errorf("got %v; want an internal error that says what happened", g.err)
		}
	}
}
