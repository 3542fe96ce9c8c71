// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // lets the engine use SQLite

	"retort/internal/blob"
	"retort/internal/sqlite"
)

// Runs are the runs of a folder, whichever process works on them. Its methods are safe for concurrent use.
type Runs struct {
	dir    string
	leases leases
	blobs  *blob.Folder

	underway *underway

	db     *sql.DB
	client dbos.Context // nil: there is no database yet, hence no run
}

const (
	application = "retort"
	// applicationVersion is the engine's, which takes up runs of its own version alone. It stays: versions are the kinds'.
	applicationVersion = "1"
	workflowName       = "run"
	queuePrefix        = "queue-"
	databaseFile       = "runs.db"
)

// Look opens the runs of a folder to see and to cancel them; nothing is worked on. A folder that is not there has none. The
// caller closes it.
func Look(ctx context.Context, dir string) (*Runs, error) {
	r := newRuns(dir)
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err := r.open(ctx, "", slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	return r, nil
}

func newRuns(dir string) *Runs {
	return &Runs{dir: dir, leases: leases{filepath.Join(dir, "instances")}, blobs: blob.In(filepath.Join(dir, "values")), underway: underwayIn(dir)}
}

// open opens the database as an instance; one without name works on nothing. Two processes never change its schema at a time.
func (r *Runs) open(ctx context.Context, instance string, log *slog.Logger) error {
	db, err := sql.Open("sqlite", sqlite.DSN(filepath.Join(r.dir, databaseFile), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"cache_size(-1000)", "journal_size_limit(4194304)"))
	if err != nil {
		return fmt.Errorf("open runs: %w", err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	config := dbos.Config{AppName: application, SQLiteSystemDB: db, ApplicationVersion: applicationVersion, ExecutorID: cmp.Or(instance, "none"), Logger: log}
	err = exclusively(ctx, r.dir, func() error {
		// A cancelled caller does not cancel runs: they are interrupted, and go on another time.
		r.client, err = dbos.NewContext(context.WithoutCancel(ctx), config)
		return err
	})
	if err == nil && (r.client.GetExecutorID() != config.ExecutorID || r.client.GetApplicationVersion() != applicationVersion) {
		err = errors.Join(errors.New("the environment sets DBOS__VMID or DBOS__APPVERSION, which are Retort's own to choose; unset them"), r.client.Shutdown(r.client, closing))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open runs in %s: %w", r.dir, err), db.Close())
	}
	r.db = db
	return nil
}

// connections is how many may read the database at a time; one writes.
const connections = 4

// closing is how long to wait for work to notice that it is to end.
const closing = 10 * time.Second

// Close lets go of the database.
func (r *Runs) Close() error {
	if r.client == nil {
		return nil
	}
	return errors.Join(r.client.Shutdown(r.client, closing), r.db.Close())
}

// List returns all runs, the latest first.
func (r *Runs) List(ctx context.Context) ([]Run, error) {
	return r.find(ctx, dbos.WithFilterSortDesc())
}

func (r *Runs) find(ctx context.Context, options ...dbos.ListWorkflowsOption) ([]Run, error) {
	if r.client == nil {
		return nil, nil
	}
	rows, err := dbos.ListWorkflows(dbos.From(r.client, ctx), append(options, dbos.WithFilterLoadInput(true), dbos.WithFilterLoadOutput(true))...)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	runs := make([]Run, len(rows))
	return runs, exclusively(ctx, r.dir, func() error {
		alive := map[string]int{}
		for i := range rows {
			if runs[i], err = r.read(&rows[i], alive); err != nil {
				return err
			}
		}
		return nil
	})
}

// read makes a Run of a row; alive remembers who was asked for.
func (r *Runs) read(row *dbos.WorkflowStatus, alive map[string]int) (Run, error) {
	e, err := opened(row)
	if err != nil {
		return Run{}, err
	}
	run := Run{ID: row.ID, Kind: e.Kind, Title: e.Title, Key: e.Key, Created: row.CreatedAt, Updated: row.UpdatedAt, Ended: row.CompletedAt, From: row.ForkedFrom}
	run.Awaited, _ = row.Attributes[awaited].(bool)
	if row.Error != nil {
		run.Error = row.Error.Error()
	}
	switch row.Status {
	case dbos.WorkflowStatusSuccess:
		run.State = Done
	case dbos.WorkflowStatusCancelled:
		run.State = Cancelled
	case dbos.WorkflowStatusPending:
		run.owner = row.ExecutorID
	case dbos.WorkflowStatusEnqueued, dbos.WorkflowStatusDelayed:
		run.owner = strings.TrimPrefix(row.QueueName, queuePrefix)
	default:
		run.State = Failed
	}
	if run.State != "" {
		return run, nil
	}
	pid, asked := alive[run.owner]
	if !asked {
		if pid, err = r.leases.alive(run.owner); err != nil {
			return run, err
		}
		alive[run.owner] = pid
	}
	if run.State, run.Process = Interrupted, pid; pid > 0 {
		run.State = Running
	}
	return run, nil
}

// opened returns what a run began with.
func opened(row *dbos.WorkflowStatus) (*envelope, error) {
	var e envelope
	if err := relist(row.Input, &e); err != nil {
		return nil, fmt.Errorf("read what run %s began with: %w", row.ID, err)
	}
	return &e, nil
}

// relist reads a value as the engine lists it, which is its JSON.
func relist(listed, into any) error {
	text, ok := listed.(string)
	if !ok {
		return fmt.Errorf("%T in the place of JSON", listed)
	}
	return json.Unmarshal([]byte(text), into)
}

// Find returns the run of an id, or of the start of one; a *NotFoundError where there is none, or more than one.
func (r *Runs) Find(ctx context.Context, id string) (*Run, error) {
	runs, err := r.find(ctx, dbos.WithFilterWorkflowIDPrefix(id))
	if err != nil {
		return nil, err
	}
	var several []string
	for i := range runs {
		if runs[i].ID == id {
			return &runs[i], nil
		}
		several = append(several, runs[i].ID)
	}
	if len(runs) == 1 && id != "" {
		return &runs[0], nil
	}
	return nil, &NotFoundError{id, several}
}

// Journal returns the steps of a run that have ended, in their order.
func (r *Runs) Journal(ctx context.Context, id string) ([]Entry, error) {
	if r.client == nil {
		return nil, &NotFoundError{ID: id}
	}
	steps, err := dbos.GetWorkflowSteps(dbos.From(r.client, ctx), id, dbos.WithStepsLoadOutput(false))
	if err != nil {
		return nil, fmt.Errorf("read the journal of run %s: %w", id, err)
	}
	entries := make([]Entry, len(steps))
	for i, s := range steps {
		entries[i] = Entry{Step: s.StepID, Name: s.StepName, Started: s.StartedAt, Ended: s.CompletedAt}
		if s.Error != nil {
			entries[i].Error = s.Error.Error()
		}
	}
	return entries, nil
}

// StepOf returns the number of the step that is meant in a run: by its number, or by its name, of which the first is meant. A name
// must be in the journal. A number need not be: Fork says how far the run has come.
func (r *Runs) StepOf(ctx context.Context, id, step string) (int, error) {
	if n, err := strconv.Atoi(step); err == nil {
		return n, nil
	}
	journal, err := r.Journal(ctx, id)
	if err != nil {
		return 0, err
	}
	missing := &NoStepError{ID: id, Step: step}
	for i := range journal {
		if journal[i].Name == step {
			return journal[i].Step, nil
		}
		if !slices.Contains(missing.Names, journal[i].Name) {
			missing.Names = append(missing.Names, journal[i].Name)
		}
	}
	return 0, missing
}

// NoStepError says that no step of a run has a name.
type NoStepError struct {
	ID, Step string
	Names    []string // of the steps that it has
}

// Error names the step.
func (e *NoStepError) Error() string { return fmt.Sprintf("run %s has no step %q", e.ID, e.Step) }

// Hint names those that it has.
func (e *NoStepError) Hint() string {
	if len(e.Names) == 0 {
		return "none of its steps has ended; go on with it without --from"
	}
	return "it has done: " + strings.Join(e.Names, ", ")
}

// Cancel ends a run, whichever process works on it: that one notices within about a second. What its steps recorded stays. A
// run that has ended is a *StateError.
func (r *Runs) Cancel(ctx context.Context, id string) error {
	run, err := r.Find(ctx, id)
	if err != nil {
		return err
	}
	if run.State != Running && run.State != Interrupted {
		return &StateError{*run, "cancel"}
	}
	if err := dbos.CancelWorkflow(dbos.From(r.client, ctx), run.ID); err != nil {
		return fmt.Errorf("cancel run %s: %w", run.ID, err)
	}
	return nil
}

// awaited is the engine's attribute of runs that somebody waits for.
const awaited = "awaited"

// Told notes that who waited for a run has what it made.
func (r *Runs) Told(ctx context.Context, id string) error {
	if r.client == nil {
		return &NotFoundError{ID: id}
	}
	if err := dbos.SetWorkflowAttributes(dbos.From(r.client, ctx), id, nil); err != nil {
		return fmt.Errorf("note that the result of run %s was told: %w", id, err)
	}
	return nil
}

// Signal hands a run a value for a topic, which Wait takes, in their order: now, or once the run gets there. It is kept until
// then, whether a process works on the run or not.
func (r *Runs) Signal(ctx context.Context, id, topic string, v any) error {
	run, err := r.Find(ctx, id)
	if err != nil {
		return err
	}
	if run.State == Done {
		return &StateError{*run, "signal"}
	}
	sent, err := put(r.blobs, v)
	if err != nil {
		return err
	}
	if err := dbos.Send(dbos.From(r.client, ctx), run.ID, sent, topic); err != nil {
		return fmt.Errorf("signal run %s: %w", run.ID, err)
	}
	return nil
}
