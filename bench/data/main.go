// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command data measures what Retort does to training data, on public data sets and at scale. It prints a table, and as its
// last line one JSON object with figures, floors and verdicts.
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
	out    string
	strict bool
	rows   int
	draws  int
	seeds  int

	validate bool

	nearMany bool
}

// part is one of the things measured. Each is a file of this folder.
type part struct {
	name string
	run  func(context.Context, *bench) error
}

var parts = []part{
	{"active", measureActive},
	{"million", measureMillion},
	{"near", measureNear},
	{"teachers", measureTeachers},
	{"errors", measureErrors},
	{"leakage", measureLeakage},
}

func main() {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	var o options
	flag.StringVar(&o.only, "only", strings.Join(names, ","), "the parts to run")
	flag.StringVar(&o.out, "out", "", "also write the figures to this file, such as bench/data/latest.json")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a floor is missed")
	flag.IntVar(&o.rows, "rows", 1_000_000, "examples in the part million, texts grouped in the part near")
	flag.BoolVar(&o.nearMany, "near-many", false, "only group many texts, and print the figures as JSON")
	flag.IntVar(&o.draws, "draws", 3, "draws of teachers in the part teachers")
	flag.IntVar(&o.seeds, "seeds", 10, "random choices of labels in the part active")
	flag.BoolVar(&o.validate, "validate", false, "measure the parts teachers and active on a part of the training split, to choose by, and not on the test split")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/data:", err)
		os.Exit(1)
	}
	if o.strict && !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (bool, error) {
	if o.nearMany {
		return true, printNearMany(o.rows)
	}
	wanted := strings.Split(o.only, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return false, fmt.Errorf("-only: there is no part %q", name)
		}
	}
	folder, err := os.MkdirTemp("", "retort-bench-data-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	b := &bench{Result: rig.NewResult(ctx, "data"), options: o, folder: folder}
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
	options
	folder string // for files of its own; removed at the end
}
