// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command student measures students on public data sets: accuracy, training time, size and speed, how much they may
// answer under a guarantee, and how much of a large teacher they keep. It prints a table, and as its last line one JSON
// object with figures, floors and verdicts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"

	"retort/bench/internal/rig"
)

// options are the flags.
type options struct {
	only   string
	runs   int
	cells  string
	out    string
	open   string
	strict bool

	validate bool
}

// part is one of the things measured.
type part struct {
	name string
	run  func(context.Context, *bench) error
}

var parts = []part{
	{"banking77", measureBanking},
	{"clinc150", measureClinc},
	{"coverage", measureCoverage},
	{"teacher", measureTeacher},
	{"high", measureHigh},
	{"snips", measureSnips},
}

func main() {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	var o options
	flag.StringVar(&o.only, "only", strings.Join(names, ","), "the parts to run")
	flag.IntVar(&o.runs, "runs", 20, "random label subsets per size in the part coverage")
	flag.StringVar(&o.cells, "coverage-cells", "", "the cells of the part coverage to run, such as 5000_strict,all_strict; empty: all")
	flag.BoolVar(&o.validate, "validate", false, "count coverage on what the subsets leave of the training split, to choose by, and not on the test split")
	flag.StringVar(&o.out, "out", "", "also write the figures to this file, such as bench/student/latest.json")
	flag.StringVar(&o.open, "latency", "", "only measure the latency of the student in this file, and print it as JSON")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a floor is missed")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/student:", err)
		os.Exit(1)
	}
	if o.strict && !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (bool, error) {
	if o.open != "" {
		return true, printLatency(o.open)
	}
	wanted := strings.Split(o.only, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return false, fmt.Errorf("-only: there is no part %q", name)
		}
	}
	b := &bench{Result: rig.NewResult(ctx, "student"), runs: o.runs, cells: o.cells, validate: o.validate}
	for _, p := range parts {
		if !slices.Contains(wanted, p.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", p.name)
		if err := p.run(ctx, b); err != nil {
			return false, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return b.OK, b.Print(os.Stdout, o.out)
}

// bench is a run in progress.
type bench struct {
	*rig.Result
	runs     int
	cells    string // of the part coverage, separated by commas; empty for all
	validate bool
}
