// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command routing measures what is gained by choosing among models, on recorded answers of public data sets: learned routers
// against published ones, against the best single model and against the oracle. It prints a table, and as its last
// line one JSON object with figures, floors and verdicts.
package main

import (
	"context"
	"flag"
	"os"
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
	traces  int
	rated   int
}

// parts are the things measured, each in a file of this folder.
var parts = rig.Parts[*bench]{
	{Name: "mmlu", Run: measureMMLU},
	{Name: "mtbench", Run: measureMTBench},
	{Name: "llmrouter", Run: measureLLMRouter},
	{Name: "routerarena", Run: measureRouterArena},
	{Name: "alpaca", Run: measureAlpaca},
	{Name: "headlines", Run: measureHeadlines},
	{Name: "similar", Run: measureSimilar},
	{Name: "speed", Run: measureSpeed},
	{Name: "traces", Run: measureTraces},
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", parts.Names(), "the parts to run")
	flag.IntVar(&o.runs, "runs", 20, "random label subsets in the part mmlu, random orders in the part similar")
	flag.StringVar(&o.out, "out", "", "also write the figures to this file, such as bench/routing/latest.json")
	flag.StringVar(&o.efforts, "efforts", "standard,high", "the efforts of students in the part headlines; high trains for minutes")
	flag.StringVar(&o.timed, "decisions", "", "only time decisions of the router in this file, and print the times as JSON")
	flag.IntVar(&o.traces, "traces", 200_000, "recorded requests in the part traces")
	flag.IntVar(&o.rated, "rated", 5_000, "how many of them somebody said something of")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a floor is missed")
	flag.Parse()
	rig.Main("routing", o.strict, func(ctx context.Context) (bool, error) { return run(ctx, o) })
}

func run(ctx context.Context, o options) (bool, error) {
	if o.timed != "" {
		return true, printDecisions(o.timed)
	}
	b := &bench{Result: rig.NewResult(ctx, "routing"), runs: o.runs, out: o.out, traces: o.traces, rated: o.rated, efforts: strings.Split(o.efforts, ",")}
	if err := parts.Run(ctx, o.only, b); err != nil {
		return false, err
	}
	return b.OK, b.Print(os.Stdout, o.out)
}

// bench is a run in progress.
type bench struct {
	*rig.Result
	runs int

	out     string   // see options
	efforts []string // see options

	traces, rated int // see options
}
