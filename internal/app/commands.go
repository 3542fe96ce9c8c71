// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"retort/flow"
)

// A command that takes long is a run: another process can go on with it where this one is killed or interrupted. What one has to say for
// that is in a command; all the rest is here, once.

// command is a command as a run. O are its options, with all that it hangs on besides the configuration, the data folder and the files
// that it reads; R is what its steps make, which goes through JSON; T is what its caller wants.
type command[O, R, T any] struct {
	kind    string // what its runs are called
	version int    // see flow.Define
	// title says in a few words what the work is.
	title func(o *O) string
	// reads returns where the options name files, or versions of datasets.
	reads func(o *O) []*string
	// do is its steps.
	do func(a *App, ctx flow.Context, of *ordered[O], progress func(string, int, int)) (R, error)
	// tell makes of what the steps made what the caller wants.
	tell func(a *App, made R) (T, error)
}

// ordered is what a run of a command begins with.
type ordered[O any] struct {
	Options O
	Created time.Time         // of what it makes
	Folder  string            // that files are relative to
	Files   map[string]string // the SHA-256 of each file that is read
}

// Asked says how a command is to be done as a run.
type Asked struct {
	Anew     bool                                // begin anew where an earlier run of the same was interrupted
	Progress func(stage string, done, total int) // may be nil
	Begun    func(run flow.Run, earlier bool)    // is told which run it is, and whether it was begun earlier, before the work; may be nil
	refuse   error                               // why none may be begun, where there is none to go on with; nil: one may
}

func (how *Asked) begun(run flow.Run, earlier bool) {
	if how.Begun != nil {
		how.Begun(run, earlier)
	}
}

// run does a command as a run and hands what it made to deliver. The same call goes on where one that was interrupted stopped, and where one was
// killed after its work, before deliver had returned, hands over what that made.
func (c *command[O, R, T]) run(ctx context.Context, a *App, o O, how Asked, deliver func(T) error) (err error) {
	created, err := a.created()
	if err != nil {
		return err
	}
	of, err := newOrdered(o, created, c.reads, a.pin(ctx))
	if err != nil {
		return err
	}
	key, err := of.key(a.taken.Load()[:])
	if err != nil {
		return err
	}
	e, kinds, err := a.work(ctx, how.Progress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.rest(ctx, e)) }()
	var id string
	if !how.Anew {
		run, err := unfinished(ctx, e, c.kind, key)
		if err != nil {
			return err
		}
		if run != nil {
			id = run.ID
			how.begun(*run, true)
		}
		if run != nil && run.State != flow.Done {
			if err := e.Resume(ctx, id); err != nil {
				return err
			}
		}
	}
	if id == "" && how.refuse != nil {
		return how.refuse
	}
	if id == "" {
		if id, err = e.Start(ctx, kinds.of[c.kind], flow.Start{Title: c.title(&of.Options), Key: key, Awaited: true}, of); err != nil {
			return err
		}
		how.begun(flow.Run{ID: id}, false)
	}
	return c.deliver(ctx, a, e, id, deliver)
}

// deliver waits for a run to end and hands over what it made.
func (c *command[O, R, T]) deliver(ctx context.Context, a *App, e *flow.Engine, id string, deliver func(T) error) error {
	var made R
	if err := e.Result(ctx, id, &made); err != nil {
		return err
	}
	out, err := c.tell(a, made)
	if err != nil {
		return err
	}
	if err := deliver(out); err != nil {
		return err
	}
	return e.Told(context.WithoutCancel(ctx), id)
}

// work is what is common to commands, whatever they make.
type work interface {
	name() string
	define(a *App, progress func(string, int, int)) flow.Kind
	resume(ctx context.Context, a *App, e *flow.Engine, id string, deliver func(any) error) error
}

func (c *command[O, R, T]) name() string { return c.kind }

func (c *command[O, R, T]) define(a *App, progress func(string, int, int)) flow.Kind {
	return flow.Define(c.kind, c.version, func(ctx flow.Context, of ordered[O]) (R, error) {
		return c.do(a, ctx, &of, told(ctx, progress))
	})
}

func (c *command[O, R, T]) resume(ctx context.Context, a *App, e *flow.Engine, id string, deliver func(any) error) error {
	return c.deliver(ctx, a, e, id, func(made T) error { return deliver(made) })
}

// told is a progress that is never nil and that others can see as well.
func told(ctx flow.Context, progress func(string, int, int)) func(string, int, int) {
	return func(stage string, done, total int) {
		ctx.Progress(stage, done, total)
		if progress != nil {
			progress(stage, done, total)
		}
	}
}

// unfinished returns the latest run that would do the same and was interrupted, or killed before it could tell; one that is running is an error.
func unfinished(ctx context.Context, e *flow.Engine, kind, key string) (*flow.Run, error) {
	runs, err := e.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range runs {
		switch r := &runs[i]; {
		case r.Kind != kind || r.Key != key:
		case r.State == flow.Running:
			return nil, &flow.StateError{Run: *r, Doing: "go on with"}
		case r.State == flow.Interrupted:
			return r, nil
		case r.State == flow.Done:
			if r.Awaited {
				return r, nil
			}
			return nil, nil // what is older was begun before it
		}
	}
	return nil, nil
}

// pin returns a function that says which version of a dataset a text means now, as it may mean another when the run goes on; what means none
// stays as it is, and reading it says more.
func (a *App) pin(ctx context.Context) func(ref string) string {
	return func(ref string) string {
		if v, err := a.Dataset(ctx, ref); err == nil {
			return v.Ref()
		}
		return ref
	}
}

// newOrdered notes what a command hangs on. reads says where the options name files; pin is told what else they name there.
func newOrdered[O any](o O, created time.Time, reads func(o *O) []*string, pin func(ref string) string) (*ordered[O], error) {
	folder, err := filepath.Abs(".")
	if err != nil {
		return nil, fmt.Errorf("begin a run: %w", err)
	}
	of := &ordered[O]{Options: o, Created: created, Folder: folder, Files: map[string]string{}}
	for _, at := range reads(&of.Options) {
		if *at == "" {
			continue
		}
		sum, err := hashFile(*at)
		if errors.Is(err, fs.ErrNotExist) {
			*at = pin(*at)
			continue
		} else if err != nil {
			return nil, err
		}
		of.Files[*at] = sum
	}
	return of, nil
}

// key is the same for orders that would do the same, but for traces: with the same configuration, at that.
func (of *ordered[O]) key(configuration []byte) (string, error) {
	same := *of
	same.Created = time.Time{}
	text, err := json.Marshal(same)
	if err != nil {
		return "", fmt.Errorf("begin a run: %w", err)
	}
	sum := sha256.Sum256(append(text, configuration...))
	return hex.EncodeToString(sum[:16]), nil
}

// file returns where a file is from here. What was no file when the run began is left as it is.
func (of *ordered[O]) file(path string) string {
	if of.Files[path] == "" {
		return path
	}
	return of.here(path)
}

// here returns where a path of the folder that the run began in is from the one that it goes on in.
func (of *ordered[O]) here(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	if here, err := filepath.Abs("."); err == nil && here == of.Folder {
		return path
	}
	return filepath.Join(of.Folder, path)
}

// unchanged refuses to go on with files that are others now.
func (of *ordered[O]) unchanged() error {
	for path, was := range of.Files {
		is, err := hashFile(of.file(path))
		if err != nil {
			return fmt.Errorf("go on with the run: %w", err)
		}
		if is != was {
			return &changedFileError{path}
		}
	}
	return nil
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// changedFileError says that a run was to learn from something else.
type changedFileError struct{ path string }

func (e *changedFileError) Error() string {
	return fmt.Sprintf("%s has changed since the run began", strings.TrimSpace(e.path))
}

func (e *changedFileError) Hint() string {
	return "begin anew by the same command as at first; answers of teachers are kept and not paid again"
}
