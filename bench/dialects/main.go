// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command dialects measures how dialects work together: whether anything is lost, crossed or left behind when upstreams
// and clients misbehave, and what it costs to translate. It prints a table, and as its last line one JSON object with
// figures, floors and verdicts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"retort/bench/dialects/overhead"
	"retort/bench/dialects/soak"
	"retort/bench/internal/rig"
)

// options are the flags.
type options struct {
	only   string
	soak   soak.Options
	cost   overhead.Options
	out    string
	strict bool
}

func main() {
	o := options{soak: soak.Options{Log: os.Stderr}}
	flag.StringVar(&o.only, "only", "soak,overhead", "the parts to run")
	flag.IntVar(&o.soak.Requests, "n", 10000, "requests of the soak")
	flag.IntVar(&o.soak.Clients, "clients", 64, "clients of the soak at a time")
	flag.Uint64Var(&o.soak.Seed, "seed", 1, "of the soak")
	flag.DurationVar(&o.cost.Length, "dur", 3*time.Second, "length of one run of the overhead")
	flag.IntVar(&o.cost.Rounds, "rounds", 3, "rounds of the overhead")
	flag.StringVar(&o.cost.Binary, "retort", "", "measure this binary instead of building one")
	flag.StringVar(&o.out, "out", "", "also write the figures of each part into this folder, as latest-PART.json")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a floor is missed")
	flag.Parse()
	rig.Main("dialects", o.strict, func(ctx context.Context) (bool, error) { return run(ctx, o) })
}

// part is one thing to measure; it adds its figures to a result.
type part struct {
	name    string
	measure func(ctx context.Context, r *rig.Result) error
}

// run measures the parts and says whether every floor was reached.
func run(ctx context.Context, o options) (bool, error) {
	all := true
	for _, p := range []part{
		{"soak", func(ctx context.Context, r *rig.Result) error { return soak.Run(ctx, o.soak, r) }},
		{"overhead", func(ctx context.Context, r *rig.Result) error { return overhead.Run(ctx, o.cost, r) }},
	} {
		if !slices.Contains(strings.Split(o.only, ","), p.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", p.name)
		r := rig.NewResult(ctx, "dialects "+p.name)
		err := p.measure(ctx, r)
		if missing := (*rig.MissingError)(nil); errors.As(err, &missing) {
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", p.name, err)
			continue
		}
		if err != nil {
			return false, fmt.Errorf("%s: %w", p.name, err)
		}
		path := ""
		if o.out != "" {
			path = filepath.Join(o.out, "latest-"+p.name+".json")
		}
		if err := r.Print(os.Stdout, path); err != nil {
			return false, err
		}
		all = all && r.OK
	}
	return all, ctx.Err()
}
