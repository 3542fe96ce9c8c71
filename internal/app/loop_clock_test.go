// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"retort/dataset"
	"retort/wheel"
)

// What a clock that was ahead dated in the future holds from now on, and not only once the clock has come to it.
func TestDatesInTheFuture(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, _ := labelled(400)
	first := champion(t, a, texts[:300])
	ahead := time.Now().Add(1000 * time.Hour).UnixNano()
	serving(t, a, func(url string) {
		d := a.plant.Load().Desks["desk"]
		was := loopAt(d)
		was.wheel.AskAt(ahead)
		was.wheel.Changed(ahead)
		was.latest.Store(ahead)
		until(t, "the wheel goes on in the future", func() bool { return loopAt(d) != was })
		now := loopAt(d).wheel
		if n := now.State().Requests; n > time.Now().UnixNano() {
			t.Errorf("its numbers are those of %s", moment(n))
		}
		if s := now.Status(); s.Champion == nil || s.Champion.Name != first {
			t.Errorf("got %+v", s)
		}
		for i, text := range texts[300:310] {
			ask(t, url, text)
			ask(t, url, strings.Repeat(string(rune('a'+i)), 7)) // which the student leaves
		}
		ended(t, a)
		until(t, "labels of now are from before the change", func() bool {
			a.flush(t.Context())
			s, err := a.wheelState(t.Context(), d)
			return err == nil && s.Labels >= 5
		})
	})
}

// Where a wheel cannot be begun in the place of one that has ended, the champion answers, and nobody waits for the one that has; what was told to it is
// heard by the next.
func TestWheelThatCannotBeRenewed(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, wheelDesk)
	texts, _ := labelled(400)
	champion(t, a, texts[:300])
	a.beginLoops(t.Context())
	defer a.endLoops()
	d := a.plant.Load().Desks["desk"]
	was := loopAt(d)
	was.latest.Store(time.Now().Add(time.Hour).UnixNano())
	ended, end := context.WithCancel(t.Context())
	end()
	a.renew(ended)
	if loopAt(d) != nil {
		t.Fatal("requests are told a wheel that has ended")
	}
	was.hear(tale{ticket: wheel.Ticket{Request: time.Now().UnixNano(), Audited: true}, outcome: wheel.Outcome{Text: "late", Label: "refund"}})
	a.renew(t.Context())
	now := loopAt(d)
	if now == nil || now == was {
		t.Fatal("the wheel is not begun again")
	}
	until(t, "what was told late is not heard", func() bool { return now.wheel.Status().Labels > 0 })
}

// An example that is dated in the future trains alone, and takes the place of no judge.
func TestExamplesOfTheFuture(t *testing.T) {
	l := &lessons{examples: []dataset.Example{{Text: "a", Time: time.Now().Add(-time.Hour)}, {Text: "b", Time: time.Now()}, {Text: "c", Time: time.Now().Add(time.Hour)}}}
	l.limit(time.Time{}, 1)
	if len(l.examples) != 1 || l.examples[0].Text != "b" || l.early != 2 {
		t.Errorf("%+v judge, and %d are early", l.examples, l.early)
	}
}
