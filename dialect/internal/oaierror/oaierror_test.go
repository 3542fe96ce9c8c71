// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package oaierror

import (
	"errors"
	"testing"

	"retort/model"
)

func TestFailure(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		kind   model.Kind
		field  string
		shaped bool
	}{
		"model":       {404, `{"error":{"message":"no such model","type":"invalid_request_error","param":"model","code":"model_not_found"}}`, model.NotFound, "model", true},
		"too long":    {400, `{"error":{"message":"x","type":"invalid_request_error","code":"context_length_exceeded"}}`, model.TooLong, "", true},
		"in words":    {400, `{"error":{"message":"This model's maximum context length is 8 tokens","code":400}}`, model.TooLong, "", true},
		"quota":       {429, `{"error":{"message":"x","code":"insufficient_quota"}}`, model.Exhausted, "", true},
		"rate":        {429, `{"error":{"message":"x","code":"rate_limit_exceeded"}}`, model.RateLimited, "", true},
		"bare":        {400, `{"message":"x","type":"invalid_request_error"}`, model.Invalid, "", false},
		"detail":      {422, `{"detail":"x"}`, model.Invalid, "", false},
		"string":      {500, `{"error":"x"}`, model.Unavailable, "", false},
		"array":       {503, `[{"error":{"message":"x","code":503}}]`, model.Unavailable, "", false},
		"web page":    {502, `<html>`, model.Unavailable, "", false},
		"status 200":  {0, `{"error":{"message":"x","type":"server_error"}}`, model.Unavailable, "", true},
		"number":      {0, `{"error":{"message":"x","code":429}}`, model.RateLimited, "", true},
		"unknown":     {0, `{"error":{"message":"x"}}`, model.Upstream, "", true},
		"broken":      {400, `{"error":{"message":"x"`, model.Invalid, "", false},
		"wrong image": {0, `{"error":{"message":"x","code":"invalid_image_url"}}`, model.Invalid, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			e := Failure("d", tc.status, []byte(tc.body))
			if e.Kind != tc.kind || e.Field != tc.field || (e.Body != nil) != tc.shaped || e.Status != tc.status {
				t.Errorf("got kind %v, field %q, body %v", e.Kind, e.Field, e.Body)
			}
			if e.Body != nil && string(Render(e, "d")) != tc.body {
				t.Errorf("rendered %s", Render(e, "d"))
			}
		})
	}
}

func TestRender(t *testing.T) {
	for want, err := range map[string]error{
		`{"error":{"message":"read request: model: is missing (hint: say one)","type":"invalid_request_error","param":"model","code":"invalid_request"}}`: &model.Error{
			Kind: model.Invalid, Op: "read request", Field: "model", Hint: "say one", Err: errors.New("is missing")},
		`{"error":{"message":"an internal error; the server's log has the details","type":"server_error","param":null,"code":"internal"}}`:   errors.New("secret"),
		`{"error":{"message":"rate_limited","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}`:                           &model.Error{Kind: model.RateLimited},
		`{"error":{"message":"response_id: not_found","type":"invalid_request_error","param":"response_id","code":"response_id_not_found"}}`: &model.Error{Kind: model.NotFound, Field: "response_id"},
		`{"error":{"message":"quota_exhausted","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`: &model.Error{
			Kind: model.Exhausted, Body: &model.Body{Dialect: "other", Data: []byte("{}")}},
	} {
		if got := string(Render(err, "d")); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}
