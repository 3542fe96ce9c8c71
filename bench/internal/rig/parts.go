// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// Main runs a benchmark until it ends or is interrupted. When it fails the process ends with 1, and so it does with strict
// when a floor is missed, which is when run returns false.
func Main(name string, strict bool, run func(context.Context) (ok bool, err error)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx)
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench/%s: %v\n", name, err)
		os.Exit(1)
	}
	if strict && !ok {
		os.Exit(1)
	}
}

// Part is one of the things that a benchmark measures.
type Part[B any] struct {
	Name string
	Run  func(context.Context, B) error // adds to the benchmark's figures
}

// Parts are all that a benchmark can measure, in the order in which it does.
type Parts[B any] []Part[B]

// Names returns the names, separated by commas.
func (p Parts[B]) Names() string {
	names := make([]string, len(p))
	for i := range p {
		names[i] = p[i].Name
	}
	return strings.Join(names, ",")
}

// Run measures the parts that are named in only, separated by commas. A name that there is not is an error before
// anything is measured.
func (p Parts[B]) Run(ctx context.Context, only string, b B) error {
	wanted := strings.Split(only, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(p, func(part Part[B]) bool { return part.Name == name }) {
			return fmt.Errorf("-only: there is no part %q", name)
		}
	}
	for _, part := range p {
		if !slices.Contains(wanted, part.Name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", part.Name)
		if err := part.Run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", part.Name, err)
		}
	}
	return nil
}
