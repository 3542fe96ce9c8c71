// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"retort/dialect/responses"
	"retort/model"
)

// serve answers with m, as a server would; what follows the first part cannot change the status.
func serve(t *testing.T, m model.Model) (client sdk.Client, base string) {
	return serveWith(t, responses.Server{}, m)
}

// serveWith is serve with a server of one's own.
func serveWith(t *testing.T, s responses.Server, m model.Model) (client sdk.Client, base string) {
	t.Helper()
	answers := 0
	handler := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		req, err := s.Request(r, body)
		if err == nil {
			req, err = s.Recall(req)
		}
		if err != nil {
			fail(w, err)
			return
		}
		answers++
		req.Trace = "t" + strconv.Itoa(answers)
		if s.Memory == nil {
			req.Trace = "t1"
		}
		a := s.Answer(w, req)
		begun := false
		begin := func() {
			if !begun {
				begun = true
				w.Header().Set("Content-Type", a.ContentType())
			}
		}
		resp, err := m.Generate(r.Context(), req, func(p model.Part) error {
			if req.Stream {
				begin()
			}
			return a.Part(p)
		})
		switch {
		case err != nil && begun:
			a.Fail(err)
		case err != nil:
			fail(w, err)
		default:
			begin()
			a.Finish(resp)
		}
	}
	mux := http.NewServeMux()
	for _, route := range s.Routes() {
		if route.Say != nil {
			mux.HandleFunc(route.Method+" "+strings.Replace(route.Path, "*", "{id}", 1), route.Say)
		}
	}
	mux.HandleFunc("POST /v1/responses", handler)
	h := httptest.NewServer(mux)
	t.Cleanup(h.Close)
	return sdk.NewClient(option.WithBaseURL(h.URL+"/v1"), option.WithAPIKey("k"), option.WithMaxRetries(0)), h.URL + "/v1"
}

func fail(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(model.KindOf(err).Policy().Status)
	w.Write(responses.Server{}.Error(err))
}

// answering returns a model that gives resp, and what it was asked.
func answering(resp *model.Response) (model.Model, *model.Content) {
	asked := &model.Content{}
	return model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		content, err := req.Content()
		if err != nil {
			return nil, err
		}
		*asked = *content
		return resp, resp.Emit(emit)
	}), asked
}

// upstream returns a model that asks an upstream of the dialect at base.
func upstream(c responses.Client, base string) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		r, err := c.Request(ctx, base, "theirs", req)
		if err != nil {
			return nil, err
		}
		hr, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer hr.Body.Close()
		if hr.StatusCode != http.StatusOK {
			body, _ := io.ReadAll(hr.Body)
			return nil, c.Error(hr.StatusCode, hr.Header, body)
		}
		return c.Response(hr, req, 1<<20, emit)
	})
}
