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
	cfg := a.plant.Load().config
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
	cfg := a.plant.Load().config
	log, err := capture.Open(store.TracesDir(cfg.Data), capture.Options{
		SyncEvery: cfg.Capture.SyncEvery, SegmentBytes: int64(cfg.Capture.SegmentBytes), Alarm: a.alarm})
	if err != nil {
		return nil, err
	}
	g := &gateway{log: log, importer: a.store.Import(log), workers: workers{leave: make(chan struct{})}}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(capture.Metrics(log, g.importer)...)
	metrics.MustRegister(newShadowMetrics(a), newCacheMetrics(a), newSimilarMetrics(a), newRouteMetrics(a), newCascadeMetrics(a), newAuditMetrics(a))
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
	a.plant.Load().endShadows() // of a gateway that has not come to serve
	a.endLoops()
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	return errors.Join(g.importer.Close(ctx), g.log.Close())
}

// feedback lets the server keep feedback in the store. Blends learn from it, and a correction is also forgotten by the
// memories that would repeat what it says is wrong.
type feedback struct{ app *App }

func (f feedback) AddFeedback(ctx context.Context, tenant string, given server.Feedback) error {
	row := store.Feedback{Trace: given.Trace, Rating: given.Rating, Correction: given.Correction, ID: given.ID}
	if given.Outcome != nil {
		row.Outcome = &store.Outcome{Name: given.Outcome.Name, Value: *given.Outcome.Value}
	}
	if given.Comment != "" {
		row.Comment = &given.Comment
	}
	if err := f.app.inRange(ctx, tenant, &given); err != nil {
		return err
	}
	kept, err := f.app.store.AddFeedback(ctx, tenant, row)
	if err != nil || kept.Again { // what was learned from it once is not learned again
		return err
	}
	f.app.heedNow(ctx, &row)
	if given.Correction == nil {
		return nil
	}
	return f.app.forget(ctx, tenant, given.Trace)
}
