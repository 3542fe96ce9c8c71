// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package app wires Retort together: it alone knows every other package. It opens a configuration and its data folder, has
// the plant of models built and gives it the champions and tunings in use, serves it, builds another when the file changes, and
// runs distillations on what was recorded.
package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"

	"retort/internal/config"
	"retort/internal/plant"
	"retort/internal/store"
	"retort/internal/suggest"
	"retort/model"
)

// Options say how to open an App.
type Options struct {
	Getenv func(string) (string, bool) // nil: the process's environment
	Log    *slog.Logger                // nil: none
	// Worker returns a command that runs this program with these arguments, the same configuration and environment, for turns of wheels
	// while serving; nil: tasks do not turn by themselves.
	Worker   func(args ...string) *exec.Cmd
	Optional bool // a missing configuration file stands for an empty one
}

// App is an open configuration with its data folder. It is safe for concurrent use.
type App struct {
	path    string
	missing bool // there was no file at path
	options Options
	log     *slog.Logger
	store   *store.Store

	reloading sync.Mutex                        // held while plant and champions change
	taken     atomic.Pointer[[sha256.Size]byte] // fingerprint of the configuration file as it was last read
	plant     atomic.Pointer[plant.Plant]
	serving   atomic.Pointer[gateway] // while Serve runs
	ledger    ledger
	auditor   auditor
	loops     map[string]*loop // by task, while Serve runs; guarded by reloading
	orphans   map[string]*loop // that ended before another could be begun; guarded by reloading
	tallies   tallies          // of tasks that turn
}

// Open reads the configuration at path and opens its data folder, creating it when needed.
func Open(ctx context.Context, path string, options Options) (*App, error) {
	if options.Getenv == nil {
		options.Getenv = os.LookupEnv
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	a := &App{path: path, options: options, log: options.Log}
	a.note()
	cfg, err := load(path, options)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		a.missing = true
	}
	p, err := plant.New(cfg, nil)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, cfg.Data)
	if err != nil {
		p.Close()
		return nil, err
	}
	a.store = s
	a.plant.Store(p)
	if err := a.equip(ctx, p); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// load reads a configuration file; a missing one is an error with a hint, or the defaults.
func load(path string, options Options) (*config.Config, error) {
	cfg, err := config.Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return cfg, err
	}
	if options.Optional {
		return config.Parse(path, nil, options.Getenv)
	}
	return nil, &missingError{path}
}

// missingError says that there is no configuration file.
type missingError struct{ path string }

func (e *missingError) Error() string { return "there is no configuration file " + e.path }
func (e *missingError) Hint() string {
	return "write one with: retort init; name another with -c FILE; or see it all work with: retort quickstart"
}

// Close lets go of the data folder. Serve has returned by then.
func (a *App) Close() error {
	a.plant.Load().Close()
	return errors.Join(a.closeLedger(), a.store.Close())
}

// Model returns a configured model or task by name, as clients of the gateway would get it, but unrecorded. One that
// makes vectors alone is an error, as it is to them.
func (a *App) Model(name string) (model.Model, error) {
	return a.plant.Load().Model(name)
}

// HasTask says whether the configuration has a task of that name.
func (a *App) HasTask(name string) bool { return a.plant.Load().Desks[name] != nil }

// Turns says whether a task of the configuration has a wheel.
func (a *App) Turns(name string) bool {
	d := a.plant.Load().Desks[name]
	return d != nil && d.Config.Wheel != nil
}

// Doubt says what makes it unlikely that there are traces of a model or task of that name: the configuration has none,
// or there is no configuration; empty: nothing does.
func (a *App) Doubt(name string) string {
	p := a.plant.Load()
	switch {
	case a.missing:
		return "there is no configuration file " + a.path
	case name == "" || slices.Contains(p.Names(), name):
		return ""
	}
	return fmt.Sprintf("the configuration has no model or task %q%s", name, suggest.Near(name, p.Names()))
}
