// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"retort/dialect"
	"retort/model"
)

// statusError is an error whose status does not follow from its kind.
type statusError struct {
	error
	status int
}

func (e *statusError) Unwrap() error { return e.error }

// notFound answers at a path where there is nothing, in the dialect of the nearest path, with what its client may have
// meant.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	leaveBody(w, r)
	d := s.nearest(r)
	text := "there is nothing at " + strconv.Quote(short(r.URL.Path))
	if meant := s.meant(r.URL.Path); meant != "" {
		text += "; " + meant
	} else {
		text += "; there is: " + strings.Join(s.pathsOf(d), " ")
	}
	s.failIn(w, r, d, &model.Error{Kind: model.NotFound, Field: "path", Err: errors.New(text)})
}

func (s *Server) wrongMethod(w http.ResponseWriter, r *http.Request, routes []route, d dialect.Server) {
	leaveBody(w, r)
	var allowed []string
	for i := range routes {
		if m := routes[i].method; !slices.Contains(allowed, m) {
			allowed = append(allowed, m)
		}
	}
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	slices.Sort(allowed)
	takes := strings.Join(allowed, ", ")
	w.Header()["Allow"] = []string{takes}
	s.failIn(w, r, d, &statusError{&model.Error{Kind: model.Invalid, Op: "find path",
		Err: fmt.Errorf("%s takes %s, not %s", short(r.URL.Path), takes, strconv.Quote(short(r.Method)))}, http.StatusMethodNotAllowed})
}

// nearest returns the dialect with the path that has most in common with a request's, of several the one whose header
// the request has, else the first.
func (s *Server) nearest(r *http.Request) dialect.Server {
	best, most := s.table.first, -1
	for _, d := range s.options.Dialects {
		shared, hinted := 0, 0
		for _, route := range d.Routes() {
			shared = max(shared, commonParts(route.Path, r.URL.Path))
			if route.Header != "" && r.Header[route.Header] != nil {
				hinted = 1
			}
		}
		if n := 2*shared + hinted; n > most {
			best, most = d, n
		}
	}
	return best
}

// commonParts returns how many parts between slashes two paths have in common at their beginning.
func commonParts(a, b string) int {
	n := 0
	for {
		x, restA, moreA := strings.Cut(strings.TrimPrefix(a, "/"), "/")
		y, restB, moreB := strings.Cut(strings.TrimPrefix(b, "/"), "/")
		if x != y || x == "" {
			return n
		}
		n++
		if !moreA || !moreB {
			return n
		}
		a, b = restA, restB
	}
}

// meant says what somebody may have wanted who asked at path, as clients do whose base URL has too much or too little
// at its end; empty when that is not clear.
func (s *Server) meant(path string) string {
	clean := tidy(path)
	if s.table.find(clean) != nil {
		return "you may mean " + strconv.Quote(short(clean)) + ", without a slash too many"
	}
	for _, start := range s.starts() {
		if s.table.exact[start+clean] != nil {
			return fmt.Sprintf("you may mean %q: end the base URL that the client is given in %q", start+clean, start)
		}
	}
	for i := nextPart(clean, 0); i > 0; i = nextPart(clean, i) {
		extra, rest := clean[:i], clean[i:]
		if s.table.find(rest) != nil {
			return fmt.Sprintf("you may mean %q: take %q off the base URL that the client is given", short(rest), short(extra))
		}
		for _, start := range s.starts() {
			if s.table.exact[start+rest] != nil {
				return fmt.Sprintf("you may mean %q: write %q instead of %q in the base URL that the client is given", start+rest, start, short(extra))
			}
		}
	}
	return ""
}

// nextPart returns where the part of a path behind the one at i begins; 0 when there is none.
func nextPart(path string, i int) int {
	n := strings.IndexByte(path[i+1:], '/')
	if n < 0 {
		return 0
	}
	return i + 1 + n
}

// tidy returns a path without a slash at its end and without two in a row.
func tidy(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	if path = strings.TrimSuffix(path, "/"); !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path
}

// starts returns the first parts of all paths, sorted.
func (s *Server) starts() []string {
	found := map[string]bool{}
	for path := range s.table.exact {
		if first, _, more := strings.Cut(path[1:], "/"); more {
			found["/"+first] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// pathsOf returns the paths of a dialect and those of the server itself, sorted.
func (s *Server) pathsOf(d dialect.Server) []string {
	found := map[string]bool{}
	for _, route := range d.Routes() {
		found[route.Path] = true
	}
	for _, path := range [...]string{"/healthz", "/readyz", "/metrics", "/v1/feedback"} {
		found[path] = s.table.exact[path] != nil
	}
	maps.DeleteFunc(found, func(_ string, there bool) bool { return !there })
	return slices.Sorted(maps.Keys(found))
}
