// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"retort/model"
)

// comparerFunc makes a function a Comparer.
type comparerFunc func(ctx context.Context, a, b string) (float64, error)

func (f comparerFunc) Compare(ctx context.Context, _ *model.Request, a, b *model.Response) (float64, error) {
	return f(ctx, a.Text(), b.Text())
}

// longer thinks that longer answers are better, takes a second, costs 3 and leaves an attempt.
var longer = comparerFunc(func(ctx context.Context, a, b string) (float64, error) {
	time.Sleep(time.Microsecond)
	model.TrailOf(ctx).Add(model.Attempt{Model: "judge(" + a + "," + b + ")", Cost: 3})
	switch {
	case len(a) > len(b):
		return 0.9, nil
	case len(a) < len(b):
		return 0.2, nil
	}
	return 0.5, nil
})

var alwaysGood = VerifierFunc(func(context.Context, *model.Request, *model.Response) (float64, error) { return 0.9, nil })

// byX counts the x of an answer.
var byX = VerifierFunc(func(ctx context.Context, _ *model.Request, r *model.Response) (float64, error) {
	model.TrailOf(ctx).Add(model.Attempt{Model: "judge", Cost: 3})
	if strings.Contains(r.Text(), "?") {
		return 0, errors.New("I cannot say")
	}
	if strings.Contains(r.Text(), "!") {
		return math.NaN(), nil
	}
	return float64(strings.Count(r.Text(), "x")) / 10, nil
})

func TestBestOfByVerifier(t *testing.T) {
	for name, test := range map[string]struct {
		answers []string
		enough  float64
		want    string
		score   float64
		trail   string
	}{
		"highest":          {[]string{"x", "xxx", "xx"}, 0, "xxx", 0.3, "judge x! judge xx! judge xxx"},
		"tie to the first": {[]string{"ax", "bx", "c"}, 0, "ax", 0.1, "judge bx! judge c! judge ax"},
		"enough":           {[]string{"x", "xx", "xxx"}, 0.2, "xx", 0.2, "judge x! judge xx xxx:canceled"},
		"no verdict":       {[]string{"?xxxx", "x", "!xx"}, 0, "x", 0.1, "judge ?xxxx! judge !xx! judge x"},
		"never a verdict":  {[]string{"?a", "?b"}, 0.5, "?a", 0, "judge ?b! judge ?a"},
		"too sure":         {[]string{"", strings.Repeat("x", 50)}, 0, strings.Repeat("x", 50), 1, "judge ! judge " + strings.Repeat("x", 50)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var members []model.Model
				for i, text := range test.answers {
					members = append(members, says(text, text, time.Duration(i)*time.Second, 1))
				}
				got := put(t, BestOf(Choosing{Panel: panelOf(members...), Verifier: byX, Enough: test.enough}), hello())
				if got.err != nil || got.emitted != test.want || math.Abs(got.resp.Score-test.score) > 1e-9 || trailOf(got.attempts) != test.trail {
					t.Errorf("got %q with %v, %v; the trail is %q, want %q", got.emitted, got.resp, got.err, trailOf(got.attempts), test.trail)
				}
			})
		})
	}
}

func TestBestOfByComparer(t *testing.T) {
	for name, test := range map[string]struct {
		answers []string
		want    string
		judged  int
	}{
		"three":            {[]string{"1", "333", "22"}, "333", 2},
		"five":             {[]string{"1", "22", "333", "4444", "55555"}, "55555", 4},
		"alike":            {[]string{"aa", "bb", "cc"}, "aa", 2},
		"the same text":    {[]string{"aa", "aa", "b"}, "aa", 1},
		"one has nobody":   {[]string{"aa"}, "aa", 0},
		"the last is best": {[]string{"1", "1", "1", "22"}, "22", 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var members []model.Model
				for _, text := range test.answers {
					members = append(members, says(text, text, 0, 1))
				}
				got := put(t, BestOf(Choosing{Panel: panelOf(members...), Comparer: longer}), hello())
				judged := strings.Count(trailOf(got.attempts), "judge(")
				if got.err != nil || got.emitted != test.want || judged != test.judged || got.attempts[len(got.attempts)-1].Rejected {
					t.Errorf("got %q, %v after %d comparisons: %s", got.emitted, got.err, judged, trailOf(got.attempts))
				}
			})
		})
	}
}

// A comparer that knows members is told their names, and the answer still says who gave it.
func TestComparerIsToldNames(t *testing.T) {
	prefers := namedFunc(func(a, b string) float64 {
		if a == "b" {
			return 1
		}
		return 0
	})
	for named, want := range map[bool]string{true: "two", false: "three"} {
		panel := panelOf(says("x", "one", 0, 1), says("x", "two", 0, 1), says("x", "three", 0, 1))
		for i, name := range []string{"a", "b", "c"} {
			panel.Members[i].Name = name
		}
		got := put(t, BestOf(Choosing{Panel: panel, Comparer: prefers, Named: named}), hello())
		if got.err != nil || got.emitted != want || got.resp.Model != "up/x" {
			t.Errorf("named: %v: got %q of %v, %v; want %q", named, got.emitted, got.resp, got.err, want)
		}
	}
}

// namedFunc compares answers by who gave them.
type namedFunc func(a, b string) float64

func (f namedFunc) Compare(_ context.Context, _ *model.Request, a, b *model.Response) (float64, error) {
	return f(a.Model, b.Model), nil
}

func TestFailingJudgesLeaveTheFirst(t *testing.T) {
	fails := comparerFunc(func(context.Context, string, string) (float64, error) { return 0, errors.New("no") })
	mad := comparerFunc(func(context.Context, string, string) (float64, error) { panic("mad") })
	for _, c := range []Comparer{fails, mad} {
		got := put(t, BestOf(Choosing{Panel: panelOf(says("a", "a", 0, 0), says("b", "bb", 0, 0)), Comparer: c}), hello())
		if got.err != nil || got.emitted != "a" {
			t.Errorf("got %q, %v", got.emitted, got.err)
		}
	}
	verifier := VerifierFunc(func(context.Context, *model.Request, *model.Response) (float64, error) { panic("mad") })
	got := put(t, BestOf(Choosing{Panel: panelOf(says("a", "a", 0, 0)), Verifier: verifier}), hello())
	if got.err != nil || got.emitted != "a" {
		t.Errorf("a verifier that panics: got %q, %v", got.emitted, got.err)
	}
}

// TestAnswersOutliveALateVerifier: what has come by the deadline counts, judged or not.
func TestAnswersOutliveALateVerifier(t *testing.T) {
	slow := VerifierFunc(func(ctx context.Context, _ *model.Request, r *model.Response) (float64, error) {
		if r.Text() == "judged" {
			return 0.5, nil
		}
		<-ctx.Done()
		return 0, ctx.Err()
	})
	for last, want := range map[string]string{"judged": "judged", "c": "a"} {
		synctest.Test(t, func(t *testing.T) {
			p := panelOf(says("a", "a", time.Second, 0), says("late", "late", time.Hour, 0), says("c", last, time.Second, 0))
			p.Deadline, p.Quorum = 5*time.Second, 2
			got := put(t, BestOf(Choosing{Panel: p, Verifier: slow}), hello())
			if got.err != nil || got.emitted != want || got.took != p.Deadline {
				t.Errorf("got %q, %v after %v, want %s", got.emitted, got.err, got.took, want)
			}
		})
	}
}

func TestDeadlineAndCostBindTheJudge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := comparerFunc(func(ctx context.Context, a, b string) (float64, error) {
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(time.Hour):
				return 0, nil
			}
		})
		p := panelOf(says("a", "a", time.Second, 0), says("b", "bb", time.Second, 0))
		p.Deadline = 5 * time.Second
		if got := put(t, BestOf(Choosing{Panel: p, Comparer: slow}), hello()); got.emitted != "a" || got.took != 5*time.Second {
			t.Errorf("got %q, %v after %v", got.emitted, got.err, got.took)
		}
		p = panelOf(says("a", "a", 0, 10), says("b", "bb", 0, 10))
		p.MaxCost = 22
		m := BestOf(Choosing{Panel: p, Comparer: longer})
		for i, want := range []string{"bb", "a"} { // at first nobody knows what a comparison costs
			if got := put(t, m, hello()); got.emitted != want {
				t.Errorf("request %d: got %q, %v", i, got.emitted, got.err)
			}
		}
	})
}

func TestCallerLeavesWhileTheJudgeThinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		stuck := comparerFunc(func(ctx context.Context, a, b string) (float64, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		m := BestOf(Choosing{Panel: panelOf(says("a", "a", 0, 0), says("b", "bb", 0, 0)), Comparer: stuck})
		resp, err := m.Generate(ctx, hello(), model.Discard)
		if resp != nil || model.KindOf(err) != model.Timeout {
			t.Errorf("got %v, %v", resp, err)
		}
	})
}
