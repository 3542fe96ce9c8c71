// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command wheel measures what Retort does by itself with the traffic that runs through it, on public data sets replayed
// through a real gateway. It prints a table, and as its last line one JSON object with figures, floors and verdicts.
package main

import (
	"context"
	"flag"
	"os"
	"strings"

	"retort/bench/internal/rig"
	"retort/internal/chaos"
)

// options are the flags.
type options struct {
	only   string
	out    string
	strict bool
	retort string
	seed   uint64

	orders  int
	journal string
	series  list
	works   list
	rounds  int
}

// parts are the things measured, each in a file of this folder.
var parts = rig.Parts[*bench]{
	{Name: "discovery", Run: measureDiscovery},
	{Name: "meaning", Run: measureMeaning},
	{Name: "turns", Run: measureTurns},
	{Name: "streams", Run: measureStreams},
	{Name: "throughput", Run: measureThroughput},
	{Name: "kills", Run: measureKills},
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", parts.Names(), "the parts to run")
	flag.StringVar(&o.out, "out", "", "also write the figures to this file, such as bench/wheel/latest.json")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a floor is missed")
	flag.StringVar(&o.retort, "retort", "", "measure this binary instead of building one")
	flag.Uint64Var(&o.seed, "seed", 1, "of the order of requests; of turns and streams, the first of them")
	flag.IntVar(&o.orders, "orders", 3, "in how many orders turns and streams replay each series")
	flag.StringVar(&o.journal, "journal", "", "keep the runs of turns and streams in this file, and do not repeat those that it has")
	o.series = list{"banking", "shift", "class", "clinc", "noise"}
	flag.Var(&o.series, "series", "the series that turns and streams replay, separated by commas")
	flag.IntVar(&o.rounds, "rounds", 30, "how often throughput loads the gateway with a turn under way and without")
	for _, work := range chaos.Works() {
		o.works = append(o.works, work.Name)
	}
	flag.Var(&o.works, "works", "the commands that kills kills, separated by commas")
	flag.Parse()
	rig.Main("wheel", o.strict, func(ctx context.Context) (bool, error) { return run(ctx, o) })
}

func run(ctx context.Context, o options) (bool, error) {
	folder, err := os.MkdirTemp("", "retort-bench-wheel-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	b := &bench{Result: rig.NewResult(ctx, "wheel"), options: o, folder: folder}
	if o.only != "turns" { // which needs no gateway
		if b.retort, err = rig.Build(ctx, o.retort, folder); err != nil {
			return false, err
		}
	}
	if err := parts.Run(ctx, o.only, b); err != nil {
		return false, err
	}
	return b.OK, b.Print(os.Stdout, o.out)
}

// bench is a run in progress.
type bench struct {
	*rig.Result
	options
	retort *rig.Retort
	folder string // for files
}

// list is a flag of several words.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

// Set replaces the list.
func (l *list) Set(s string) error {
	*l = strings.Split(s, ",")
	return nil
}
