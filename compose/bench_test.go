// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"strings"
	"testing"
	"time"

	"retort/model"
)

// instant returns a model that has its answer ready.
func instant(name string) model.Model {
	resp := model.Answer(name, "hello there")
	return model.Func(func(ctx context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		model.TrailOf(ctx).Add(model.Attempt{Model: name})
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
		"limit":  func(m model.Model) model.Model { return Limit(m, Limits{Rate: 1e9, Burst: 1e9, Concurrent: 100}) },
		"cascade": func(m model.Model) model.Model {
			return &Cascade{Cheap: m, Strong: other, Accept: AtLeast(0.5), Verify: alwaysGood, Within: time.Minute}
		},
	}
}

func BenchmarkBlend(b *testing.B) {
	req := from("tenant", "key")
	blends := layers()
	for _, nest := range [][3]string{{"fallback", "balance", "hedge"}, {"hedge", "hedge", "hedge"}, {"cascade", "cascade", "cascade"},
		{"balance sticky", "hedge", "cascade"}} {
		blends[strings.Join(nest[:], " of ")] = func(m model.Model) model.Model {
			return blends[nest[0]](blends[nest[1]](blends[nest[2]](m)))
		}
	}
	for name, layer := range blends {
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

// TestBlendsAllocateLittle holds what a blend of blends three deep, whatever they are, may cost over its parts.
func TestBlendsAllocateLittle(t *testing.T) {
	if raced {
		t.Skip("under the race detector pools forget at random")
	}
	const budget = 4
	req := from("tenant", "key")
	alone := allocations(t, instant("a"), req)
	blends := layers()
	for one, outer := range blends {
		for two, middle := range blends {
			for three, inner := range blends {
				got := allocations(t, outer(middle(inner(instant("a")))), req) - alone
				if got > budget {
					t.Errorf("%s of %s of %s allocates %v times over its parts, at most %d", one, two, three, got, budget)
				}
			}
		}
	}
}

// allocations returns how often a model that answers req allocates, with a trail, on average.
func allocations(t *testing.T, m model.Model, req *model.Request) float64 {
	return testing.AllocsPerRun(20, func() {
		trail := &model.Trail{}
		if _, err := m.Generate(model.WithTrail(context.Background(), trail), req, model.Discard); err != nil {
			t.Fatal(err)
		}
		if got := len(trail.Attempts()); got != 1 {
			t.Fatalf("%d attempts on the trail, want 1", got)
		}
	})
}
