// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command gateway measures a serving retort from outside, on loopback: its CPU and memory against a bare reverse proxy,
// a student's answer against /healthz, and whether a trace is ever lost when the process is killed under load. It
// drives the real binary, prints a table, and as its last line one JSON object with figures, floors and verdicts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"retort/bench/internal/rig"
)

// options are the flags.
type options struct {
	only    string
	rounds  int
	length  time.Duration
	conc    string
	kills   int
	clients int
	binary  string
	out     string
	strict  bool
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", "compare,latency,kills", "the parts to run")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of the comparison")
	flag.DurationVar(&o.length, "dur", 3*time.Second, "length of one run of the comparison")
	flag.StringVar(&o.conc, "conc", "16,64", "concurrencies of the comparison")
	flag.IntVar(&o.kills, "kills", 100, "how often the process is killed under load")
	flag.IntVar(&o.clients, "clients", 16, "clients of the load under which it is killed")
	flag.StringVar(&o.binary, "retort", "", "measure this binary instead of building one")
	flag.StringVar(&o.out, "out", "", "also write the figures to this file, such as bench/gateway/latest.json")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a floor is missed")
	flag.Parse()
	rig.Main("gateway", o.strict, func(ctx context.Context) (bool, error) { return run(ctx, o) })
}

// part is one thing to measure; it adds its figures to the result.
type part struct {
	name    string
	measure func(ctx context.Context, b *bench) error
}

func run(ctx context.Context, o options) (bool, error) {
	folder, err := os.MkdirTemp("", "retort-bench")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	b := &bench{options: o, folder: folder, result: rig.NewResult(ctx, "gateway")}
	if b.retort, err = rig.Build(ctx, o.binary, folder); err != nil {
		return false, err
	}
	for _, p := range []part{{"compare", compare}, {"latency", latency}, {"kills", kills}} {
		if !strings.Contains(o.only, p.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", p.name)
		err := p.measure(ctx, b)
		if missing := (*rig.MissingError)(nil); errors.As(err, &missing) {
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", p.name, err)
			b.result.Skipped[p.name] = err.Error()
			continue
		}
		if err != nil {
			return false, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return b.result.OK, b.result.Print(os.Stdout, o.out)
}

// bench is what the parts share.
type bench struct {
	options
	folder string // temporary
	retort *rig.Retort
	result *rig.Result
}
