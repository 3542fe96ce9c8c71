// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a configuration file must be left alone before it is read again: editors write in several steps.
const settle = 200 * time.Millisecond

// follow takes up changes while the gateway serves, until ctx ends: promotions and keys from other processes and, with
// files, a changed configuration file and SIGHUP. The channel it returns is closed when it has ended.
func (a *App) follow(ctx context.Context, g *gateway, changes <-chan struct{}, files bool) <-chan struct{} {
	ended := make(chan struct{})
	hangups := make(chan os.Signal, 1)
	var edits <-chan fsnotify.Event
	stop := func() {}
	if files {
		if len(reloadSignals) > 0 { // none would mean all
			signal.Notify(hangups, reloadSignals...)
		}
		edits, stop = a.watchFile()
	}
	go func() {
		defer close(ended)
		defer signal.Stop(hangups)
		defer stop()
		a.takeUp(ctx, g, changes, hangups, edits)
	}()
	return ended
}

func (a *App) takeUp(ctx context.Context, g *gateway, changes <-chan struct{}, hangups <-chan os.Signal, edits <-chan fsnotify.Event) {
	var quiet <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-changes:
			if !open {
				changes = nil
				continue
			}
			if err := a.restaff(ctx, g); err != nil && ctx.Err() == nil {
				a.log.Error("champions and keys cannot be read; the old ones stay", "error", err)
			}
		case <-hangups:
			a.tryReload(ctx)
		case event, open := <-edits:
			if !open {
				edits = nil
				continue
			}
			if filepath.Base(event.Name) == filepath.Base(a.path) {
				quiet = time.After(settle)
			}
		case <-quiet:
			quiet = nil
			a.tryReload(ctx)
		}
	}
}

func (a *App) tryReload(ctx context.Context) {
	if err := a.Reload(ctx); err != nil {
		a.log.Error("the configuration is not taken up; the old one stays", "error", err)
		return
	}
	a.log.Info("the configuration is taken up", "file", a.path)
}

// watchFile reports events in the configuration file's folder: the file itself may be replaced by another, which ends
// a watch on it. Where the system cannot watch, SIGHUP still works.
func (a *App) watchFile() (<-chan fsnotify.Event, func()) {
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		err = watcher.Add(filepath.Dir(a.path))
	}
	if err != nil {
		a.log.Warn("changes of the configuration file are not noticed; send SIGHUP instead", "error", err)
		if watcher != nil {
			_ = watcher.Close()
		}
		return nil, func() {}
	}
	return watcher.Events, func() { _ = watcher.Close() }
}
