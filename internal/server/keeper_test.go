// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/sha256"
	"strings"
	"testing"

	"retort/dialect"
	"retort/dialect/responses"
	"retort/model"
	"retort/model/modeltest"
)

// TestKept refers to an answer as its tenant and as another, in every way that the dialect has.
func TestKept(t *testing.T) {
	r := newRig(t, map[string]model.Model{"echo": modeltest.Echo("up/echo")},
		Options{Dialects: []dialect.Server{responses.Server{Memory: responses.NewMemory(responses.MemoryOptions{})}}})
	r.SetKeys([]Key{{ID: "1", Tenant: "one", Hash: sha256.Sum256([]byte("k1"))}, {ID: "2", Tenant: "two", Hash: sha256.Sum256([]byte("k2"))}})
	const mine, theirs = "Authorization: Bearer k1", "Authorization: Bearer k2"
	resp, body := r.do("POST", "/v1/responses", `{"model":"echo","input":"hello"}`, mine)
	if resp.StatusCode != 200 {
		t.Fatalf("%s: %s", resp.Status, body)
	}
	id := "resp_" + resp.Header.Get("Retort-Trace")
	ask := `{"model":"echo","input":"again","previous_response_id":"` + id + `"}`
	for _, c := range []struct {
		method, path, body, key string
		status                  int
		says                    string
	}{
		{"POST", "/v1/responses", ask, theirs, 400, "previous_response_id"},
		{"POST", "/v1/responses", ask, mine, 200, `"previous_response_id":"` + id + `"`},
		{"POST", "/v1/responses/input_tokens", ask, theirs, 400, "previous_response_id"},
		{"POST", "/v1/responses/input_tokens", ask, mine, 200, "input_tokens"},
		{"GET", "/v1/responses/" + id, "", theirs, 404, "no stored response"},
		{"GET", "/v1/responses/" + id, "", "X: y", 401, "key"},
		{"GET", "/v1/responses/" + id, "", mine, 200, body},
		{"GET", "/v1/responses/" + id + "/input_items", "", mine, 200, "hello"},
		{"DELETE", "/v1/responses/" + id, "", theirs, 404, "no stored response"},
		{"DELETE", "/v1/responses/" + id, "", mine, 200, "true"},
		{"GET", "/v1/responses/" + id, "", mine, 404, "no stored response"},
	} {
		resp, got := r.do(c.method, c.path, c.body, c.key)
		if resp.StatusCode != c.status || !strings.Contains(got, c.says) {
			t.Errorf("%s %s as %s: %d %s", c.method, c.path, c.key, resp.StatusCode, got)
		}
	}
}
