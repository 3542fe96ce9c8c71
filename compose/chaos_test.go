// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"retort/model"
	"retort/model/modeltest"
)

// chaos draws what happens. It is safe for concurrent use.
type chaos struct {
	mu     sync.Mutex
	random *rand.Rand
}

func (c *chaos) chance(p float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.Float64() < p
}

func (c *chaos) below(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(n)
}

// leaf returns a model that says its name a few times, or fails at any place, and takes its time before each part.
func (c *chaos) leaf(name string) model.Model {
	kinds := []model.Kind{model.Internal, model.TooLong, model.RateLimited, model.Unavailable, model.Timeout, model.Upstream, model.Unauthenticated}
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		step := modeltest.Step{Response: model.Answer(name, strings.Repeat(name+" ", c.below(6)))}
		step.Response.Cost = 5
		if c.chance(0.4) {
			step.After = c.below(4)
			step.Err = &model.Error{Kind: kinds[c.below(len(kinds))], Op: "fail", RetryAfter: time.Duration(c.below(3)) * time.Second}
		}
		m := model.Model(modeltest.Script(step))
		if c.chance(0.3) {
			m = hesitant(m)
		}
		long := time.Duration(1 + c.below(50)*c.below(50))
		return modeltest.Slow(m, long*time.Millisecond, time.Duration(c.below(10))*time.Millisecond).Generate(ctx, req, emit)
	})
}

// whole checks one request, and returns whether it was answered: one voice, whose words are those of the response, and none after the end.
func (c *chaos) whole(m model.Model, req *model.Request) (answered bool, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if c.chance(0.2) {
		timer := time.AfterFunc(time.Duration(c.below(500))*time.Millisecond, cancel)
		defer timer.Stop()
	}
	spurn := -1
	if c.chance(0.1) {
		spurn = c.below(4)
	}
	trail := &model.Trail{}
	var text strings.Builder
	var ended atomic.Bool
	var inside atomic.Int32
	parts := 0
	resp, failed := m.Generate(model.WithTrail(ctx, trail), req, func(p model.Part) error {
		if ended.Load() || inside.Add(1) != 1 {
			panic("emit is called twice at a time, or too late")
		}
		defer inside.Add(-1)
		text.WriteString(p.Text)
		if parts++; parts-1 == spurn {
			return errSpurned
		}
		return nil
	})
	ended.Store(true)
	_, cost := trail.Total()
	words := strings.Fields(text.String())
	for _, w := range words {
		if w != words[0] {
			return false, fmt.Errorf("two voices: %q", text.String())
		}
	}
	switch {
	case (resp == nil) == (failed == nil):
		return false, fmt.Errorf("got %v and %v; want one of them", resp, failed)
	case resp != nil && resp.Text() != text.String():
		return false, fmt.Errorf("emitted %q, but the response is %q", text.String(), resp.Text())
	case resp != nil && cost < resp.Cost:
		return false, fmt.Errorf("the trail costs %v, the answer alone %v", cost, resp.Cost)
	case spurn >= 0 && parts > spurn+1:
		return false, fmt.Errorf("%d parts were emitted after one was refused", parts-spurn-1)
	}
	return resp != nil, nil
}

// byTurns returns a chooser that lets every model be the first by turns, alone or before the others.
func byTurns() Chooser {
	var n atomic.Int64
	orders := [][]int{{0, 1}, {1}, {1, 0}, {0}}
	return choose(func(*model.Request) (Choice, error) { return Choice{Order: orders[n.Add(1)%4]}, nil })
}

// asking is a verifier that asks a model and takes the length of its answer for a verdict.
func asking(m model.Model) Verifier {
	return VerifierFunc(func(ctx context.Context, req *model.Request, _ *model.Response) (float64, error) {
		resp, err := m.Generate(ctx, req, model.Discard)
		if err != nil {
			return 0, err
		}
		return float64(min(len(resp.Text()), 8)) / 8, nil
	})
}

var errSpurned = &model.Error{Kind: model.Canceled, Op: "send answer"}

// blendOf makes a blend of three models, of which it may leave some out.
type blendOf = func(t *testing.T, a, b, c model.Model) model.Model

// blendsOfAll has one or more of every model of the package that is made of others.
func blendsOfAll() map[string]blendOf {
	blends := map[string]blendOf{
		"fallback": func(_ *testing.T, a, b, c model.Model) model.Model {
			return FallbackAmong([]Alternative{{Model: a}, {Model: b, On: []model.Kind{model.Timeout, model.TooLong}}, {Model: c}}, nil)
		},
		"balance": func(_ *testing.T, a, b, c model.Model) model.Model {
			return Balance([]Member{{Model: a, Name: "a", Concurrent: 5}, {Model: b, Name: "b"}, {Model: c, Name: "c", Rate: 20}}, Balancing{})
		},
		"balance sticky": func(_ *testing.T, a, b, c model.Model) model.Model {
			return Balance([]Member{{Model: a, Name: "a"}, {Model: b, Name: "b"}}, Balancing{By: ByOutstanding, Sticky: UnitKey})
		},
		"hedge": func(_ *testing.T, a, b, c model.Model) model.Model {
			return Hedge(a, Hedging{With: b, AtMost: 0.5, Quantile: 0.7})
		},
		"split": func(_ *testing.T, a, b, c model.Model) model.Model {
			return Split([]Arm{{a, 1, ""}, {b, 1, ""}, {c, 1, ""}}, Splitting{By: UnitKey, Salt: "x"})
		},
		"route": func(_ *testing.T, a, b, c model.Model) model.Model {
			return Route(named(a, b, c), byTurns(), Routing{})
		},
		"shadow": func(t *testing.T, a, b, c model.Model) model.Model {
			s, _ := shadowed(t, a, b, Shadowing{Share: 0.5})
			return s
		},
		"cascade": func(_ *testing.T, a, b, c model.Model) model.Model {
			m := cascade(a, b, AtLeast(0.5))
			m.Within, m.Verify = 300*time.Millisecond, asking(c)
			return m
		},
		"similar": func(_ *testing.T, a, b, c model.Model) model.Model {
			return alike(a, &recollecting{}, 0, 0)
		},
		"cache": func(t *testing.T, a, b, c model.Model) model.Model {
			return newCache(t, a, Caching{TTL: time.Second})
		},
		"all": func(t *testing.T, a, b, c model.Model) model.Model {
			pool := Balance([]Member{{Model: a, Name: "a"}, {Model: b, Name: "b"}}, Balancing{})
			quick := Hedge(Fallback(pool, c), Hedging{With: pool, AtMost: 0.5, Quantile: 0.7})
			s, _ := shadowed(t, Split([]Arm{{Route(named(quick, pool), byTurns(), Routing{}), 1, ""}, {cascade(c, quick, sure), 1, ""}}, Splitting{By: UnitKey, Salt: "x"}), pool, Shadowing{})
			return Record(s, discard{}, Recording{})
		},
	}
	maps.Copy(blends, chaoticEnsembles())
	return blends
}

// TestChaos puts many requests at once to every blend, over models that fail, wait and break off at random, and callers
// that leave.
func TestChaos(t *testing.T) {
	for name, blend := range blendsOfAll() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &chaos{random: rand.New(rand.NewPCG(11, 13))}
				m := blend(t, c.leaf("a"), c.leaf("b"), c.leaf("c"))
				var wg sync.WaitGroup
				var answers atomic.Int32
				for i := range 1000 {
					time.Sleep(time.Duration(c.below(30)) * time.Millisecond)
					wg.Go(func() {
						answered, err := c.whole(m, from("a", fmt.Sprint(i%50)))
						if err != nil {
							t.Error(err)
						}
						if answered {
							answers.Add(1)
						}
					})
				}
				wg.Wait()
				if n := answers.Load(); n < 300 || n == 1000 {
					t.Errorf("%d of 1000 requests were answered; want most, and some not", n)
				}
			})
		})
	}
}
