// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command data measures what Retort does to training data, on public data sets and at scale. It prints a table, and as its
// last line one JSON object with figures, floors and verdicts.
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
	out    string
	strict bool
	rows   int
	draws  int
	seeds  int

	validate bool
	journal  string
	ways     string
	budgets  string

	nearMany     bool
	millionFile  string
	millionSteps string
}

// parts are the things measured, each in a file of this folder.
var parts = rig.Parts[*bench]{
	{Name: "active", Run: measureActive},
	{Name: "million", Run: measureMillion},
	{Name: "near", Run: measureNear},
	{Name: "teachers", Run: measureTeachers},
	{Name: "errors", Run: measureErrors},
	{Name: "leakage", Run: measureLeakage},
	{Name: "private", Run: measurePrivate},
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", parts.Names(), "the parts to run")
	flag.StringVar(&o.out, "out", "", "also write the figures to this file, such as bench/data/latest.json")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a floor is missed")
	flag.IntVar(&o.rows, "rows", 1_000_000, "examples in the part million, texts grouped in the part near")
	flag.BoolVar(&o.nearMany, "near-many", false, "only group many texts, and print the figures as JSON")
	flag.StringVar(&o.millionFile, "million-file", "", "only do to the examples of this file what the part million does, and print the figures as JSON")
	flag.StringVar(&o.millionSteps, "million-steps", "default", "the refining steps of the part million")
	flag.IntVar(&o.draws, "draws", 3, "draws of teachers in the part teachers")
	flag.IntVar(&o.seeds, "seeds", 10, "random choices of labels in the part active")
	flag.StringVar(&o.journal, "journal", "", "a file that keeps what the part active has measured, so that a run of the same code that was cut off goes on where it stopped")
	flag.StringVar(&o.ways, "ways", "random,active", "the ways of choosing that the part active measures; with one of them it only fills the journal")
	flag.StringVar(&o.budgets, "budgets", "", "of the budgets of labels that the part active picks within, only these, such as 2000,3000")
	flag.BoolVar(&o.validate, "validate", false, "measure the parts teachers and active on a part of the training split, to choose by, and not on the test split")
	flag.Parse()
	rig.Main("data", o.strict, func(ctx context.Context) (bool, error) { return run(ctx, o) })
}

func run(ctx context.Context, o options) (bool, error) {
	if o.nearMany {
		return true, printNearMany(o.rows)
	}
	if o.millionFile != "" {
		return true, printMillion(ctx, o.millionFile, o.millionSteps)
	}
	folder, err := os.MkdirTemp("", "retort-bench-data-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	b := &bench{Result: rig.NewResult(ctx, "data"), options: o, folder: folder}
	if err := parts.Run(ctx, o.only, b); err != nil {
		return false, err
	}
	return b.OK, b.Print(os.Stdout, o.out)
}

// bench is a run in progress.
type bench struct {
	*rig.Result
	options
	folder string // for files of its own; removed at the end
}
