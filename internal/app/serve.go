// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"retort/dialect/all"
	"retort/internal/capture"
	"retort/internal/plant"
	"retort/internal/server"
	"retort/internal/store"
	"retort/provider"
)

// ServeOptions say how to serve.
type ServeOptions struct {
	Listen string           // instead of the configuration's address; port 0 is a free one
	Watch  bool             // reload on SIGHUP and when the configuration file changes
	Ready  func(url string) // called once requests are taken; may be nil
}

// gateway is what runs while Serve does.
type gateway struct {
	server   *server.Server
	log      *capture.Log
	importer *capture.Importer
	retired  sync.WaitGroup // plants that are being let go
	workers  workers
}

// restaffEvery is how often a serving process looks for promotions and keys of other processes.
const restaffEvery = 300 * time.Millisecond

// Serve runs the gateway until ctx ends, then drains it. It can run once at a time.
func (a *App) Serve(ctx context.Context, o ServeOptions) (err error) {
	cfg := a.plant.Load().Config
	if o.Listen == "" {
		o.Listen = cfg.Listen
	}
	listener, err := listen(ctx, o.Listen)
	if err != nil {
		return err
	}
	defer listener.Close() // the server closes it too; this is for the returns before
	g, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close(g)) }()
	changes := a.store.Watch(ctx, restaffEvery)
	if _, err := a.restaff(ctx, g); err != nil {
		return err
	}
	a.beginLoops(ctx)
	a.recallAudits(ctx)
	a.recallSpent(ctx)
	a.reloading.Lock()
	a.tellLacking(a.plant.Load())
	a.reloading.Unlock()
	watching, stop := context.WithCancel(ctx)
	watched := a.follow(watching, g, changes, o.Watch)
	var looking sync.WaitGroup
	looking.Go(func() { a.promote(watching) })
	looking.Go(func() { a.turnTasks(watching) })
	looking.Go(func() { a.recheckTeachers(watching) })
	defer func() { stop(); <-watched; looking.Wait() }()
	if o.Ready != nil {
		o.Ready("http://" + listener.Addr().String())
	}
	return g.server.Serve(ctx, listener)
}

// listen opens the address, and says what to do when it is taken.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &listenError{address, err}
	}
	return l, nil
}

type listenError struct {
	address string
	err     error
}

func (e *listenError) Error() string { return fmt.Sprintf("listen on %s: %v", e.address, e.err) }
func (e *listenError) Unwrap() error { return e.err }
func (e *listenError) Hint() string {
	return "another program may use the port; choose another with listen: in the configuration or with --listen HOST:PORT"
}

// open starts capture and builds the server.
func (a *App) open(ctx context.Context) (*gateway, error) {
	cfg := a.plant.Load().Config
	log, err := capture.Open(store.TracesDir(cfg.Data), capture.Options{
		SyncEvery: cfg.Capture.SyncEvery, SegmentBytes: int64(cfg.Capture.SegmentBytes), Alarm: a.alarm})
	if err != nil {
		return nil, err
	}
	g := &gateway{log: log, importer: a.store.Import(log), workers: workers{leave: make(chan struct{})}}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(capture.Metrics(log, g.importer)...)
	metrics.MustRegister(plant.Collectors(a.plant.Load)...)
	metrics.MustRegister(newAuditMetrics(a))
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	l := cfg.Limits
	a.reloading.Lock() // who reloads swaps the snapshot of a gateway that it sees: none may be made meanwhile
	defer a.reloading.Unlock()
	g.server = server.New(a.snapshot(a.plant.Load(), g), server.Options{
		Dialects: all.Servers(), Refusals: all.Refusals(), Estimate: provider.EstimateTokens,
		Feedback: feedback{a}, Experiments: shown{a}, Tasks: shownTasks{a}, Runs: runsByHTTP{a, g}, Log: a.log, Registry: metrics,
		Checks:  []server.Check{{Name: "capture", Err: log.Err}},
		MaxBody: int64(l.MaxBody), MaxHeader: int(l.MaxHeader), HeaderTimeout: l.ReadHeaderTimeout, BodyTimeout: l.ReadTimeout,
		IdleTimeout: l.IdleTimeout, StallTimeout: l.WriteTimeout, DrainTimeout: l.DrainTimeout,
	})
	a.serving.Store(g)
	return g, nil
}

// alarm is told when recording or importing begins to fail, and with nil when all is well again.
func (a *App) alarm(err error) {
	if err != nil {
		a.log.Error("capture is in trouble; nothing is lost, but requests wait or fail where recording does", "error", err)
		return
	}
	a.log.Info("capture is well again")
}

// closing is how long the importer may take, when the gateway stops, to move what was recorded into the store; the
// rest waits for the next start.
const closing = 30 * time.Second

func (a *App) close(g *gateway) error {
	a.reloading.Lock() // a reload under way lets plants of the gateway go
	a.serving.Store(nil)
	a.reloading.Unlock()
	g.workers.end()
	g.retired.Wait()
	endShadows(a.plant.Load()) // of a gateway that has not come to serve
	a.endLoops()
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	return errors.Join(g.importer.Close(ctx), g.log.Close())
}

// retire lets go of a plant that is no longer served, once its copies have ended. The gateway waits for it when it
// closes.
func (g *gateway) retire(p *plant.Plant) {
	g.retired.Go(func() {
		endShadows(p)
		p.Close()
	})
}

// endShadows stops a plant's copies and audits and waits for those that are running, for as long as the gateway may take to close.
func endShadows(p *plant.Plant) {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	p.End(ctx)
}
