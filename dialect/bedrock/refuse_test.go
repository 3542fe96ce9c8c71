// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"net/http/httptest"
	"strings"
	"testing"

	"retort/model"
)

// What refuses AWS's clients is an error to them: here to the side that is one.
func TestRefusalIsAnErrorOfAWS(t *testing.T) {
	for _, route := range Refusals() {
		w := httptest.NewRecorder()
		route.Say(w, httptest.NewRequest(route.Method, "/model/m/converse", nil))
		e := Client{}.Error(w.Code, w.Header(), w.Body.Bytes())
		if e.Kind != model.NotFound || !strings.Contains(e.Error(), "to upstreams only") {
			t.Errorf("%s: %d %v, want a 404 that says why", route.Path, w.Code, e)
		}
	}
}
