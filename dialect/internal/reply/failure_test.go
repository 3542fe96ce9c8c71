// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package reply

import (
	"net/http"
	"strings"
	"testing"

	"retort/model"
)

func TestFailure(t *testing.T) {
	for _, tc := range []struct {
		status int
		what   string
		body   string
		says   string
	}{
		{0, "slow down", "", "ask upstream: slow down"},
		{429, "slow down", "", "ask upstream: status 429: slow down"},
		{0, "", "junk", `it reported an error: "junk"`},
		{503, "", "", "status 503 Service Unavailable: nothing"},
	} {
		e := Failure(model.Unavailable, tc.status, tc.what, []byte(tc.body))
		if !strings.Contains(e.Error(), tc.says) || e.Status != tc.status || e.Kind != model.Unavailable {
			t.Errorf("%+v: %v", tc, e)
		}
	}
}

func TestAdvise(t *testing.T) {
	for _, tc := range []struct {
		status int
		body   string
		hint   string
	}{
		{302, "", "redirects to https://elsewhere"}, {500, " <html>", "web page"}, {401, "", "api_key"}, {404, "", "model's name"}, {400, "", ""},
	} {
		e := Advise(&model.Error{Status: tc.status}, http.Header{"Location": {"https://elsewhere"}}, []byte(tc.body))
		if (e.Hint == "") != (tc.hint == "") || !strings.Contains(e.Hint, tc.hint) {
			t.Errorf("%d: hint %q, want %q", tc.status, e.Hint, tc.hint)
		}
	}
	if e := Advise(&model.Error{Status: 401, Hint: "own"}, nil, nil); e.Hint != "own" {
		t.Errorf("a hint became %q", e.Hint)
	}
}

func TestKindOf(t *testing.T) {
	for status, want := range map[int]model.Kind{400: model.Invalid, 401: model.Unauthenticated, 402: model.Exhausted, 403: model.Forbidden, 404: model.NotFound,
		408: model.Timeout, 409: model.Unavailable, 413: model.TooLarge, 418: model.Invalid, 422: model.Invalid, 425: model.Unavailable, 429: model.RateLimited,
		500: model.Unavailable, 504: model.Timeout, 529: model.Unavailable, 204: model.Upstream, 302: model.Upstream} {
		if got := KindOf(status); got != want {
			t.Errorf("%d: %v, want %v", status, got, want)
		}
	}
}
