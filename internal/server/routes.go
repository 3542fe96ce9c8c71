// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"retort/dialect"
)

// route is what a path does for a method.
type route struct {
	method  string
	header  string         // it is for requests with this header alone; empty: for all others
	dialect dialect.Server // its errors are in this one's shape
	handle  http.HandlerFunc
}

// pattern is a path with the name of a model somewhere in it.
type pattern struct {
	prefix, suffix string
	routes         []route
}

func (p *pattern) matches(path string) bool {
	return len(path) > len(p.prefix)+len(p.suffix) && strings.HasPrefix(path, p.prefix) && strings.HasSuffix(path, p.suffix)
}

// table finds what a path does: by the path itself, else by the longest pattern that it matches. Paths are compared as
// they are once decoded, so a model's name may hold slashes, percent-encoded or not.
type table struct {
	exact    map[string][]route
	patterns []pattern // the longest first
	first    dialect.Server
}

// add adds a route. Of two for one path, method and header the first counts.
func (t *table) add(path string, to route) {
	prefix, suffix, many := strings.Cut(path, "*")
	if !many {
		t.exact[path] = append(t.exact[path], to)
		return
	}
	for i := range t.patterns {
		if p := &t.patterns[i]; p.prefix == prefix && p.suffix == suffix {
			p.routes = append(p.routes, to)
			return
		}
	}
	t.patterns = append(t.patterns, pattern{prefix, suffix, []route{to}})
}

// sort puts longer patterns before shorter ones, and routes for a header before the others.
func (t *table) sort() {
	slices.SortStableFunc(t.patterns, func(a, b pattern) int {
		return cmp.Compare(len(b.prefix)+len(b.suffix), len(a.prefix)+len(a.suffix))
	})
	byHeader := func(a, b route) int { return cmp.Compare(b.header, a.header) }
	for _, routes := range t.exact {
		slices.SortStableFunc(routes, byHeader)
	}
	for i := range t.patterns {
		slices.SortStableFunc(t.patterns[i].routes, byHeader)
	}
}

// find returns the routes of a path; nil when there is nothing.
func (t *table) find(path string) []route {
	if routes, ok := t.exact[path]; ok {
		return routes
	}
	for i := range t.patterns {
		if t.patterns[i].matches(path) {
			return t.patterns[i].routes
		}
	}
	return nil
}

// choose returns the route that a request means among those of its path. Where none takes its method, ok is false and
// the route is one that tells the dialect.
func choose(routes []route, r *http.Request) (to *route, ok bool) {
	for i := range routes {
		one := &routes[i]
		if one.header != "" && r.Header[one.header] == nil {
			continue
		}
		if one.method == r.Method || one.method == http.MethodGet && r.Method == http.MethodHead {
			return one, true
		}
		if to == nil {
			to = one
		}
	}
	if to == nil {
		to = &routes[0]
	}
	return to, false
}

// newTable returns the paths of the server itself and those of its dialects.
func (s *Server) newTable() *table {
	t := &table{exact: map[string][]route{}, first: s.options.Dialects[0]}
	own := func(method, path string, handle http.HandlerFunc) {
		t.add(path, route{method: method, dialect: t.first, handle: handle})
	}
	own(http.MethodGet, "/healthz", healthz)
	own(http.MethodGet, "/readyz", s.readyz)
	own(http.MethodGet, "/metrics", s.serveMetrics())
	if s.options.Feedback != nil {
		own(http.MethodPost, "/v1/feedback", s.keyed(t.first, s.feedback))
	}
	own(http.MethodGet, openapiPath, s.keyed(t.first, s.serveOpenAPI))
	if s.options.Experiments != nil {
		own(http.MethodGet, experimentsPath, s.keyed(t.first, s.listExperiments))
		own(http.MethodGet, experimentsPath+"/*", s.keyed(t.first, s.showExperiment))
	}
	if s.options.Tasks != nil {
		own(http.MethodGet, tasksPath, s.keyed(t.first, s.listTasks))
		own(http.MethodGet, tasksPath+"/*", s.keyed(t.first, s.showTask))
	}
	if s.options.Runs != nil {
		s.addRuns(t.first, own)
	}
	for _, d := range s.options.Dialects {
		for _, r := range d.Routes() {
			t.add(r.Path, route{r.Method, r.Header, d, s.handler(d, r)})
		}
	}
	for _, r := range s.options.Refusals {
		t.add(r.Path, route{r.Method, r.Header, t.first, s.handler(t.first, r)})
	}
	t.sort()
	return t
}

// handler returns what answers at a dialect's route. A dialect with a route for something that it cannot do is a
// mistake in the program, which ends it at the start.
func (s *Server) handler(d dialect.Server, r dialect.Route) http.HandlerFunc {
	missing := func(ok bool) {
		if !ok {
			panic(fmt.Sprintf("server: the dialect %s has a route %s %s but no methods for it", d.Name(), r.Method, r.Path))
		}
	}
	switch r.Op {
	case dialect.Generate:
		return func(w http.ResponseWriter, r *http.Request) { s.serveCall(w, r, d, (*call).generate) }
	case dialect.Embed:
		e, ok := d.(dialect.EmbedServer)
		missing(ok)
		return func(w http.ResponseWriter, r *http.Request) {
			s.serveCall(w, r, d, func(c *call, body []byte, caller Key) int { return c.embed(e, body, caller) })
		}
	case dialect.Count:
		counts, ok := d.(dialect.CountServer)
		missing(ok && s.options.Estimate != nil)
		return s.keyed(d, func(w http.ResponseWriter, r *http.Request, caller Key) { s.count(w, r, caller, d, counts) })
	case dialect.List, dialect.Show:
		catalog, ok := d.(dialect.Catalog)
		missing(ok)
		if r.Op == dialect.List {
			return s.keyed(d, func(w http.ResponseWriter, r *http.Request, _ Key) { s.listModels(w, r, catalog) })
		}
		return s.keyed(d, func(w http.ResponseWriter, r *http.Request, _ Key) { s.showModel(w, r, d, catalog) })
	}
	missing(r.Say != nil)
	if r.Open {
		return r.Say
	}
	return s.keyed(d, func(w http.ResponseWriter, req *http.Request, caller Key) {
		r.Say(w, req.WithContext(dialect.WithTenant(req.Context(), caller.Tenant)))
	})
}
