// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"retort/internal/store"
	"retort/model"
)

// Feedback that a client sends twice counts once, a correction is what a student learns, and outcomes tell who did well.
func TestFeedbackThroughTheGateway(t *testing.T) {
	_, url := newUpstream(t, 40, 0)
	a := openApp(t, url, "")
	texts, _ := labelled(40)
	var first string
	serving(t, a, func(url string) {
		for _, text := range texts[:60] {
			ask(t, url, text)
		}
		for trace, err := range a.Traces(t.Context(), store.Filter{Model: "desk", Limit: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			first = trace.ID
		}
		say := func(body string, status int, says string) {
			t.Helper()
			resp, err := http.Post(url+"/v1/feedback", "application/json", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if text, _ := io.ReadAll(resp.Body); resp.StatusCode != status || !strings.Contains(string(text), says) {
				t.Errorf("%s: got %d %s, want %d and %s", body, resp.StatusCode, text, status, says)
			}
		}
		for range 3 {
			say(fmt.Sprintf(`{"trace":%q,"correction":"invoice","id":"case-1"}`, first), 200, first)
		}
		say(fmt.Sprintf(`{"trace":%q,"correction":"refund","id":"case-1"}`, first), 400, "says something else")
		say(fmt.Sprintf(`{"trace":%q,"outcome":{"name":"reopened","value":1},"id":"case-1-later"}`, first), 200, first)
		say(`{"trace":"nobody's","outcome":{"name":"reopened","value":1}}`, 404, "trace")
	})
	_, kept, err := a.Trace(t.Context(), first)
	if err != nil || len(kept) != 2 {
		t.Errorf("got %+v, %v, want the correction and the outcome once each", kept, err)
	}
	shown, err := a.OneTaskSavings(t.Context(), "desk", SavingsOptions{})
	if err != nil || len(shown.Outcomes) != 1 || shown.Outcomes[0].By != ByTeacher || shown.Outcomes[0].Answers != 1 || shown.Outcomes[0].Mean != 1 || shown.Labels.Corrected != 1 {
		t.Errorf("got %+v, %v", shown, err)
	}
	p := a.plant.Load()
	taught, err := a.lessons(t.Context(), p, p.Desks["desk"], func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	gold := 0
	for _, e := range append(taught.examples, taught.hard...) {
		if e.Gold {
			gold++
			if e.ID != first || e.Label != "invoice" {
				t.Errorf("got %+v", e)
			}
		}
	}
	if gold != 1 {
		t.Errorf("%d gold labels, want the one corrected", gold)
	}
	if _, err := a.store.AddFeedback(t.Context(), "acme", store.Feedback{Trace: first, Rating: new(1.0)}); model.KindOf(err) != model.NotFound {
		t.Errorf("another tenant: got %v", err)
	}
}
