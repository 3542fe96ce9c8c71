// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command student measures students on public data sets: accuracy, training time, size and speed, how much they may
// answer under a guarantee, and how much of a large teacher they keep. It prints a table, and as its last line one JSON
// object with figures, floors and verdicts.
package main

import (
	"context"
	"flag"
	"os"

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

var parts = rig.Parts[*bench]{
	{Name: "banking77", Run: measureBanking},
	{Name: "clinc150", Run: measureClinc},
	{Name: "novelty", Run: measureNovelty},
	{Name: "coverage", Run: measureCoverage},
	{Name: "teacher", Run: measureTeacher},
	{Name: "high", Run: measureHigh},
	{Name: "snips", Run: measureSnips},
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", parts.Names(), "the parts to run")
	flag.IntVar(&o.runs, "runs", 20, "random label subsets per size in the part coverage")
	flag.StringVar(&o.cells, "coverage-cells", "", "the cells of the part coverage to run, such as 5000_strict,all_strict; empty: all")
	flag.BoolVar(&o.validate, "validate", false, "count coverage on what the subsets leave of the training split, and novelty on the validation split, to choose by, and not on the test split")
	flag.StringVar(&o.out, "out", "", "also write the figures to this file, such as bench/student/latest.json")
	flag.StringVar(&o.open, "latency", "", "only measure the latency of the student in this file, and print it as JSON")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a floor is missed")
	flag.Parse()
	rig.Main("student", o.strict, func(ctx context.Context) (bool, error) { return run(ctx, o) })
}

func run(ctx context.Context, o options) (bool, error) {
	if o.open != "" {
		return true, printLatency(o.open)
	}
	b := &bench{Result: rig.NewResult(ctx, "student"), runs: o.runs, cells: o.cells, validate: o.validate}
	if err := parts.Run(ctx, o.only, b); err != nil {
		return false, err
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
