// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/internal/datasets"
	"retort/internal/store"
)

// million are the figures of one process that does all that retort datasets does to many examples.
type million struct {
	Stages  []millionStage
	Seconds float64 // of all
	Memory  float64 // MiB of the process at its most
	Left    int     // examples after refining
	Found   map[string]int
}

// millionStage is one thing done, with the most memory that the process had had by its end.
type millionStage struct {
	Name    string
	Seconds float64
	CPU     float64 // seconds of all threads
	Memory  float64 // MiB
}

// measureMillion makes a dataset of many examples, divides, refines and exports it in a process of its own.
func measureMillion(ctx context.Context, b *bench) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path := filepath.Join(b.folder, "million.csv")
	if err := writeMany(path, b.rows); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "-million-file", path, "-million-steps", b.millionSteps)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("keep many examples in another process: %w", err)
	}
	var m million
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		return fmt.Errorf("read the figures of the other process: %w", err)
	}
	b.Note("million_examples", float64(b.rows), "")
	b.AtMost("million_memory", m.Memory, "MiB", 2048)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	b.Note("million_cpu_seconds", cpu.Seconds(), "s")
	b.Note("million_seconds", m.Seconds, "s")
	for _, s := range m.Stages {
		b.Note("million_"+s.Name+"_seconds", s.Seconds, "s")
		b.Note("million_"+s.Name+"_cpu_seconds", s.CPU, "s")
		b.Note("million_"+s.Name+"_memory", s.Memory, "MiB")
	}
	for name, n := range m.Found {
		b.Note("million_"+name+"_found", float64(n), "")
	}
	b.Note("million_left", float64(m.Left), "")
	return nil
}

// printMillion does it, by the code behind retort datasets, and prints the figures as JSON.
func printMillion(ctx context.Context, path, steps string) error {
	s, err := store.Open(ctx, filepath.Join(filepath.Dir(path), "data"))
	if err != nil {
		return err
	}
	defer s.Close()
	w := &millionRun{ctx: ctx, shelf: datasets.In(s), steps: steps}
	begun := time.Now()
	for _, stage := range []struct {
		name string
		do   func() error
	}{
		{"import", func() error { return w.read(path) }}, {"split", w.split}, {"refine", w.refine},
		{"export_jsonl", func() error { return w.export(dataset.JSONL) }}, {"export_parquet", func() error { return w.export(dataset.Parquet) }},
		{"export_openai", func() error { return w.export(dataset.OpenAI) }}, {"diff", w.diff},
	} {
		c := startClock()
		if err := stage.do(); err != nil {
			return fmt.Errorf("%s: %w", stage.name, err)
		}
		w.stage(stage.name, c)
	}
	w.figures.Seconds, w.figures.Memory = time.Since(begun).Seconds(), peak()
	return json.NewEncoder(os.Stdout).Encode(&w.figures)
}

// clock is when something began.
type clock struct {
	time time.Time
	cpu  float64
}

func startClock() clock { return clock{time.Now(), cpu()} }

// cpu returns the seconds of CPU time that the process has had, where the system tells, else 0.
func cpu() float64 {
	const ticks = 100                         // of a second in /proc, on all of Linux's common machines
	stat, _ := os.ReadFile("/proc/self/stat") // on other systems there is none
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / ticks
}

type millionRun struct {
	ctx     context.Context // of the only call
	shelf   *datasets.Shelf
	steps   string // of refining
	figures million
	version *dataset.Version // of what was imported
	parts   []*dataset.Version
	refined *dataset.Version
}

func (w *millionRun) stage(name string, since clock) {
	s := millionStage{name, time.Since(since.time).Seconds(), cpu() - since.cpu, peak()}
	if at := slices.IndexFunc(w.figures.Stages, func(t millionStage) bool { return t.Name == name }); at < 0 {
		w.figures.Stages = append(w.figures.Stages, s)
	} else { // such as what is kept on the way
		t := &w.figures.Stages[at]
		t.Seconds, t.CPU, t.Memory = t.Seconds+s.Seconds, t.CPU+s.CPU, s.Memory
	}
	fmt.Fprintf(os.Stderr, "  %-24s %8.1f s %8.1f s of CPU %8.0f MiB at most so far\n", s.Name, s.Seconds, s.CPU, s.Memory)
}

func (w *millionRun) read(path string) error {
	d, err := w.shelf.Draft("bench", "many")
	if err != nil {
		return err
	}
	defer d.Discard() // after Commit it does nothing
	if err := d.File(w.ctx, path, dataset.Columns{}, nil); err != nil {
		return err
	}
	w.version, _, err = d.Commit(w.ctx)
	return err
}

// split keeps two of a hundred texts for the step leakage.
func (w *millionRun) split() (err error) {
	w.parts, err = w.shelf.Split(w.ctx, w.version, dataset.Parts{{Name: "train", Share: 0.98}, {Name: "test", Share: 0.02}}, 1, nil)
	return err
}

// refine does the steps that are wanted.
func (w *millionRun) refine() error {
	eval, err := w.shelf.Load(w.ctx, w.parts[1], nil)
	if err != nil {
		return err
	}
	plan, err := refine.ParsePlan(w.steps)
	if err != nil {
		return err
	}
	step, since := "", startClock()
	change := func(to string) {
		if step != "" {
			w.stage("refine_"+strings.ReplaceAll(strings.TrimPrefix(step, "refine: "), " ", "_"), since)
		}
		step, since = to, startClock()
	}
	w.refined, _, err = w.shelf.Refine(w.ctx, datasets.Refining{From: w.parts[0], Name: "clean", Plan: plan, Eval: eval, EvalName: "test", Seed: 1,
		Progress: func(stage string, _, _ int) {
			if stage != step {
				change(stage)
			}
		}})
	if err != nil {
		return err
	}
	change("")
	w.figures.Left, w.figures.Found = w.refined.Examples, map[string]int{}
	for _, s := range w.refined.Steps {
		for _, counts := range []map[string]int{s.Removed, s.Changed, s.Flagged} {
			for _, n := range counts {
				w.figures.Found[s.Step] += n
			}
		}
	}
	return nil
}

func (w *millionRun) export(format dataset.Format) error {
	_, err := w.shelf.Export(w.ctx, io.Discard, w.refined, format, "", nil)
	return err
}

func (w *millionRun) diff() error {
	_, err := w.shelf.Diff(w.ctx, w.version, w.refined, nil)
	return err
}

// words make the texts of writeMany.
var words = []string{"card", "refund", "parcel", "late", "account", "payment", "please", "where", "why", "my", "the", "was", "is", "not", "yesterday",
	"charged", "twice", "help", "open", "close", "transfer", "cash", "machine", "pin", "blocked", "new", "address", "order", "invoice", "euro"}

// writeMany writes a table of n texts of about 60 bytes with 77 labels, the same at each run. Three words of a text go with its label. Of a
// hundred rows about five repeat an earlier text, two with another label, and five change one by a word.
func writeMany(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "text,label")
	draw := rand.New(rand.NewPCG(1, 2))
	var texts [1000]string
	var labels [1000]int
	for i := range n {
		label, text := draw.IntN(77), ""
		switch chance, before := draw.IntN(100), draw.IntN(len(texts)); {
		case i >= len(texts) && chance < 3:
			label, text = labels[before], texts[before]
		case i >= len(texts) && chance < 5:
			text = texts[before]
		case i >= len(texts) && chance < 10:
			label, text = labels[before], texts[before]+" now"
		default:
			text = manyText(draw, label, i)
		}
		texts[i%len(texts)], labels[i%len(labels)] = text, label
		fmt.Fprintf(w, "%s,label_%d\n", text, label)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func manyText(draw *rand.Rand, label, i int) string {
	text := words[label%len(words)] + " " + words[label*7%len(words)] + strconv.Itoa(label%9)
	for range 5 + draw.IntN(7) {
		text += " " + words[draw.IntN(len(words))]
	}
	return text + " " + strconv.FormatInt(int64(i)*7919%99991, 36) + " " + strconv.Itoa(i)
}
