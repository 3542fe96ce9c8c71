// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

// trials are experiments of the default tenant.
type trials map[string]string

func (t trials) Experiments(_ context.Context, tenant string) (any, error) {
	if tenant != model.DefaultTenant {
		return []string{}, nil
	}
	return slices.Sorted(maps.Keys(t)), nil
}

func (t trials) Experiment(_ context.Context, tenant, split string) (any, error) {
	text, ok := t[split]
	if !ok || tenant != model.DefaultTenant {
		return nil, &model.Error{Kind: model.NotFound, Op: "find split", Err: errors.New("no split is named so")}
	}
	return map[string]string{"verdict": text}, nil
}

func TestExperimentsAreServed(t *testing.T) {
	r := newRig(t, echoing(), Options{Experiments: trials{"a/b": "not yet", "test": "better"}})
	for name, c := range map[string]struct {
		method, path string
		status       int
		says         string
	}{
		"list":     {"GET", "/api/experiments", 200, `["a/b","test"]`},
		"one":      {"GET", "/api/experiments/test", 200, `{"verdict":"better"}`},
		"slash":    {"GET", "/api/experiments/a/b", 200, `{"verdict":"not yet"}`},
		"encoded":  {"GET", "/api/experiments/a%2Fb", 200, `{"verdict":"not yet"}`},
		"unknown":  {"GET", "/api/experiments/nothing", 404, "find split: blend: no split is named so"},
		"method":   {"POST", "/api/experiments", 405, "GET"},
		"openapi":  {"GET", "/api/openapi.json", 200, `"openapi": "3.1.0"`},
		"near":     {"GET", "/api/experiment", 404, "/api/experiments"},
		"head one": {"HEAD", "/api/experiments/test", 200, ""},
	} {
		if resp, body := r.do(c.method, c.path, ""); resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: got %d %q, want %d and %q", name, resp.StatusCode, body, c.status, c.says)
		}
	}
	r.SetKeys([]Key{{ID: "1", Tenant: "acme", Hash: sha256.Sum256([]byte("secret"))}})
	for _, path := range []string{"/api/experiments", "/api/experiments/test", "/api/openapi.json"} {
		if resp, body := r.do("GET", path, ""); resp.StatusCode != 401 {
			t.Errorf("%s without a key: %d %q", path, resp.StatusCode, body)
		}
	}
	if resp, body := r.do("GET", "/api/experiments", "", "Authorization: Bearer secret"); resp.StatusCode != 200 || strings.TrimSpace(body) != "[]" {
		t.Errorf("another tenant's list: %d %q", resp.StatusCode, body)
	}
}

// Every path of the server's own is described, and nothing else is.
func TestOpenAPINamesEveryOwnPath(t *testing.T) {
	r := newRig(t, echoing(), Options{Experiments: trials{}, Tasks: works{}, Runs: chores{}, Feedback: &shelf{}})
	var served []string
	add := func(path string, routes []route) {
		for _, d := range (plain{}).Routes() {
			if d.Path == path {
				return
			}
		}
		for i := range routes {
			served = append(served, strings.ToLower(routes[i].method)+" "+path)
		}
	}
	for path, routes := range r.table.exact {
		add(path, routes)
	}
	for i := range r.table.patterns {
		p := &r.table.patterns[i]
		add(p.prefix+"*"+p.suffix, p.routes)
	}
	var document struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(openapi, &document); err != nil {
		t.Fatal(err)
	}
	var described []string
	for path, methods := range document.Paths {
		for method := range methods {
			described = append(described, method+" "+strings.NewReplacer("{blend}", "*", "{task}", "*", "{run}", "*").Replace(path))
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if d := cmp.Diff(served, described); d != "" {
		t.Errorf("-served +described:\n%s", d)
	}
}

// works are tasks of a tenant that say what span they were asked for.
type works struct{}

func (works) Tasks(_ context.Context, tenant string, since, until time.Time) (any, error) {
	return []string{tenant, since.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339)}, nil
}

func (works) Task(_ context.Context, tenant, name string, _, _ time.Time) (any, error) {
	if name != "desk/a" {
		return nil, &model.Error{Kind: model.NotFound, Op: "find task", Err: errors.New("no task is named so")}
	}
	return map[string]string{"task": name, "tenant": tenant}, nil
}

func TestTasksAreServed(t *testing.T) {
	r := newRig(t, echoing(), Options{Tasks: works{}})
	for name, c := range map[string]struct {
		path   string
		status int
		says   string
	}{
		"list":     {"/api/tasks", 200, `["default","0001-01-01T00:00:00Z","0001-01-01T00:00:00Z"]`},
		"span":     {"/api/tasks?since=2026-01-31T12:00:00%2B01:00&until=2026-02-01T00:00:00Z", 200, `["default","2026-01-31T11:00:00Z","2026-02-01T00:00:00Z"]`},
		"ago":      {"/api/tasks/desk%2Fa?since=24h", 200, `{"task":"desk/a","tenant":"default"}`},
		"unknown":  {"/api/tasks/nothing", 404, "find task: no task is named so"},
		"no time":  {"/api/tasks?since=yesterday", 400, "since: "},
		"negative": {"/api/tasks?until=-3h", 400, "until: "},
	} {
		if resp, body := r.do("GET", c.path, ""); resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: got %d %q, want %d and %q", name, resp.StatusCode, body, c.status, c.says)
		}
	}
	r.SetKeys([]Key{{ID: "1", Tenant: "acme", Hash: sha256.Sum256([]byte("secret"))}})
	if resp, body := r.do("GET", "/api/tasks", ""); resp.StatusCode != 401 {
		t.Errorf("without a key: %d %q", resp.StatusCode, body)
	}
	if resp, body := r.do("GET", "/api/tasks", "", "Authorization: Bearer secret"); resp.StatusCode != 200 || !strings.Contains(body, `"acme"`) {
		t.Errorf("another tenant's list: %d %q", resp.StatusCode, body)
	}
}

// chores are runs of the default tenant that say what was asked of them.
type chores struct{}

func (chores) Runs(_ context.Context, tenant, state, kind string) (any, error) {
	return []string{tenant, state, kind}, nil
}

func (chores) Run(_ context.Context, tenant, id string) (any, error) {
	if id != "abc" || tenant != model.DefaultTenant {
		return nil, &model.Error{Kind: model.NotFound, Op: "find run", Err: errors.New("there is no such run")}
	}
	return map[string]string{"id": id}, nil
}

func (c chores) CancelRun(ctx context.Context, tenant, id string) (any, error) {
	return c.Run(ctx, tenant, id)
}

func (c chores) ResumeRun(ctx context.Context, tenant, id, from string) (any, error) {
	if _, err := c.Run(ctx, tenant, id); err != nil {
		return nil, err
	}
	return map[string]string{"id": id, "from": from}, nil
}

func TestRunsAreServed(t *testing.T) {
	r := newRig(t, echoing(), Options{Runs: chores{}})
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		says               string
	}{
		"list":           {"GET", "/api/runs", "", 200, `["default","",""]`},
		"some":           {"GET", "/api/runs?state=failed&kind=label", "", 200, `["default","failed","label"]`},
		"one":            {"GET", "/api/runs/abc", "", 200, `{"id":"abc"}`},
		"unknown":        {"GET", "/api/runs/xyz", "", 404, `find run: there is no such run`},
		"cancel":         {"POST", "/api/runs/abc/cancel", "", 200, `{"id":"abc"}`},
		"cancel unknown": {"POST", "/api/runs/xyz/cancel", "", 404, `there is no such run`},
		"cancel by GET":  {"GET", "/api/runs/abc/cancel", "", 405, "POST"},
		"resume":         {"POST", "/api/runs/abc/resume", "", 200, `{"from":"","id":"abc"}`},
		"from":           {"POST", "/api/runs/abc/resume", `{"from": "learn"}`, 200, `{"from":"learn","id":"abc"}`},
		"number":         {"POST", "/api/runs/abc/resume", `{"from": 2}`, 400, `want {"from": STEP}`},
		"field":          {"POST", "/api/runs/abc/resume", `{"step": "learn"}`, 400, `want {"from": STEP}`},
		"more":           {"POST", "/api/runs/abc/resume", `{"from": "learn"} {}`, 400, `want {"from": STEP}`},
		"no JSON":        {"POST", "/api/runs/abc/resume", `learn`, 400, `want {"from": STEP}`},
	} {
		if resp, body := r.do(c.method, c.path, c.body); resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: got %d %q, want %d and %q", name, resp.StatusCode, body, c.status, c.says)
		}
	}
	r.SetKeys([]Key{
		{ID: "1", Tenant: "acme", Manages: true, Hash: sha256.Sum256([]byte("other"))},
		{ID: "2", Tenant: model.DefaultTenant, Hash: sha256.Sum256([]byte("client"))},
		{ID: "3", Tenant: model.DefaultTenant, Manages: true, Hash: sha256.Sum256([]byte("manager"))},
	})
	for secret, status := range map[string]int{"wrong": 401, "other": 404, "client": 403, "manager": 200} {
		for _, path := range []string{"/api/runs/abc/cancel", "/api/runs/abc/resume"} {
			if resp, body := r.do("POST", path, "", "Authorization: Bearer "+secret); resp.StatusCode != status || status == 403 && !strings.Contains(body, "--manage") {
				t.Errorf("%s by %s: %d %q, want %d", path, secret, resp.StatusCode, body, status)
			}
		}
	}
	if resp, body := r.do("GET", "/api/runs/abc", "", "Authorization: Bearer client"); resp.StatusCode != 200 {
		t.Errorf("a client does not see runs: %d %q", resp.StatusCode, body)
	}
}
