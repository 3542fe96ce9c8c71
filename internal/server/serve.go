// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Serve answers requests that come in at l until ctx ends, then drains: /readyz turns negative, no more connections
// are taken, and requests that have begun are answered for DrainTimeout at most and then broken off. It returns when
// no request is left and the last snapshot is released: nil, or what made it stop before ctx ended. l is closed, and
// the server is not used again.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	hs := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.options.HeaderTimeout,
		IdleTimeout:       s.options.IdleTimeout,
		MaxHeaderBytes:    s.options.MaxHeader,
		ConnContext:       withCork,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- hs.Serve(corks{l, &s.outputs, s.options.StallTimeout}) }()
	var err error
	select {
	case err = <-served:
		err = fmt.Errorf("serve %v: %w", l.Addr(), err)
		hs.Close()
	case <-ctx.Done():
		s.drain(hs)
		<-served
	}
	s.release()
	return err
}

func (s *Server) drain(hs *http.Server) {
	s.draining.Store(true)
	if s.options.Notice > 0 {
		time.Sleep(s.options.Notice)
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.options.DrainTimeout)
	defer cancel()
	if err := hs.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		s.options.Log.Warn("requests were broken off", "after", s.options.DrainTimeout)
		hs.Close()
	}
}

// release takes the last snapshot away and waits until no request uses it any more: even those that were broken off
// need their models until they have noticed.
func (s *Server) release() {
	none := &Snapshot{gone: func() {}}
	none.uses.Store(1)
	s.snapshot.Swap(none).done()
	s.live.Wait()
}
