// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"retort/model"
	"retort/provider"
)

// TestBrokenAnswersAreAccountedFor cuts answers short, on either side, and looks at what they are said to cost.
func TestBrokenAnswersAreAccountedFor(t *testing.T) {
	question := strings.Repeat("word ", 16) // 80 bytes, 20 tokens
	begun := "data: " + streamOf("hello wor", false)[1] + "\n\ndata: " + streamOf("hello wor", false)[2] + "\n\n"
	enough := errors.New("the client has gone")
	endless := func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, begun)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		emit    func(model.Part) error
		want    model.Usage
		kind    string
	}{
		"cut by the upstream":  {send("text/event-stream", begun), model.Discard, model.Usage{Input: 20, Output: 3}, "bad_upstream"},
		"left by the client":   {endless, func(model.Part) error { return enough }, model.Usage{Input: 20, Output: 2}, "canceled"},
		"before the first one": {send("text/event-stream", ": hi\n\n"), model.Discard, model.Usage{}, "bad_upstream"},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := newModel(t, tc.handler, provider.Options{Retries: -1})
			trail := &model.Trail{}
			req := wired(t, `{"model":"fast","stream":true,"messages":[{"role":"user","content":"`+question+`"}]}`)
			if _, err := m.Generate(model.WithTrail(t.Context(), trail), req, tc.emit); err == nil {
				t.Fatal("there is no error")
			}
			a := trail.Attempts()
			cost := model.Money(tc.want.Input)*model.Dollar/1e6 + model.Money(tc.want.Output)*2*model.Dollar/1e6
			if len(a) != 1 || a[0].Usage != tc.want || a[0].Cost != cost || a[0].Estimated != (tc.want.Input > 0) || a[0].Error != tc.kind {
				t.Errorf("got %+v; want %+v, cost %d", a, tc.want, cost)
			}
		})
	}
}
