// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"strings"
	"testing"

	"retort/internal/store"
	"retort/model"
)

// What students say is watched when they say it, and not when the teacher has answered: in a burst those that it is asked about come last.
func TestStudentsAreSeenBeforeTheTeacherAnswers(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, _ := labelled(400)
	champion(t, a, texts[:300])
	next := another(t, a)
	if _, err := a.store.Restage(t.Context(), model.DefaultTenant, next, store.Candidate, store.Canary, "a test"); err != nil {
		t.Fatal(err)
	}
	a.beginLoops(t.Context())
	defer a.endLoops()
	d := a.plant.Load().Desks["desk"]
	l := loopAt(d)
	seen := func() (n int) {
		for _, in := range l.wheel.State().Input.Bins {
			n += in
		}
		return n
	}
	asked := 0
	d.Teacher = model.Func(func(context.Context, *model.Request, func(model.Part) error) (*model.Response, error) {
		asked++
		until(t, "what was said is not seen", func() bool { return seen() == asked })
		return model.Answer("up/large", "refund"), nil
	})
	for _, text := range []string{"qqqqqqqq", "zzzzzzzzz", "xxxxxxx"} { // which no student answers
		req := model.NewRequest("desk", &model.Content{Messages: []model.Message{model.Text(model.User, text)}})
		if _, err := d.Generate(t.Context(), req, model.Discard); err != nil {
			t.Fatal(err)
		}
	}
	both := func() (n int) {
		for _, label := range l.wheel.State().Labels {
			if len(label.Said) == 2 {
				n++
			}
		}
		return n
	}
	until(t, "what the teacher and both students said is not told", func() bool { return both() == 3 })
	if n := seen(); asked != 3 || n != 3 {
		t.Errorf("the teacher was asked %d times, and %d requests were seen", asked, n)
	}
}
