// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package chaos kills a command of the real program at random moments, again and again, and says what became of it: whether it leaves what
// an undisturbed one leaves, byte for byte, and whether an answer of a teacher was paid for twice.
package chaos

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Text is an input with the label that the teacher gives it.
type Text struct{ Input, Label string }

// Trial says what to kill. Its command must run as "retort ARGS" in the folder that it is given.
type Trial struct {
	Work    Work
	Command func(ctx context.Context, dir string, args ...string) *exec.Cmd
	Texts   []Text
	Kills   int           // in all, over as many commands as it takes
	Pause   time.Duration // that the teacher takes for an answer
	Seed    uint64        // of the moments
	Folder  string        // for the commands, each in a folder of its own; it need not exist

	Progress func(kills int) // after each; may be nil
}

// Result is what a trial found.
type Result struct {
	Kills    int            // by SIGKILL, of a process that had not ended
	Stages   map[string]int // the steps that killed runs were at, and how often
	Commands int            // that were killed at least once, and were left in peace in the end

	Asked    int // texts that teachers were asked about, over all commands
	Calls    int // calls about them
	UnderWay int // of those answers, how many no journal had when its process was killed, summed over kills: so many calls may be repeated
	Billed   int // calls that an upstream which keeps to idempotency keys bills

	Wrong []string // whatever differs from an undisturbed command, and whatever was paid for twice
}

// mostKills is how often one command is killed before it is left in peace. Without an end to it, most kills would be of
// its longest step, which begins again each time.
const mostKills = 4

// atOnce is how many inputs are put to the teacher at a time.
const atOnce = 4

// Run does the work once undisturbed, then kills it until there are enough kills.
func (t Trial) Run(ctx context.Context) (*Result, error) {
	result := &Result{Stages: map[string]int{}}
	if err := t.ready(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	calm, err := t.one(ctx, "calm", nil, result)
	if err != nil {
		return nil, err
	}
	whole := time.Since(began)
	result.Asked, result.Calls, result.Billed = 0, 0, 0
	random := rand.New(rand.NewPCG(t.Seed, 1))
	moment := func() time.Duration { // every other one early, since most of the time goes into few steps
		u := random.Float64()
		if random.IntN(2) == 0 {
			u *= u * u
		}
		return time.Duration(u * float64(whole))
	}
	for n := 0; result.Kills < t.Kills; n++ {
		before := result.Kills
		disturbed, err := t.one(ctx, fmt.Sprint("killed-", n), moment, result)
		if err != nil {
			return nil, err
		}
		if result.Kills > before {
			result.Commands++
		}
		result.compare(n, calm, disturbed)
	}
	return result, nil
}

// base is the folder that each command begins with a copy of.
func (t Trial) base() string { return filepath.Join(t.Folder, "base") }

// ready makes what each command begins with.
func (t Trial) ready(ctx context.Context) error {
	if err := t.prepare(t.base(), "http://127.0.0.1:1/v1"); err != nil { // no teacher is asked yet
		return err
	}
	before := t.Work.Before
	if len(before) > 0 { // the runs seen are to be those of the work alone
		before = append(slices.Clone(before), []string{"runs", "remove", "--state", "done"})
	}
	for _, args := range before {
		if out, err := t.command(ctx, t.base(), args...).CombinedOutput(); err != nil {
			return fmt.Errorf("retort %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

func (t Trial) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := t.Command(ctx, dir, args...)
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "SOURCE_DATE_EPOCH=1700000000") // what is made says when
	return cmd
}

// one does the work in a folder of its own. With moments, it kills the process after the next one, and begins again, until a
// process ends by itself or has said all, or there were enough kills.
func (t Trial) one(ctx context.Context, name string, moment func() time.Duration, result *Result) (*left, error) {
	dir := filepath.Join(t.Folder, name)
	up := newTeacher(t.Texts, t.Pause)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: up, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() { _ = server.Close(); <-served }()
	if err := os.CopyFS(dir, os.DirFS(t.base())); err != nil {
		return nil, err
	}
	if err := t.prepare(dir, "http://"+listener.Addr().String()+"/v1"); err != nil {
		return nil, err
	}
	args, err := t.Work.args(ctx, t, dir)
	if err != nil {
		return nil, err
	}
	var report []byte
	already := result.Kills
	for report == nil {
		cmd := t.command(ctx, dir, args...)
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		killing := moment != nil && result.Kills < t.Kills && result.Kills-already < mostKills
		var timer *time.Timer
		if killing {
			timer = time.AfterFunc(moment(), func() { _ = cmd.Process.Kill() }) // one that has ended is not killed
		}
		err := cmd.Wait()
		if timer != nil {
			timer.Stop()
		}
		switch {
		case err == nil:
			report = out.Bytes()
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case killing && !cmd.ProcessState.Exited():
			told := json.Valid(out.Bytes()) // then the same command would do the same once more
			if err := t.killed(ctx, dir, told, up, result); err != nil {
				return nil, err
			}
			if told {
				report = out.Bytes()
			}
		default:
			return nil, fmt.Errorf("retort %s: %w\n%s", strings.Join(args, " "), err, said.String())
		}
	}
	texts, calls := up.asked()
	billed, wrong := up.billed()
	result.Asked, result.Calls, result.Billed = result.Asked+texts, result.Calls+calls, result.Billed+billed
	for _, w := range wrong {
		result.Wrong = append(result.Wrong, name+": "+w)
	}
	return t.Work.look(ctx, t, dir, report)
}

// killed notes where a process was when it was killed; told says that it had said all.
func (t Trial) killed(ctx context.Context, dir string, told bool, up *teacher, result *Result) error {
	result.Kills++
	var runs []struct{ ID, State string }
	if err := t.json(ctx, &runs, dir, "runs", "list", "--kind", t.Work.Kind, "--json"); err != nil {
		return err
	}
	at := "start"
	if len(runs) > 0 {
		var run struct {
			Underway *struct{ Step string } `json:"under_way"`
		}
		if err := t.json(ctx, &run, dir, "runs", "show", runs[0].ID, "--json"); err != nil {
			return err
		}
		switch {
		case runs[0].State == "done" && told:
			at = "said all"
		case runs[0].State == "done":
			at = "done"
		case run.Underway != nil:
			at = run.Underway.Step
		default:
			at = "between steps"
		}
		if len(runs) > 1 || runs[0].State != "interrupted" && runs[0].State != "done" {
			result.Wrong = append(result.Wrong, fmt.Sprintf("%s: after a kill, the runs are %v", filepath.Base(dir), runs))
		}
	}
	result.Stages[at]++
	journals, err := filepath.Glob(filepath.Join(dir, "data", "labels", "*.jsonl"))
	if err != nil {
		return err
	}
	answered := 0
	for _, path := range journals {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		answered += settled(string(text))
	}
	texts, _ := up.asked()
	result.UnderWay += texts - answered
	if texts-answered > atOnce {
		result.Wrong = append(result.Wrong, fmt.Sprintf("%s: %d answers were under way, of %d at a time", filepath.Base(dir), texts-answered, atOnce))
	}
	if t.Progress != nil {
		t.Progress(result.Kills)
	}
	return nil
}

// prepare writes the texts, with and without their labels, and a configuration with a teacher.
func (t Trial) prepare(dir, upstream string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	labels := map[string]bool{}
	var bare, known bytes.Buffer
	texts, rows := csv.NewWriter(&bare), csv.NewWriter(&known)
	err := errors.Join(texts.Write([]string{"text"}), rows.Write([]string{"text", "label"}))
	for _, text := range t.Texts {
		labels[text.Label] = true
		err = errors.Join(err, texts.Write([]string{text.Input}), rows.Write([]string{text.Input, text.Label}))
	}
	texts.Flush()
	rows.Flush()
	enum, encodeErr := json.Marshal(slices.Sorted(maps.Keys(labels))) // JSON is YAML
	config := fmt.Sprintf(`data: ./data
providers:
  up: {dialect: openai, base_url: %q}
models:
  large: {provider: up, price: {input: 1, output: 10}}
tasks:
  desk: {output: {enum: %s}, teacher: large}
`, upstream, enum)
	return errors.Join(err, texts.Error(), rows.Error(), encodeErr,
		os.WriteFile(filepath.Join(dir, "mail.csv"), bare.Bytes(), 0o600),
		os.WriteFile(filepath.Join(dir, "labelled.csv"), known.Bytes(), 0o600),
		os.WriteFile(filepath.Join(dir, "retort.yaml"), []byte(config), 0o600))
}

// json runs a command and reads what it prints.
func (t Trial) json(ctx context.Context, into any, dir string, args ...string) error {
	out, err := t.command(ctx, dir, args...).Output()
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	if err != nil {
		return fmt.Errorf("retort %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// left is what a command leaves: files by what they are, and what it said.
type left struct {
	files  map[string][]byte
	report map[string]any
}

// compare notes what differs.
func (r *Result) compare(n int, calm, disturbed *left) {
	note := func(what string) { r.Wrong = append(r.Wrong, fmt.Sprintf("killed-%d: %s", n, what)) }
	for _, name := range slices.Sorted(maps.Keys(calm.files)) {
		if !bytes.Equal(calm.files[name], disturbed.files[name]) {
			note(fmt.Sprintf("%s differs: %d bytes and %d\n%.300s\n%.300s", name, len(calm.files[name]), len(disturbed.files[name]), calm.files[name], disturbed.files[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(calm.report)) {
		if !reflect.DeepEqual(calm.report[name], disturbed.report[name]) {
			note(fmt.Sprintf("the report's %s is %v, undisturbed %v", name, disturbed.report[name], calm.report[name]))
		}
	}
	if len(calm.files) != len(disturbed.files) || len(calm.report) != len(disturbed.report) {
		note("one leaves more than the other")
	}
}

// Check returns an error where something was wrong, also that more calls were repeated than were under way.
func (r *Result) Check() error {
	wrong := slices.Clone(r.Wrong)
	if again := r.Calls - r.Asked; again > r.UnderWay {
		wrong = append(wrong, fmt.Sprintf("%d calls were made again, and %d were under way at kills", again, r.UnderWay))
	}
	if r.Billed != r.Asked {
		wrong = append(wrong, fmt.Sprintf("%d calls are billed for %d texts", r.Billed, r.Asked))
	}
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, "\n"))
}
