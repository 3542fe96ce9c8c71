// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
	"retort/model/modeltest"
)

// choose is a Chooser made of a function.
type choose func(req *model.Request) (Choice, error)

func (c choose) Choose(_ context.Context, req *model.Request) (Choice, error) { return c(req) }

// always returns a chooser that knows one order.
func always(order ...int) Chooser {
	return choose(func(*model.Request) (Choice, error) { return Choice{Order: order, Why: "always"}, nil })
}

func named(models ...model.Model) []Alternative {
	list := make([]Alternative, len(models))
	for i, m := range models {
		list[i] = Alternative{Model: m, Name: string(rune('a' + i))}
	}
	return list
}

func TestRouteAsksInTheChosenOrder(t *testing.T) {
	a, b, c := modeltest.Echo("a"), modeltest.Echo("b"), modeltest.Echo("c")
	mute := modeltest.Script(modeltest.Step{Err: &model.Error{Kind: model.Invalid, Op: "read"}})
	for name, test := range map[string]struct {
		among []Alternative
		order []int
		want  string
	}{
		"the chosen one":                {named(a, b, c), []int{2, 0, 1}, "c"},
		"the next when it fails":        {named(a, alwaysDown(), c), []int{1, 2, 0}, "c"},
		"one alone":                     {named(a, b), []int{1}, "b"},
		"one alone that fails":          {named(a, alwaysDown()), []int{1}, "unavailable"},
		"all fail":                      {named(alwaysDown(), alwaysDown()), []int{1, 0}, "unavailable"},
		"not after an invalid request":  {named(a, mute), []int{1, 0}, "invalid_request"},
		"who holds the request":         {[]Alternative{{Model: a, Context: 10}, {Model: b, Context: 1000}}, []int{0, 1}, "b"},
		"nobody holds it":               {[]Alternative{{Model: a, Context: 10}, {Model: b, Context: 20}}, []int{0, 1}, "context_length_exceeded"},
		"who is not chosen is no help":  {[]Alternative{{Model: a, Context: 10}, {Model: b, Context: 20}, {Model: c}}, []int{0, 1}, "context_length_exceeded"},
		"no model":                      {named(a), nil, "internal"},
		"a model that there is not":     {named(a), []int{1}, "internal"},
		"a model below the first":       {named(a), []int{-1}, "internal"},
		"no models to choose from":      {nil, []int{0}, "internal"},
		"not after one that is not met": {[]Alternative{{Model: alwaysDown()}, {Model: b, On: []model.Kind{model.Timeout}}, {Model: c}}, []int{0, 1, 2}, "c"},
	} {
		t.Run(name, func(t *testing.T) {
			answered := -1
			order := test.order
			chooser := choose(func(*model.Request) (Choice, error) {
				return Choice{Order: order, Answered: func(place int, resp *model.Response) {
					if answered = place; resp == nil {
						t.Error("no response is told")
					}
				}}, nil
			})
			m := Route(test.among, chooser, Routing{Estimate: func(*model.Content) int { return 500 }})
			for range 2 {
				answered = -1
				resp, err := ask(m)
				got := model.KindOf(err).String()
				if err == nil {
					got = resp.Model
				}
				if got != test.want {
					t.Errorf("got %s (%v), want %s", got, err, test.want)
				}
				if told := answered >= 0; told != (err == nil) || told && string(rune('a'+answered)) != resp.Model {
					t.Errorf("the chooser was told of %d", answered)
				}
			}
		})
	}
}

func TestRouteSaysWhy(t *testing.T) {
	inner := Route(named(modeltest.Echo("a"), modeltest.Echo("b")), always(1), Routing{Name: "inner"})
	outer := Route([]Alternative{{Model: alwaysDown(), Name: "broken"}, {Model: inner, Name: "inner"}}, always(0, 1), Routing{Name: "outer"})
	trail := &model.Trail{}
	if _, err := outer.Generate(model.WithTrail(context.Background(), trail), from("a", "b"), model.Discard); err != nil {
		t.Fatal(err)
	}
	want := []model.Pick{{Blend: "outer", Model: "broken", Why: "always"}, {Blend: "inner", Model: "b", Why: "always"},
		{Blend: "outer", Model: "inner", Why: "instead of broken"}}
	if diff := cmp.Diff(want, trail.Picks()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRouteThatCannotChoose(t *testing.T) {
	broken := &model.Error{Kind: model.Invalid, Op: "read request", Err: errors.New("no JSON")}
	m := Route(named(modeltest.Echo("a")), choose(func(*model.Request) (Choice, error) { return Choice{}, broken }), Routing{})
	if _, err := ask(m); !errors.Is(err, broken) {
		t.Errorf("got %v, want the chooser's error", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Generate(ctx, from("a", "b"), model.Discard); model.KindOf(err) != model.Canceled {
		t.Errorf("got %v; want nobody asked for one who has left", err)
	}
}

// An answer that has begun is never continued by another model.
func TestRouteDoesNotPatchAnswers(t *testing.T) {
	breaks := modeltest.Script(modeltest.Step{Response: model.Answer("a", "one two three"), After: 1, Err: down})
	var text strings.Builder
	_, err := Route(named(breaks, modeltest.Echo("b")), always(0, 1), Routing{}).Generate(context.Background(), from("a", "b"), func(p model.Part) error {
		text.WriteString(p.Text)
		return nil
	})
	if model.KindOf(err) != model.Unavailable || text.Len() == 0 {
		t.Errorf("got %q and %v", text.String(), err)
	}
}
