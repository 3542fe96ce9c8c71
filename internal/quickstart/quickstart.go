// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package quickstart turns the whole wheel once on the built-in sample, offline: it starts a real gateway, sends it
// traffic over HTTP, distils a student from what was captured, puts it to work by reloading the gateway, sends the rest
// of the traffic and compares. Every figure of its Result was measured in that run.
package quickstart

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"retort/internal/app"
	"retort/internal/sample"
)

// Options say how to run.
type Options struct {
	Dir      string // the folder to leave; replaced when it is an earlier quickstart's
	Listen   string // empty: a free port on loopback
	Seed     uint64
	Progress func(stage string, done, total int)
	// Hold, when not nil, is called with the result while the gateway still runs, which stops when Hold returns.
	Hold func(*Result) error
}

// taught is how many of the sample's messages the student learns from; the rest is held out.
const taught = 1500

// Run turns the wheel.
func Run(ctx context.Context, o Options) (*Result, error) {
	messages, err := sample.Messages()
	if err != nil {
		return nil, err
	}
	if err := prepare(o.Dir); err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, filepath.Join(o.Dir, ConfigFile), app.Options{})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	listen := o.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	var result *Result
	err = served(ctx, a, listen, func(ctx context.Context, url string) error {
		if result, err = turn(ctx, a, url, messages, o); err != nil {
			return err
		}
		if o.Hold != nil {
			return o.Hold(result)
		}
		return nil
	})
	return result, err
}

// served runs work while the gateway serves, and stops the gateway after it.
func served(ctx context.Context, a *app.App, listen string, work func(ctx context.Context, url string) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- a.Serve(ctx, app.ServeOptions{Listen: listen, Ready: func(url string) { ready <- url }})
	}()
	select {
	case err := <-ended:
		return err
	case url := <-ready:
		err := work(ctx, url)
		stop()
		if serveErr := <-ended; err == nil {
			err = serveErr
		}
		return err
	}
}

// turn is one turn of the wheel against a running gateway.
func turn(ctx context.Context, a *app.App, url string, messages []sample.Message, o Options) (*Result, error) {
	first, rest := messages[:taught], messages[taught:]
	before, err := send(ctx, url, first, func(n int) { o.Progress("the teacher answers", n, len(first)) })
	if err != nil {
		return nil, err
	}
	start := time.Now()
	distilled, err := a.Distill(ctx, app.DistillOptions{Task: sample.Task, Seed: o.Seed, Progress: o.Progress})
	if err != nil {
		return nil, fmt.Errorf("distil the student: %w", err)
	}
	took := time.Since(start)
	if _, err := a.Promote(ctx, distilled.ID); err != nil {
		return nil, err
	}
	if err := a.Reload(ctx); err != nil {
		return nil, err
	}
	after, err := send(ctx, url, rest, func(n int) { o.Progress("the student answers", n, len(rest)) })
	if err != nil {
		return nil, err
	}
	result := &Result{Dir: o.Dir, URL: url, Distilled: distilled, DistilSeconds: took.Seconds()}
	if err := result.measure(ctx, a, before, after); err != nil {
		return nil, err
	}
	return result, result.report(filepath.Join(o.Dir, ReportFile))
}
