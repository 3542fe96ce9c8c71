// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/sha256"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long after a change the configuration file is read again: editors write in several steps.
const settle = 200 * time.Millisecond

// follow takes up changes while the gateway serves, until ctx ends: promotions and keys from other processes and, with
// files, a changed configuration file and SIGHUP. The channel it returns is closed when it has ended.
func (a *App) follow(ctx context.Context, g *gateway, changes <-chan struct{}, files bool) <-chan struct{} {
	ended := make(chan struct{})
	hangups := make(chan os.Signal, 1)
	var edits *fsnotify.Watcher
	if files {
		if len(reloadSignals) > 0 { // none would mean all
			signal.Notify(hangups, reloadSignals...)
		}
		edits = a.watchFile()
	}
	go func() {
		defer close(ended)
		defer signal.Stop(hangups)
		if edits != nil {
			defer edits.Close()
		}
		a.takeUp(ctx, g, changes, hangups, edits)
	}()
	return ended
}

// again is how soon what could not be taken up is tried anew.
const again = 2 * time.Second

func (a *App) takeUp(ctx context.Context, g *gateway, changes <-chan struct{}, hangups <-chan os.Signal, edits *fsnotify.Watcher) {
	var quiet, retry <-chan time.Time
	var events <-chan fsnotify.Event
	var lost <-chan error
	if edits != nil {
		events, lost = edits.Events, edits.Errors
	}
	restaff := func() {
		retry = nil
		done, err := a.restaff(ctx, g)
		if err != nil && ctx.Err() == nil {
			a.log.Error("champions and keys cannot be read; the old ones stay", "error", err)
		}
		if !done {
			retry = time.After(again)
		}
	}
	restaff()
	if edits != nil {
		quiet = soon(quiet) // the file may have changed between being read and being watched
	}
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-changes:
			if !open {
				changes = nil
				continue
			}
			restaff()
		case <-retry:
			restaff()
		case <-hangups:
			a.tryReload(ctx)
		case <-events:
			quiet = soon(quiet)
		case <-lost: // events may have been missed
			quiet = soon(quiet)
		case <-quiet:
			quiet = nil
			if a.fingerprint() != *a.taken.Load() {
				a.tryReload(ctx)
			}
		}
	}
}

// soon returns the timer that runs, or starts one: a folder in which something always changes must not put it off.
func soon(running <-chan time.Time) <-chan time.Time {
	if running != nil {
		return running
	}
	return time.After(settle)
}

// note remembers which version of the configuration file is about to be read.
func (a *App) note() {
	now := a.fingerprint()
	a.taken.Store(&now)
}

// fingerprint tells versions of the configuration file apart: whatever changes in its folder, what counts is what is
// read under its name.
func (a *App) fingerprint() [sha256.Size]byte {
	text, err := os.ReadFile(a.path)
	if err != nil {
		return [sha256.Size]byte{}
	}
	return sha256.Sum256(text)
}

func (a *App) tryReload(ctx context.Context) {
	if err := a.Reload(ctx); err != nil {
		a.log.Error("the configuration is not taken up; the old one stays", "error", err)
		return
	}
	a.log.Info("the configuration is taken up", "file", a.path)
}

// watchFile reports events in the configuration file's folder: the file itself may be replaced by another, or be a link
// to one that is, which ends a watch on it. Where the system cannot watch, SIGHUP still works.
func (a *App) watchFile() *fsnotify.Watcher {
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		err = watcher.Add(filepath.Dir(a.path))
	}
	if err != nil {
		a.log.Warn("changes of the configuration file are not noticed; send SIGHUP instead", "error", err)
		if watcher != nil {
			_ = watcher.Close()
		}
		return nil
	}
	return watcher
}
