// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command wheel measures what Retort does by itself with the traffic that runs through it, on public data sets replayed
// through a real gateway. It prints a table, and as its last line one JSON object with figures, floors and verdicts.
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
	retort string
	seed   uint64
}

// parts are the things measured, each in a file of this folder.
var parts = rig.Parts[*bench]{
	{Name: "discovery", Run: measureDiscovery},
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", parts.Names(), "the parts to run")
	flag.StringVar(&o.out, "out", "", "also write the figures to this file, such as bench/wheel/latest.json")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a floor is missed")
	flag.StringVar(&o.retort, "retort", "", "measure this binary instead of building one")
	flag.Uint64Var(&o.seed, "seed", 1, "of the order of requests")
	flag.Parse()
	rig.Main("wheel", o.strict, func(ctx context.Context) (bool, error) { return run(ctx, o) })
}

func run(ctx context.Context, o options) (bool, error) {
	folder, err := os.MkdirTemp("", "retort-bench-wheel-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	retort, err := rig.Build(ctx, o.retort, folder)
	if err != nil {
		return false, err
	}
	b := &bench{Result: rig.NewResult(ctx, "wheel"), options: o, retort: retort}
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
}
