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

// HTTPStatus returns the status, for dialect.StatusOf.
func (e *statusError) HTTPStatus() int { return e.status }

// notFound answers at a path where there is nothing, in the dialect of the nearest path, with what its client may have
// meant.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	leaveBody(w, r)
	d := s.nearest(r)
	text := "there is nothing at " + strconv.Quote(short(r.URL.Path))
	if _, advice := s.meant(r.URL.Path); advice != "" {
		text += "; " + advice
	} else {
		text += "; there is: " + strings.Join(s.pathsOf(d), " ")
	}
	s.failIn(w, r, d, &model.Error{Kind: model.NotFound, Field: "path", Err: errors.New(text)})
}

func (s *Server) wrongMethod(w http.ResponseWriter, r *http.Request, routes []route, d dialect.Server) {
	leaveBody(w, r)
	if of, err := s.unknownVerb(r); err != nil {
		s.failIn(w, r, of, err)
		return
	}
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

// unknownVerb returns the error for a request whose path ends in a colon and a word, as some dialects ask a model for
// something, and the dialect; nil where the path is not of that form or the word is known.
func (s *Server) unknownVerb(r *http.Request) (of dialect.Server, err error) {
	var verbs []string
	asked := ""
	for i := range s.table.patterns {
		p := &s.table.patterns[i]
		name, found := strings.CutPrefix(r.URL.Path, p.prefix)
		if !found || !strings.HasPrefix(p.suffix, ":") || p.routes[0].method != r.Method {
			continue
		}
		colon := strings.LastIndexByte(name, ':')
		if colon < 0 || name[colon:] == p.suffix {
			return nil, nil
		}
		of, asked, verbs = p.routes[0].dialect, name[colon+1:], append(verbs, p.suffix[1:])
	}
	if of == nil {
		return nil, nil
	}
	slices.Sort(verbs)
	return of, &model.Error{Kind: model.NotFound, Field: "path",
		Err: fmt.Errorf("there is no method %q; there are: %s", short(asked), strings.Join(verbs, " "))}
}

// nearest returns the dialect with the path that has most in common with the one that a request means, of several the one
// whose header the request has, else the first.
func (s *Server) nearest(r *http.Request) dialect.Server {
	paths := ends(tidy(r.URL.Path))
	if meant, _ := s.meant(r.URL.Path); meant != "" {
		paths = []string{meant}
	}
	best, most := s.table.first, -1
	for _, d := range s.options.Dialects {
		shared, hinted := 0, 0
		for _, route := range d.Routes() {
			for _, path := range paths {
				shared = max(shared, commonParts(route.Path, path))
			}
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

// meant returns the path that somebody may have wanted who asked at path, as clients do whose base URL has too much or
// too little at its end, and what to say of it; both are empty when that is not clear.
func (s *Server) meant(path string) (meant, advice string) {
	clean := tidy(path)
	if s.table.find(clean) != nil {
		return clean, "you may mean " + strconv.Quote(short(clean)) + ", without a slash too many"
	}
	for _, start := range s.starts() {
		if s.table.exact[start+clean] != nil {
			return start + clean, fmt.Sprintf("you may mean %q: end the base URL that the client is given in %q", start+clean, start)
		}
	}
	for _, rest := range ends(clean)[1:] {
		extra := strings.TrimSuffix(clean, rest)
		if s.table.find(rest) != nil {
			return rest, fmt.Sprintf("you may mean %q: take %q off the base URL that the client is given", short(rest), short(extra))
		}
		for _, start := range s.starts() {
			if s.table.exact[start+rest] != nil {
				return start + rest, fmt.Sprintf("you may mean %q: write %q instead of %q in the base URL that the client is given", start+rest, start, short(extra))
			}
		}
	}
	return "", ""
}

// ends returns a path, and what is left of it without its first part, its first two and so on, as far as people may have
// put something before the path that they mean.
func ends(path string) []string {
	const most = 8
	all := []string{path}
	for i := nextPart(path, 0); i > 0 && len(all) < most; i = nextPart(path, i) {
		all = append(all, path[i:])
	}
	return all
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
	for _, path := range [...]string{"/healthz", "/readyz", "/metrics", "/v1/feedback", experimentsPath, tasksPath, openapiPath} {
		found[path] = s.table.exact[path] != nil
	}
	maps.DeleteFunc(found, func(_ string, there bool) bool { return !there })
	return slices.Sorted(maps.Keys(found))
}
