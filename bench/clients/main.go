// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command clients runs the clients that people use (official SDKs, frameworks, coding agents) through a real retort, each
// against a scripted upstream of every dialect: a whole turn with tool calls, streamed and whole. What the upstreams
// receive is checked against what the vendors publish. It installs what it needs, at pinned versions, into a folder of
// its own, prints a line for each pair, and as its last line one JSON object.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"retort/bench/internal/rig"
	"retort/internal/scripted"
)

// options are the flags.
type options struct {
	only      string
	upstreams string
	cache     string
	binary    string
	out       string
	docs      string
	timeout   time.Duration
	retries   int
	verbose   bool
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", "", "run clients whose name contains one of these, separated by semicolons")
	flag.StringVar(&o.upstreams, "upstreams", strings.Join(scripted.Dialects(), ","), "the upstreams' dialects")
	flag.StringVar(&o.cache, "cache", "", "where clients are installed; default: retort-clients in the user's cache folder")
	flag.StringVar(&o.binary, "retort", "", "run this binary instead of building one")
	flag.StringVar(&o.out, "out", "", "also write the figures to this file, such as bench/clients/latest.json")
	flag.StringVar(&o.docs, "docs", "", "also write the table into this file, such as docs/dialects.md")
	flag.DurationVar(&o.timeout, "timeout", 3*time.Minute, "for one client against one upstream")
	flag.IntVar(&o.retries, "retries", 0, "try a pair that failed again this often; what was needed is reported")
	flag.BoolVar(&o.verbose, "v", false, "print what clients print, also when they succeed")
	flag.Parse()
	rig.Main("clients", true, func(ctx context.Context) (bool, error) { return run(ctx, o) })
}

// outcome is one client against one upstream.
type outcome struct {
	Client   string   `json:"client"`
	Version  string   `json:"version"`
	Speaks   string   `json:"speaks"` // the client's dialect
	Upstream string   `json:"upstream"`
	OK       bool     `json:"ok"`
	Parts    []string `json:"parts,omitempty"`  // of the script that succeeded
	Failed   string   `json:"failed,omitempty"` // what went wrong, shortly
	Faults   []string `json:"faults,omitempty"` // what the upstream would have refused
	Seconds  float64  `json:"seconds"`
	Tries    int      `json:"tries,omitempty"` // where more than one was needed
}

// summary is the last line of output.
type summary struct {
	Bench    string    `json:"bench"`
	Date     string    `json:"date"`
	Commit   string    `json:"commit"`
	Machine  string    `json:"machine"`
	Pairs    int       `json:"pairs"`
	Passed   int       `json:"passed"`
	Checked  int       `json:"requests_checked"` // received by upstreams, against the vendors' descriptions
	Faults   int       `json:"requests_faulty"`
	OK       bool      `json:"ok"`
	Outcomes []outcome `json:"outcomes"`
}

func run(ctx context.Context, o options) (bool, error) {
	folder, err := os.MkdirTemp("", "retort-clients")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	tools, err := install(ctx, o.cache)
	if err != nil {
		return false, err
	}
	b := &bench{options: o, tools: tools, folder: folder}
	if err := b.start(ctx); err != nil {
		return false, err
	}
	defer b.stop()
	r := rig.NewResult(ctx, "clients")
	s := summary{Bench: r.Bench, Date: r.Date, Commit: r.Commit, Machine: r.Machine}
	for _, c := range clients() {
		if !wanted(o.only, c.name) {
			continue
		}
		for _, up := range b.upstreams {
			done := b.try(ctx, c, up)
			for n := 2; !done.OK && n <= o.retries+1 && ctx.Err() == nil; n++ {
				report(done)
				done = b.try(ctx, c, up)
				done.Tries = n
			}
			s.Outcomes = append(s.Outcomes, done)
			report(done)
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
		}
	}
	if err := b.validate(ctx, &s); err != nil {
		return false, err
	}
	return finish(&s, o)
}

func wanted(only, name string) bool {
	if only == "" {
		return true
	}
	for part := range strings.SplitSeq(only, ";") {
		if strings.Contains(name, strings.TrimSpace(part)) {
			return true
		}
	}
	return false
}

func report(d outcome) {
	verdict := "ok     " + strings.Join(d.Parts, ", ")
	if !d.OK {
		verdict = "FAILED " + d.Failed
	}
	if d.Tries > 1 {
		verdict += fmt.Sprintf(" (try %d)", d.Tries)
	}
	fmt.Fprintf(os.Stderr, "%-28s → %-10s %5.1f s  %s\n", d.Client, d.Upstream, d.Seconds, verdict)
	for _, f := range d.Faults {
		fmt.Fprintf(os.Stderr, "%42s the upstream refuses: %s\n", "", f)
	}
}

// finish counts, writes what was asked for, and prints the last line.
func finish(s *summary, o options) (bool, error) {
	s.Pairs = len(s.Outcomes)
	for _, d := range s.Outcomes {
		if d.OK {
			s.Passed++
		}
	}
	s.OK = s.Passed == s.Pairs && s.Pairs > 0 && s.Faults == 0
	if o.docs != "" {
		if err := writeTable(o.docs, s); err != nil {
			return false, err
		}
	}
	if o.out != "" {
		text, err := json.MarshalIndent(s, "", " ")
		if err != nil {
			return false, err
		}
		if err := os.WriteFile(filepath.Clean(o.out), append(text, '\n'), 0o644); err != nil {
			return false, err
		}
	}
	line, err := json.Marshal(s)
	if err != nil {
		return false, err
	}
	fmt.Println(string(line))
	return s.OK, nil
}
