// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// MissingError says that something outside the repository is needed and not there; the part that needs it is left out.
type MissingError struct{ What string }

// Error says what is missing.
func (e *MissingError) Error() string { return e.What }

// Retort is the binary that is measured, with a folder of its own.
type Retort struct {
	Binary string
	Folder string // where it runs and logs
}

// Build builds the binary as releases are, in folder, unless one is given.
func Build(ctx context.Context, given, folder string) (*Retort, error) {
	r := &Retort{Folder: folder}
	if given != "" {
		var err error
		r.Binary, err = filepath.Abs(given)
		return r, err
	}
	r.Binary = filepath.Join(folder, "retort")
	return r, Compile(ctx, ".", r.Binary, "./cmd/retort", "-trimpath")
}

// Compile compiles a main package in dir to path. Without flags what is compiled already is used again.
func Compile(ctx context.Context, dir, path, pkg string, flags ...string) error {
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build"}, flags...), "-ldflags=-s -w", "-o", path, pkg)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", pkg, dir, err, bytes.TrimSpace(out))
	}
	return nil
}

// Command runs one retort command and returns what it printed to standard output.
func (r *Retort) Command(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, r.Binary, args...)
	cmd.Dir = r.Folder
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("retort %v: %w\n%s", args, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// Gateway is a serving retort.
type Gateway struct {
	URL  string
	cmd  *exec.Cmd
	log  *os.File
	gone chan error // its end, once
}

// Serve starts retort serve and waits until it is ready.
func (r *Retort) Serve(ctx context.Context, config, listen string) (*Gateway, error) {
	log, err := os.OpenFile(filepath.Join(r.Folder, "serve.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	g := &Gateway{URL: "http://" + listen, log: log, gone: make(chan error, 1)}
	g.cmd = exec.CommandContext(ctx, r.Binary, "serve", "-c", config, "--listen", listen)
	g.cmd.Stdout, g.cmd.Stderr, g.cmd.Dir = log, log, r.Folder
	if err := g.cmd.Start(); err != nil {
		log.Close()
		return nil, err
	}
	go func() { g.gone <- g.cmd.Wait() }()
	if err := g.ready(ctx); err != nil {
		err = g.Explain(err)
		g.Kill()
		return nil, err
	}
	return g, nil
}

// Explain adds to an error that came of a gateway whether it has ended, and the end of its log.
func (g *Gateway) Explain(err error) error {
	select {
	case end := <-g.gone:
		g.gone <- end
		err = fmt.Errorf("%w; retort serve has ended: %v", err, end)
	default:
	}
	text, _ := os.ReadFile(g.log.Name()) // for the message only
	return fmt.Errorf("%w; its log ends:\n%s", err, tail(text, 2000))
}

// ready waits until the gateway says that it is.
func (g *Gateway) ready(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.URL+"/readyz", nil)
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
			return errors.New("retort serve is not ready")
		case <-ctx.Done():
			return fmt.Errorf("retort serve is not ready: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Kill ends the process at once, as kill -9 does, and waits until it is gone.
func (g *Gateway) Kill() {
	g.cmd.Process.Kill() // it fails only when the process is gone already
	<-g.gone
	g.log.Close()
}

// FreeAddress returns a loopback address that nothing listens on.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// CreateKey makes an API key with the configuration in config.
func (r *Retort) CreateKey(ctx context.Context, config string) (string, error) {
	out, err := r.Command(ctx, "keys", "create", "bench", "--json", "-c", config)
	if err != nil {
		return "", err
	}
	var key struct{ Key string }
	if err := json.Unmarshal(out, &key); err != nil || key.Key == "" {
		return "", fmt.Errorf("retort keys create printed no key: %.200s", out)
	}
	return key.Key, nil
}

// File writes a file in the folder and returns its path.
func (r *Retort) File(name string, content []byte) (string, error) {
	path := filepath.Join(r.Folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, content, 0o600)
}

// Log returns the path of its log.
func (g *Gateway) Log() string { return g.log.Name() }

// PID returns the process id.
func (g *Gateway) PID() int { return g.cmd.Process.Pid }
