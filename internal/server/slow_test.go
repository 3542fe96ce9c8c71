// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"retort/dialect"
)

// A body that never comes keeps no answer back that does not need it, and no connection open for long.
func TestUnreadBodyHoldsNothingUp(t *testing.T) {
	tests := []struct {
		name, head string
		status     int
	}{
		{"foreign host", "POST /v1/chat/completions HTTP/1.1\r\nHost: evil.example\r\n", http.StatusForbidden},
		{"no such path", "POST /nothing HTTP/1.1\r\nHost: localhost\r\n", http.StatusNotFound},
		{"wrong method", "POST /v1/models HTTP/1.1\r\nHost: localhost\r\n", http.StatusMethodNotAllowed},
		{"feedback of a stranger", "POST /v1/feedback HTTP/1.1\r\nHost: evil.example\r\n", http.StatusForbidden},
		{"body with a GET", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n", 0},
		{"body that stops", "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n", http.StatusBadRequest},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(&Snapshot{Models: map[string]Model{}}, Options{Estimate: estimate, Dialects: []dialect.Server{plain{"/v1/chat/completions"}}, Feedback: &shelf{}, BodyTimeout: 300 * time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "%sContent-Length: 100\r\n\r\n{", tt.head)
			_ = conn.SetReadDeadline(time.Now().Add(3 * time.Minute)) // far beyond BodyTimeout: it only ends a broken server's test
			r := bufio.NewReader(conn)
			resp, err := http.ReadResponse(r, nil)
			if tt.status != 0 && (err != nil || resp.StatusCode != tt.status) {
				t.Errorf("got %v, %v; want status %d", resp, err, tt.status)
			}
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			if _, err := r.ReadByte(); err == nil || isTimeout(err) {
				t.Errorf("the connection stays open: %v", err)
			}
		})
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}
