// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"retort/flow"
	"retort/model"
)

// A run whose result nobody was told is handed over by the same call, once; what the API says of it keeps to its description, and other tenants see nothing.
func TestARunIsHandedOverOnce(t *testing.T) {
	u, url := newUpstream(t, 12, 0)
	a := openFor(t, url, `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 10, output: 20}}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large}
`)
	texts, _ := labelled(12)
	budget := model.Dollar
	o := LabelOptions{Task: "desk", Data: writeTexts(t, texts[:12]), Dataset: "mail", Asking: Asking{Budget: &budget}}
	var ids []string
	var earlier []bool
	label := func(deliver func(*Labels) error) error {
		return a.LabelRun(t.Context(), o, Asked{Begun: func(run flow.Run, before bool) { ids, earlier = append(ids, run.ID), append(earlier, before) }}, deliver)
	}
	untold := errors.New("broken pipe") // as good as a kill while it was told
	if err := label(func(*Labels) error { return untold }); !errors.Is(err, untold) {
		t.Fatal(err)
	}
	for range 2 {
		err := label(func(l *Labels) error {
			if l.Labelled != 12 || l.Version == nil || l.Version.Ref() != "mail@1" {
				t.Errorf("it made %+v", l)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if ids[1] != ids[0] || !earlier[1] || ids[2] == ids[0] || earlier[2] || u.calls != 12 {
		t.Errorf("runs %v, begun earlier %v, %d calls", ids, earlier, u.calls)
	}
	serving(t, a, func(url string) {
		document := got(t, url+"/api/openapi.json")
		var list []json.RawMessage
		if err := json.Unmarshal(got(t, url+"/api/runs?kind=label&state=done"), &list); err != nil || len(list) != 2 {
			t.Fatalf("the list has %d runs, %v", len(list), err)
		}
		for schema, text := range map[string][]byte{"Run": list[0], "RunWithSteps": got(t, url+"/api/runs/"+ids[0])} {
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err == nil {
				err = schemaOf(t, document, schema).Validate(value)
			}
			if err != nil {
				t.Errorf("%s is not as described: %v\n%s", schema, err, text)
			}
		}
		for _, query := range []string{"state=lost", "kind=distill"} {
			resp, err := http.Get(url + "/api/runs?" + query)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%s, which there is not: %s", query, resp.Status)
			}
		}
	})
	h := runsByHTTP{app: a}
	if all, err := h.Runs(t.Context(), "acme", "", ""); err != nil || len(all.([]flow.Run)) != 0 {
		t.Errorf("another tenant has %v, %v", all, err)
	}
	for name, err := range map[string]error{
		"show": second(h.Run(t.Context(), "acme", ids[0])), "cancel": second(h.CancelRun(t.Context(), "acme", ids[0])),
		"resume": second(h.ResumeRun(t.Context(), "acme", ids[0], "")),
	} {
		if model.KindOf(err) != model.NotFound {
			t.Errorf("%s by another tenant: %v", name, err)
		}
	}
	if _, err := h.ResumeRun(t.Context(), model.DefaultTenant, ids[0], ""); err == nil || err.Error() != "resume run "+ids[0]+": it is done" {
		t.Errorf("resuming what is done: %v", err)
	}
	if _, err := h.CancelRun(t.Context(), model.DefaultTenant, ids[0]); err == nil || err.Error() != "cancel run "+ids[0]+": it is done" {
		t.Errorf("cancelling what is done: %v", err)
	}
}

func second(_ any, err error) error { return err }
