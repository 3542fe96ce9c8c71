// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// missingError says that something outside the repository is needed and not there.
type missingError struct{ what string }

func (e *missingError) Error() string { return e.what }

// buildRetort returns the binary to measure, built as releases are unless one is given.
func buildRetort(ctx context.Context, given, folder string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	path := filepath.Join(folder, "retort")
	return path, build(ctx, ".", path, "./cmd/retort")
}

// build compiles a main package in dir to path.
func build(ctx context.Context, dir, path, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", pkg, dir, err, bytes.TrimSpace(out))
	}
	return nil
}

// command runs one retort command and returns what it printed to standard output.
func (b *bench) command(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, b.retort, args...)
	cmd.Dir = b.folder
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("retort %v: %w\n%s", args, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// gateway is a serving retort.
type gateway struct {
	url  string
	cmd  *exec.Cmd
	log  *os.File
	gone chan error // its end, once
}

// serve starts retort serve and waits until it is ready.
func (b *bench) serve(ctx context.Context, config, listen string) (*gateway, error) {
	log, err := os.OpenFile(filepath.Join(b.folder, "serve.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	g := &gateway{url: "http://" + listen, log: log, gone: make(chan error, 1)}
	g.cmd = exec.CommandContext(ctx, b.retort, "serve", "-c", config, "--listen", listen)
	g.cmd.Stdout, g.cmd.Stderr, g.cmd.Dir = log, log, b.folder
	if err := g.cmd.Start(); err != nil {
		log.Close()
		return nil, err
	}
	go func() { g.gone <- g.cmd.Wait() }()
	if err := g.ready(ctx); err != nil {
		g.kill()
		text, _ := os.ReadFile(log.Name()) // for the message only
		return nil, fmt.Errorf("%w; its log ends:\n%s", err, tail(text, 2000))
	}
	return g, nil
}

// ready waits until the gateway says that it is.
func (g *gateway) ready(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-g.gone:
			g.gone <- err
			return fmt.Errorf("retort serve ended before it was ready: %v", err)
		case <-ctx.Done():
			return fmt.Errorf("retort serve is not ready: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// kill ends the process at once, as kill -9 does, and waits until it is gone.
func (g *gateway) kill() {
	g.cmd.Process.Kill() // it fails only when the process is gone already
	<-g.gone
	g.log.Close()
}

// freeAddress returns a loopback address that nothing listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }
