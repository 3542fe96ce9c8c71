// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"

	"retort/internal/app"
	"retort/internal/store"
)

type serveCmd struct {
	Listen string `placeholder:"HOST:PORT" help:"Listen here instead of where the configuration says."`
}

func (c *serveCmd) Run(s *session) error {
	if _, set := s.Getenv("GOGC"); !set {
		paceCollector()
	}
	log := slog.New(slog.NewTextHandler(s.Stderr, nil))
	a, err := app.Open(s.ctx, s.config, app.Options{Getenv: s.Getenv, Log: log, Worker: s.worker()})
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Serve(s.ctx, app.ServeOptions{Listen: c.Listen, Watch: true, Ready: func(url string) {
		releaseStart()
		fmt.Fprintf(s.Stderr, "retort is listening on %s\n", url)
		if keys, err := a.Keys(s.ctx); err == nil && unreachable(url, keys) {
			fmt.Fprintf(s.Stderr, "hint: there are no API keys, so programs on this machine alone are served; make one with: %s keys create NAME%s\n", program(), s.configFlag())
		}
	}})
}

// unreachable says whether a gateway listens to other machines, which it does not serve as none of the keys is valid.
func unreachable(url string, keys []store.Key) bool {
	if slices.ContainsFunc(keys, func(k store.Key) bool { return k.Revoked == nil }) {
		return false
	}
	host, _, err := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	ip := net.ParseIP(host)
	return err == nil && host != "localhost" && (ip == nil || !ip.IsLoopback())
}

type checkCmd struct{ jsonFlag }

func (c *checkCmd) Run(s *session) error {
	summary, err := app.Check(s.ctx, s.config, s.Getenv)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(summary)
	}
	fmt.Fprintf(s.Stdout, "%s is valid: %s, %s, %s; listens on %s; data in %s\n",
		s.config, counted(summary.Providers, "provider"), counted(summary.Models, "model"), counted(summary.Tasks, "task"), summary.Listen, summary.Data)
	for _, l := range summary.Lacking {
		fmt.Fprintf(s.Stdout, "%s\n  hint: %s\n", printable(l.String()), l.Hint)
	}
	return nil
}
