// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"testing"
	"time"

	"retort/model"
)

// instant returns a model that has its answer ready.
func instant(name string) model.Model {
	resp := model.Answer(name, "hello there")
	return model.Func(func(_ context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		for range 10 {
			if err := emit(model.Part{Kind: model.TextPart, Text: "hello"}); err != nil {
				return nil, err
			}
		}
		return resp, nil
	})
}

// layers are blends, each over two instant models or over the blend of the same name below it.
func layers() map[string]func(model.Model) model.Model {
	other := instant("other")
	return map[string]func(model.Model) model.Model{
		"none":     func(m model.Model) model.Model { return m },
		"fallback": func(m model.Model) model.Model { return Fallback(m, other) },
		"balance": func(m model.Model) model.Model {
			return Balance([]Member{{Model: m, Name: "a"}, {Model: m, Name: "b"}}, Balancing{})
		},
		"balance sticky": func(m model.Model) model.Model {
			return Balance([]Member{{Model: m, Name: "a"}, {Model: m, Name: "b"}}, Balancing{Sticky: UnitKey})
		},
		"split": func(m model.Model) model.Model {
			return Split([]Arm{{m, 1, ""}, {m, 1, ""}}, Splitting{By: UnitKey, Salt: "x"})
		},
		"hedge":  func(m model.Model) model.Model { return Hedge(m, Hedging{After: time.Hour}) },
		"shadow": func(m model.Model) model.Model { return Shadow(m, other, Shadowing{}) },
		"route":  func(m model.Model) model.Model { return Route(named(m, other), always(0), Routing{}) },
		"route of fallback of route": func(m model.Model) model.Model {
			inner := Route(named(m, other), always(0), Routing{})
			return Route(named(Fallback(inner, other), other), always(0), Routing{})
		},
		"fallback of balance of split": func(m model.Model) model.Model {
			pool := Balance([]Member{{Model: Split([]Arm{{m, 1, ""}, {other, 1, ""}}, Splitting{By: UnitKey, Salt: "x"}), Name: "a"}, {Model: m, Name: "b"}}, Balancing{})
			return Fallback(pool, m)
		},
	}
}

func BenchmarkBlend(b *testing.B) {
	req := from("tenant", "key")
	for name, layer := range layers() {
		b.Run(name, func(b *testing.B) {
			m := layer(instant("a"))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Generate(context.Background(), req, model.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestBlendsAllocateLittle holds what a blend of blends three deep may cost over its parts.
func TestBlendsAllocateLittle(t *testing.T) {
	req := from("tenant", "key")
	budgets := map[string]float64{"none": 0, "fallback": 2, "balance": 2, "balance sticky": 2, "split": 0, "hedge": 10, "shadow": 0, "route": 0,
		"route of fallback of route": 4, "fallback of balance of split": 4}
	for name, layer := range layers() {
		m := layer(instant("a"))
		got := testing.AllocsPerRun(200, func() {
			if _, err := m.Generate(context.Background(), req, model.Discard); err != nil {
				t.Fatal(err)
			}
		})
		if got > budgets[name] {
			t.Errorf("%s allocates %v times, at most %v", name, got, budgets[name])
		}
	}
}
