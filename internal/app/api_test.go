// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"retort/internal/store"
	"retort/model"
)

func got(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", url, resp.Status, err, body)
	}
	return body
}

// schemaOf returns a schema of the document that the server describes itself with.
func schemaOf(t *testing.T, document []byte, name string) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("memory:///openapi.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("memory:///openapi.json#/components/schemas/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The API says of experiments what the command prints, and keeps to its own description.
func TestExperimentsByHTTP(t *testing.T) {
	a := openConfig(t, strings.ReplaceAll(`listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  old: {provider: up, name: refund, price: {input: 1}}
  new: {provider: up, name: invoice, price: {input: 1}}
  test: {split: {by: request, arms: {old: 0.5, new: 0.5}, window: 0s}}
  done: {split: {by: user, arms: {old: 0.5, new: 0.5}, promote: auto, range: [1, 5]}}
`, "URL", parrots(t)))
	serving(t, a, func(url string) {
		for i := range 80 {
			answered, trace := putTraced(t, url, "test", says("user", fmt.Sprint("question ", i)))
			rating := 0
			if strings.HasSuffix(answered, "invoice") {
				rating = 1
			}
			resp, err := http.Post(url+"/v1/feedback", "application/json", strings.NewReader(fmt.Sprintf(`{"trace": %q, "rating": %d}`, trace, rating)))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		if _, err := a.store.Settle(t.Context(), model.DefaultTenant, store.Settlement{Split: "done", Arm: "new", Evidence: json.RawMessage(`{"why": "tested"}`)}); err != nil {
			t.Fatal(err)
		}
		document := got(t, url+"/api/openapi.json")
		schema := schemaOf(t, document, "Experiment")
		var list []json.RawMessage
		if err := json.Unmarshal(got(t, url+"/api/experiments"), &list); err != nil || len(list) != 2 {
			t.Fatalf("the list has %d experiments, %v", len(list), err)
		}
		all, err := a.Experiments(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range all {
			printed, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range [][]byte{list[i], got(t, url+"/api/experiments/"+e.Split)} {
				if d := cmp.Diff(decoded(t, printed), decoded(t, text)); d != "" {
					t.Errorf("%s: -printed +served:\n%s", e.Split, d)
				}
				value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
				if err == nil {
					err = schema.Validate(value)
				}
				if err != nil {
					t.Errorf("%s is not as described: %v", e.Split, err)
				}
			}
		}
		if e := all[1]; e.Split != "test" || e.Arms[0].Requests+e.Arms[1].Requests != 80 || e.Arms[0].Judged == 0 || len(e.Pairs) != 1 || e.Pairs[0].Outcome == nil {
			t.Errorf("the experiment is %+v", e.Result)
		}
		if all[0].Settled == nil || all[0].Settled.Arm != "new" {
			t.Errorf("settled is %+v", all[0].Settled)
		}
	})
	if all, err := (shown{a}).Experiments(t.Context(), "acme"); err != nil || len(all.([]*Experiment)) != 0 {
		t.Errorf("another tenant has %v, %v", all, err)
	}
	if _, err := (shown{a}).Experiment(t.Context(), "acme", "test"); model.KindOf(err) != model.NotFound {
		t.Errorf("another tenant's split: %v", err)
	}
}

func decoded(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
