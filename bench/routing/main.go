// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command routing measures what is gained by choosing among models, on recorded answers of public data sets: learned routers
// against published ones, against the best single model and against the oracle. It prints a table, and as its last
// line one JSON object with figures, floors and verdicts.
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
	out    string
	strict bool

	efforts string
	timed   string
}

// part is one of the things measured. Each has a file of its own.
type part struct {
	name string
	run  func(context.Context, *bench) error
}

var parts = []part{
	{"mmlu", measureMMLU},
	{"mtbench", measureMTBench},
	{"llmrouter", measureLLMRouter},
	{"routerarena", measureRouterArena},
	{"alpaca", measureAlpaca},
	{"headlines", measureHeadlines},
	{"similar", measureSimilar},
	{"speed", measureSpeed},
}

func main() {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	var o options
	flag.StringVar(&o.only, "only", strings.Join(names, ","), "the parts to run")
	flag.IntVar(&o.runs, "runs", 20, "random label subsets in the part mmlu, random orders in the part similar")
	flag.StringVar(&o.out, "out", "", "also write the figures to this file, such as bench/routing/latest.json")
	flag.StringVar(&o.efforts, "efforts", "standard,high", "the efforts of students in the part headlines; high trains for minutes")
	flag.StringVar(&o.timed, "decisions", "", "only time decisions of the router in this file, and print the times as JSON")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a floor is missed")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/routing:", err)
		os.Exit(1)
	}
	if o.strict && !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (bool, error) {
	if o.timed != "" {
		return true, printDecisions(o.timed)
	}
	wanted := strings.Split(o.only, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return false, fmt.Errorf("-only: there is no part %q", name)
		}
	}
	b := &bench{Result: rig.NewResult(ctx, "routing"), runs: o.runs, out: o.out, efforts: strings.Split(o.efforts, ",")}
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
	runs int

	out     string   // see options
	efforts []string // see options
}
