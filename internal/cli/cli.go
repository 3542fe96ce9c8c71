// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package cli is the command line of Retort: it reads arguments, calls package app and prints. Results go to standard
// output, as text or, with --json, as JSON; progress and errors go to standard error.
//
// Exit codes: 0 done; 1 failed; 2 wrong use; 130 interrupted.
package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"retort/internal/app"
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// Process is what the command line has of its surroundings.
type Process struct {
	Args     []string // without the program's name
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	Getenv   func(string) (string, bool)
	Terminal bool // Stderr is a terminal: progress may move
	Asks     bool // so is Stdin: questions may be asked
	Screen   bool // Stdout is a terminal: text from elsewhere must not steer it
}

// grammar is every command and flag, as kong reads them.
type grammar struct {
	Config string `short:"c" default:"retort.yaml" type:"path" placeholder:"FILE" help:"Configuration file (default ./retort.yaml)."`

	ShowVersion versionFlag `name:"version" help:"Print the version."`

	Quickstart  quickstartCmd  `cmd:"" help:"See all of it work on a built-in sample, offline, in under a minute."`
	Init        initCmd        `cmd:"" help:"Write a retort.yaml from the API keys and local servers found here."`
	Check       checkCmd       `cmd:"" help:"Validate the configuration."`
	Serve       serveCmd       `cmd:"" help:"Run the gateway."`
	Chat        chatCmd        `cmd:"" help:"Put a prompt to any model and stream its answer."`
	Models      modelsCmd      `cmd:"" help:"List the configured models, or what each dialect can say."`
	Label       labelCmd       `cmd:"" help:"Have teachers label the inputs of a file, within a budget."`
	Distill     distillCmd     `cmd:"" help:"Distil a student for a task, from traces or from a file."`
	Eval        evalCmd        `cmd:"" help:"Score a model on labelled data."`
	Audit       auditCmd       `cmd:"" help:"Check what a student inherited, or show what was found."`
	Tune        tuneCmd        `cmd:"" help:"Fit a blend's weights on outcomes, from a file or from feedback."`
	Tunings     tuningsCmd     `cmd:"" help:"List, show, use and drop what blends were tuned to."`
	Runs        runsCmd        `cmd:"" help:"List, show, cancel and go on with runs, which outlive their process."`
	Students    studentsCmd    `cmd:"" help:"List, show, promote and roll back students."`
	Datasets    datasetsCmd    `cmd:"" help:"Make, show, compare, refine, divide and export versions of datasets."`
	Traces      tracesCmd      `cmd:"" help:"List, show and export traces."`
	Experiments experimentsCmd `cmd:"" help:"Show how the arms of splits do, and when it is safe to stop."`
	Keys        keysCmd        `cmd:"" help:"Create, list and revoke API keys."`
	Tasks       tasksCmd       `cmd:"" help:"Show what tasks cost and save, put their students back, and find tasks in traffic."`
	Settings    settingsCmd    `cmd:"" name:"config" help:"Print the configuration in canonical form, or its JSON Schema."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// session is one run of a command.
type session struct {
	Process
	ctx    context.Context // of the run; kong calls commands without one
	config string
}

// Main runs the process's command line and returns its exit code. The first interrupt or SIGTERM asks the command to
// end in good order; a second kills it.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { // after the first signal, restore the default: the next one kills
		<-ctx.Done()
		stop()
	}()
	return Run(ctx, Process{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.LookupEnv, Terminal: term.IsTerminal(int(os.Stderr.Fd())),
		Asks:   term.IsTerminal(int(os.Stderr.Fd())) && term.IsTerminal(int(os.Stdin.Fd())),
		Screen: term.IsTerminal(int(os.Stdout.Fd())),
	})
}

// errExit carries kong's wish to end (after --help) through a panic, as kong's Exit has no other way back.
type errExit int

// Run runs one command line and returns its exit code.
func Run(ctx context.Context, p Process) (code int) {
	defer func() {
		if e := recover(); e != nil {
			exit, ok := e.(errExit)
			if !ok {
				panic(e)
			}
			code = int(exit)
		}
	}()
	var g grammar
	s := &session{Process: p, ctx: ctx}
	parser, err := kong.New(&g,
		kong.Name("retort"),
		kong.Description("Mix and match AI models behind one endpoint, and distil your own small ones from them."),
		kong.Vars{"run_kinds": strings.Join(app.RunKinds(), ",")},
		kong.Writers(p.Stdout, p.Stderr),
		kong.Exit(func(code int) { panic(errExit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	if err != nil {
		s.fail(err)
		return exitFailed
	}
	args := p.Args
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help": // as other programs have it: help COMMAND
		args = append(slices.Clone(args[1:]), "--help")
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		hint := `run "retort --help" for the commands`
		if errors.Is(err, fs.ErrNotExist) {
			hint = "there is no such file; a path is relative to the folder that retort is started in"
		}
		text := strings.Replace(err.Error(), `must be one of "",`, "must be one of ", 1) // that a flag may be left out goes without saying
		s.fail(&hinted{errors.New(text), hint})
		return exitUsage
	}
	s.config = g.Config
	return s.exit(parsed.Run(s))
}

// configFlag repeats the flag -c, for commands that are printed to go on with, where it is needed.
func (s *session) configFlag() string {
	if path := relative(s.config); path != "retort.yaml" {
		return " -c " + path
	}
	return ""
}

func (s *session) exit(err error) int {
	switch {
	case err == nil:
		return exitDone
	case s.ctx.Err() != nil && errors.Is(err, context.Canceled):
		stopped := error(errors.New("interrupted"))
		if how := (*hinted)(nil); errors.As(err, &how) { // not the hint of a model that was cut off
			stopped = &hinted{stopped, how.hint}
		}
		s.fail(stopped)
		return exitInterrupted
	}
	s.fail(err)
	return exitFailed
}
