// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package rig is what the benchmarks have in common: results with figures, floors and verdicts, and a real retort to
// measure, as another process.
package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// Figure is one measured value.
type Figure struct {
	Value float64  `json:"value"`
	Unit  string   `json:"unit,omitempty"`
	Least *float64 `json:"at_least,omitempty"` // the floor, where there is one
	Most  *float64 `json:"at_most,omitempty"`
	Pass  *bool    `json:"pass,omitempty"`
}

// Result is the whole of one run.
type Result struct {
	Bench   string            `json:"bench"`
	Date    string            `json:"date"`
	Commit  string            `json:"commit"`
	Machine string            `json:"machine"`
	Figures map[string]Figure `json:"figures"`
	Skipped map[string]string `json:"skipped,omitempty"` // parts left out, and why
	OK      bool              `json:"ok"`                // every floor measured was reached

	order []string
}

// NewResult returns an empty result of a benchmark, with date, commit and machine.
func NewResult(ctx context.Context, bench string) *Result {
	return &Result{Bench: bench, Date: time.Now().UTC().Format(time.RFC3339), Commit: commit(ctx), Machine: machine(),
		Figures: map[string]Figure{}, Skipped: map[string]string{}, OK: true}
}

// Note adds a Figure without a floor.
func (r *Result) Note(name string, value float64, unit string) {
	r.Figures[name] = Figure{Value: value, Unit: unit}
	r.order = append(r.order, name)
}

// AtMost adds a Figure with its floor.
func (r *Result) AtMost(name string, value float64, unit string, most float64) {
	pass := value <= most
	r.Figures[name] = Figure{Value: value, Unit: unit, Most: &most, Pass: &pass}
	r.order = append(r.order, name)
	r.OK = r.OK && pass
}

// AtLeast adds a Figure with its floor.
func (r *Result) AtLeast(name string, value float64, unit string, least float64) {
	pass := value >= least
	r.Figures[name] = Figure{Value: value, Unit: unit, Least: &least, Pass: &pass}
	r.order = append(r.order, name)
	r.OK = r.OK && pass
}

// Print writes the table and the JSON line, and the same object to a file when one is named.
func (r *Result) Print(w io.Writer, path string) error {
	fmt.Fprintf(w, "\n%s, commit %s, %s\n\n", r.Machine, r.Commit, r.Date)
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	for _, name := range r.order {
		f := r.Figures[name]
		fmt.Fprintf(table, "%s\t%s %s\t%s\t%s\t\n", name, short(f.Value), f.Unit, f.floor(), f.verdict())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if path != "" {
		indented, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, append(indented, '\n'), 0o644); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, "\n%s\n", line)
	return err
}

func (f Figure) floor() string {
	switch {
	case f.Least != nil:
		return "≥ " + short(*f.Least)
	case f.Most != nil:
		return "≤ " + short(*f.Most)
	}
	return ""
}

func (f Figure) verdict() string {
	switch {
	case f.Pass == nil:
		return ""
	case *f.Pass:
		return "ok"
	}
	return "MISSED"
}

// short prints large numbers whole and small ones to four places.
func short(x float64) string {
	if math.Abs(x) >= 1000 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.4g", x)
}

// commit names what was measured.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// machine names the processor, as far as the system tells.
func machine() string {
	name := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if _, value, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(line, "model name") {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s, %s", name, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}
