// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command farend is the far end of the benchmarks of dialects, as a process whose CPU time does not count for the
// gateway: "upstream" answers in every dialect, each below its own name, with the same bytes each time; "floor URL" is a
// bare reverse proxy. It prints {"url": …} and serves until it is killed.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "farend:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var handler http.Handler
	switch {
	case len(args) == 1 && args[0] == "upstream":
		handler = upstreams()
	case len(args) == 2 && args[0] == "floor":
		to, err := url.Parse(args[1])
		if err != nil {
			return err
		}
		handler = floor(to)
	default:
		return fmt.Errorf("usage: farend upstream | farend floor URL")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("{\"url\": \"http://%s\"}\n", l.Addr())
	return http.Serve(l, handler)
}

// floor is the least that a gateway in Go can cost.
func floor(to *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0), // it breaks off now and then; see package overhead
		Transport:     &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
	}
}

// answer is what an upstream says: the same to all.
type answer struct {
	kind   string
	chunks [][]byte
}

func upstreams() http.Handler {
	whole, streams := map[string]answer{}, map[string]answer{}
	for name, make := range scripts {
		whole[name], streams[name] = make(false), make(true)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		a, ok := whole[name]
		if streamed(r.URL.Path, body) {
			a = streams[name]
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", a.kind)
		if len(a.chunks) == 1 {
			w.Write(a.chunks[0]) // a client that has gone needs no answer
			return
		}
		flush := http.NewResponseController(w)
		for _, c := range a.chunks {
			if _, err := w.Write(c); err != nil {
				return
			}
			flush.Flush()
		}
	})
}

func streamed(path string, body []byte) bool {
	return strings.HasSuffix(path, ":streamGenerateContent") || strings.HasSuffix(path, "/converse-stream") ||
		strings.Contains(string(body), `"stream":true`)
}
