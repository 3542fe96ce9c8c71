// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package chaos kills a distillation by the real program at random moments, again and again, and says what became of it:
// whether the student is the one that an undisturbed distillation makes, and whether an answer of the teacher was paid for twice.
package chaos

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Text is an input with the label that the teacher gives it.
type Text struct{ Input, Label string }

// Trial says what to kill. Its command must run as "retort ARGS" in the folder that it is given.
type Trial struct {
	Command func(ctx context.Context, dir string, args ...string) *exec.Cmd
	Texts   []Text
	Kills   int           // in all, over as many distillations as it takes
	Pause   time.Duration // that the teacher takes for an answer
	Seed    uint64        // of the moments
	Folder  string        // for the distillations, each in a folder of its own

	Progress func(kills int) // after each; may be nil
}

// Result is what a trial found.
type Result struct {
	Kills         int            // by SIGKILL, of a process that had not ended
	Stages        map[string]int // the steps that killed runs were at, and how often
	Distillations int            // that were killed at least once, and were left in peace in the end

	Asked    int // texts that teachers were asked about, over all distillations
	Calls    int // calls about them
	UnderWay int // of those answers, how many no journal had when its process was killed, summed over kills: so many calls may be repeated
	Billed   int // calls that an upstream which keeps to idempotency keys bills

	Wrong []string // whatever differs from an undisturbed distillation, and whatever was paid for twice
}

// mostKills is how often one distillation is killed before it is left in peace. Without an end to it, most kills would be of
// trainings, which begin again each time.
const mostKills = 4

// atOnce is how many inputs the distillation puts to the teacher at a time.
const atOnce = 4

// Run distils once undisturbed, then kills until there are enough kills.
func (t Trial) Run(ctx context.Context) (*Result, error) {
	result := &Result{Stages: map[string]int{}}
	began := time.Now()
	calm, err := t.distil(ctx, "calm", nil, result)
	if err != nil {
		return nil, err
	}
	whole := time.Since(began)
	result.Asked, result.Calls, result.Billed = 0, 0, 0
	random := rand.New(rand.NewPCG(t.Seed, 1))
	moment := func() time.Duration { // every other one early, since most of the time goes into training
		u := random.Float64()
		if random.IntN(2) == 0 {
			u *= u * u
		}
		return time.Duration(u * float64(whole))
	}
	for n := 0; result.Kills < t.Kills; n++ {
		before := result.Kills
		disturbed, err := t.distil(ctx, fmt.Sprint("killed-", n), moment, result)
		if err != nil {
			return nil, err
		}
		if result.Kills > before {
			result.Distillations++
		}
		result.compare(n, calm, disturbed)
	}
	return result, nil
}

// left is what a distillation leaves.
type left struct {
	student, seen []byte         // files
	students      int            // that are registered
	report        map[string]any // nil where the process was killed before it said it
}

// distil distils in a folder of its own. With moments, it kills the process after the next one, and begins again, until a
// process ends by itself or there were enough kills.
func (t Trial) distil(ctx context.Context, name string, moment func() time.Duration, result *Result) (*left, error) {
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
	if err := t.prepare(dir, "http://"+listener.Addr().String()+"/v1"); err != nil {
		return nil, err
	}
	args := []string{"distill", "desk", "--data", "mail.csv", "--budget", "100", "--max-tokens", "20", "--concurrency", fmt.Sprint(atOnce), "--json"}
	var report []byte
	already := result.Kills
	for done := false; !done; {
		cmd := t.Command(ctx, dir, args...)
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		if cmd.Env == nil {
			cmd.Env = os.Environ()
		}
		cmd.Env = append(cmd.Env, "SOURCE_DATE_EPOCH=1700000000") // the card says when a student was made
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
			report, done = out.Bytes(), true
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case killing && !cmd.ProcessState.Exited():
			// Where the run had ended, the same command would begin another.
			if done, err = t.killed(ctx, dir, up, result); err != nil {
				return nil, err
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
	return t.look(ctx, dir, report)
}

// steps are those of a distillation from a file, in their order.
var steps = []string{"gather", "settle", "learn", "judge"}

// killed notes where a process was when it was killed, and says whether its run had ended.
func (t Trial) killed(ctx context.Context, dir string, up *teacher, result *Result) (ended bool, err error) {
	result.Kills++
	var runs []struct{ ID, State string }
	if err := t.json(ctx, &runs, dir, "runs", "list", "--json"); err != nil {
		return false, err
	}
	at := "start"
	if len(runs) > 0 {
		var run struct{ Steps []struct{ Name string } }
		if err := t.json(ctx, &run, dir, "runs", "show", runs[0].ID, "--json"); err != nil {
			return false, err
		}
		if at = "end"; len(run.Steps) < len(steps) {
			at = steps[len(run.Steps)]
		}
		ended = runs[0].State == "done"
		if len(runs) > 1 || runs[0].State != "interrupted" && !ended {
			result.Wrong = append(result.Wrong, fmt.Sprintf("%s: after a kill, the runs are %v", filepath.Base(dir), runs))
		}
	}
	result.Stages[at]++
	journals, err := filepath.Glob(filepath.Join(dir, "data", "labels", "*.jsonl"))
	if err != nil {
		return false, err
	}
	answered := 0
	for _, path := range journals {
		text, err := os.ReadFile(path)
		if err != nil {
			return false, err
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
	return ended, nil
}

func (t Trial) prepare(dir, upstream string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	labels := map[string]bool{}
	var table bytes.Buffer
	rows := csv.NewWriter(&table)
	err := rows.Write([]string{"text"})
	for _, text := range t.Texts {
		labels[text.Label] = true
		err = errors.Join(err, rows.Write([]string{text.Input}))
	}
	rows.Flush()
	var names []string
	for label := range labels {
		names = append(names, label)
	}
	slices.Sort(names)
	enum, encodeErr := json.Marshal(names) // JSON is YAML
	config := fmt.Sprintf(`data: ./data
providers:
  up: {dialect: openai, base_url: %q}
models:
  large: {provider: up, price: {input: 1, output: 10}}
tasks:
  desk: {output: {enum: %s}, teacher: large}
`, upstream, enum)
	return errors.Join(err, rows.Error(), encodeErr,
		os.WriteFile(filepath.Join(dir, "mail.csv"), table.Bytes(), 0o600),
		os.WriteFile(filepath.Join(dir, "retort.yaml"), []byte(config), 0o600))
}

// look reads what a distillation left.
func (t Trial) look(ctx context.Context, dir string, report []byte) (*left, error) {
	l := &left{}
	var students []struct{ ID string }
	if err := t.json(ctx, &students, dir, "students", "list", "--json"); err != nil {
		return nil, err
	}
	if l.students = len(students); l.students == 0 {
		return nil, errors.New("a distillation left no student")
	}
	id := students[0].ID
	var err error
	if l.student, err = os.ReadFile(filepath.Join(dir, "data", "students", id+".student")); err != nil {
		return nil, err
	}
	if l.seen, err = os.ReadFile(filepath.Join(dir, "data", "students", id+".seen")); err != nil {
		return nil, err
	}
	if report == nil {
		return l, nil
	}
	if err := json.Unmarshal(report, &l.report); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	// These say how long things took, who the student is, and which of the labels this process paid for.
	for _, name := range []string{"student", "train_seconds", "cross_fit_seconds", "predict_p50_us", "predict_p99_us", "labelling"} {
		delete(l.report, name)
	}
	refined, _ := l.report["refined"].([]any)
	for _, step := range refined {
		if step, ok := step.(map[string]any); ok {
			delete(step, "seconds")
		}
	}
	return l, nil
}

// json runs a command and reads what it prints.
func (t Trial) json(ctx context.Context, into any, dir string, args ...string) error {
	out, err := t.Command(ctx, dir, args...).Output()
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	if err != nil {
		return fmt.Errorf("retort %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// compare notes what differs.
func (r *Result) compare(n int, calm, disturbed *left) {
	note := func(what string) { r.Wrong = append(r.Wrong, fmt.Sprintf("killed-%d: %s", n, what)) }
	if !bytes.Equal(calm.student, disturbed.student) {
		note(fmt.Sprintf("the student's file differs, %d bytes and %d", len(calm.student), len(disturbed.student)))
	}
	if !bytes.Equal(calm.seen, disturbed.seen) {
		note("what the student was made from differs")
	}
	if disturbed.students != 1 {
		note(fmt.Sprintf("%d students are registered", disturbed.students))
	}
	if disturbed.report == nil {
		return
	}
	want, err := json.Marshal(calm.report)
	got, err2 := json.Marshal(disturbed.report)
	if err != nil || err2 != nil || !bytes.Equal(want, got) {
		note(fmt.Sprintf("the report differs: %s and, undisturbed, %s", got, want))
	}
}

// Check returns an error where something was wrong: also that more calls were repeated than were under way.
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
