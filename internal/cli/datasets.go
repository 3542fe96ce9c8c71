// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"retort/dataset"
	"retort/internal/app"
)

type datasetsCmd struct {
	Create datasetsCreateCmd `cmd:"" help:"Make a version from files, traces or other versions."`
	List   datasetsListCmd   `cmd:"" help:"List datasets and their versions."`
	Show   datasetsShowCmd   `cmd:"" help:"Show what a version holds, where it comes from and what was done to it."`
	Diff   datasetsDiffCmd   `cmd:"" help:"Compare two versions."`
	Export datasetsExportCmd `cmd:"" help:"Write a version as JSON lines, Parquet or OpenAI's fine-tuning file."`
	Split  datasetsSplitCmd  `cmd:"" help:"Divide a version into parts that stay apart as it grows."`
	Refine datasetsRefineCmd `cmd:"" help:"Make a refined version, with a report of each step."`
	Tag    datasetsTagCmd    `cmd:"" help:"Point a word to a version."`
	Rm     datasetsRmCmd     `cmd:"" help:"Remove a version that nothing was made from."`
}

type datasetsCreateCmd struct {
	jsonFlag
	Name     string   `arg:"" help:"Name of the dataset."`
	Data     []string `type:"existingfile" placeholder:"FILE" help:"Take the examples of this CSV, TSV, JSONL, Parquet or OpenAI fine-tuning file; may be given several times."`
	From     []string `placeholder:"VERSION" help:"Take the examples of this version (NAME@VERSION), or of traces where it is the word traces; may be given several times."`
	Input    string   `placeholder:"COL" help:"Column or field of the input."`
	Label    string   `placeholder:"COL" help:"Column or field of the label."`
	Task     string   `placeholder:"TASK" help:"Read labels as this task spells them, and leave out those that it does not allow; whose traces to take."`
	Since    moment   `placeholder:"24h" help:"Of traces: only of this long ago or later, such as 24h, or of this date, such as 2026-01-31."`
	Until    moment   `placeholder:"1h" help:"Of traces: only of before this long ago, or before this date."`
	Feedback string   `placeholder:"WHICH" help:"Of traces: only those with any feedback, none, a correction (corrected), or a rating, such as 'rating>=1'."`
	Tenant   string   `placeholder:"TENANT" help:"Of traces: those of this tenant."`
	Tag      string   `placeholder:"WORD" help:"Point this word to the version."`
	anewFlag
}

// moment is a time on the command line: a date, or so long ago.
type moment struct{ time.Time }

// UnmarshalText reads a date, a time or a length of time.
func (m *moment) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			m.Time = t
			return nil
		}
	}
	var ago span
	if err := ago.UnmarshalText(text); err != nil {
		return fmt.Errorf("%q is no time; write 24h, 2026-01-31 or 2026-01-31T12:00:00Z", text)
	}
	m.Time = time.Now().Add(-time.Duration(ago))
	return nil
}

const traceWord = "traces"

func (c *datasetsCreateCmd) options() (app.DatasetOptions, error) {
	o := app.DatasetOptions{Name: c.Name, Files: c.Data, Columns: dataset.Columns{Input: c.Input, Label: c.Label}, Task: c.Task, Tag: c.Tag}
	feedback, err := app.ParseFeedback(c.Feedback)
	if err != nil {
		return o, err
	}
	choice := app.TraceChoice{Since: c.Since.Time, Until: c.Until.Time, Feedback: feedback, Tenant: c.Tenant}
	for _, from := range c.From {
		if from == traceWord {
			o.Traces = &choice
		} else {
			o.From = append(o.From, from)
		}
	}
	switch {
	case len(c.Data) == 0 && len(c.From) == 0:
		return o, &hinted{errors.New("nothing says what the version is made of"), "give --data FILE, --from traces --task TASK or --from NAME@VERSION"}
	case o.Traces == nil && choice != (app.TraceChoice{}):
		return o, &hinted{errors.New("--since, --until, --feedback and --tenant choose traces, and none are wanted"), "add --from traces"}
	}
	return o, nil
}

func (c *datasetsCreateCmd) Run(s *session) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	return s.opened(func(a *app.App) error {
		return s.asRun(c.Anew, c.JSON && !s.Terminal, func(how app.Asked, bar *progress) error {
			return a.CreateRun(s.ctx, o, how, func(v *app.MadeVersion) error {
				bar.End()
				return s.madeVersion(v, nil, c.JSON)
			})
		})
	})
}

// madeVersion prints a version that was made.
func (s *session) madeVersion(v *app.MadeVersion, err error, asJSON bool) error {
	switch {
	case err != nil:
		return err
	case asJSON:
		return s.json(v)
	}
	s.version(v.Version)
	if !v.Made {
		fmt.Fprintf(s.Stdout, "\nnothing has changed: %s holds just this already\n", v.Ref())
	}
	return nil
}

type datasetsListCmd struct {
	jsonFlag
	Name string `arg:"" optional:"" help:"Only of this name."`
}

func (c *datasetsListCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		all, err := a.Datasets(s.ctx, c.Name)
		if err != nil {
			return err
		}
		if c.JSON {
			if all == nil {
				all = []*dataset.Version{}
			}
			return s.json(all)
		}
		if len(all) == 0 {
			fmt.Fprintln(s.Stderr, "no datasets yet; make one with: retort datasets create NAME --data FILE")
			return nil
		}
		var rows [][]string
		for _, v := range all {
			rows = append(rows, []string{v.Ref(), strings.Join(v.Tags, ", "), fmt.Sprint(v.Examples), fmt.Sprint(v.Distinct), bytesText(v.Bytes), v.Address[:12], clock(v.Created)})
		}
		return s.table(columns("VERSION", "TAGS", ">EXAMPLES", ">LABELS", ">SIZE", "ADDRESS", "CREATED"), rows)
	})
}

type datasetsShowCmd struct {
	jsonFlag
	Ref      string `arg:"" name:"version" help:"NAME, NAME@VERSION, NAME@TAG or NAME@ADDRESS."`
	Examples int    `default:"0" placeholder:"N" help:"Show the first N examples too."`
}

func (c *datasetsShowCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		v, err := a.ShowDataset(s.ctx, c.Ref, c.Examples)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(v)
		}
		s.version(v.Version)
		s.line("used by", strings.Join(v.Uses, ", "))
		for i := range v.First {
			e := &v.First[i]
			s.line("example", fmt.Sprintf("%s → %s (%s)", clip(e.Text, 100), clip(e.Label, 60), e.Origin()))
		}
		return nil
	})
}

type datasetsDiffCmd struct {
	jsonFlag
	Before string `arg:"" help:"A version."`
	After  string `arg:"" help:"Another one."`
}

func (c *datasetsDiffCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		bar := s.progress(c.JSON && !s.Terminal)
		d, err := a.DiffDatasets(s.ctx, c.Before, c.After, bar.Step)
		bar.End()
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(d)
		}
		s.diff(d)
		return nil
	})
}

type datasetsExportCmd struct {
	jsonFlag
	Ref    string `arg:"" name:"version" help:"A version."`
	Format string `enum:",jsonl,parquet,openai" default:"" placeholder:"FORMAT" help:"jsonl, parquet or openai; default: by the name of --output, else jsonl."`
	Output string `short:"o" type:"path" placeholder:"FILE" help:"Write here instead of to standard output."`
	Task   string `placeholder:"TASK" help:"For openai: the task whose instructions become the system message (default: the version's)."`
}

func (c *datasetsExportCmd) Run(s *session) error {
	o := app.ExportOptions{Ref: c.Ref, Format: dataset.Format(c.Format), Path: c.Output, To: s.Stdout, Task: c.Task}
	if o.Format == "" {
		o.Format = dataset.FormatOf(c.Output)
	}
	switch {
	case c.Output == "" && c.JSON:
		return &hinted{errors.New("--json prints what was written, and standard output is where it is written"), "name a file with --output"}
	case c.Output == "" && o.Format == dataset.Parquet && s.Screen:
		return &hinted{errors.New("a Parquet file is nothing for a terminal"), "name a file with --output"}
	}
	return s.opened(func(a *app.App) error {
		bar := s.progress(c.Output == "" || c.JSON && !s.Terminal)
		o.Progress = bar.Step
		n, err := a.ExportDataset(s.ctx, o)
		bar.End()
		switch {
		case err != nil || c.Output == "":
			return err
		case c.JSON:
			return s.json(map[string]any{"version": c.Ref, "format": o.Format, "examples": n, "file": c.Output})
		}
		fmt.Fprintf(s.Stdout, "%d examples written to %s\n", n, relative(c.Output))
		return nil
	})
}

type datasetsTagCmd struct {
	jsonFlag
	Ref    string `arg:"" name:"version" help:"A version."`
	Tag    string `arg:"" help:"The word."`
	Remove bool   `help:"Take the word away."`
}

func (c *datasetsTagCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		v, err := a.TagDataset(s.ctx, c.Ref, c.Tag, c.Remove)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return s.json(v)
		case c.Remove:
			fmt.Fprintf(s.Stdout, "%s@%s is gone\n", v.Name, c.Tag)
		default:
			fmt.Fprintf(s.Stdout, "%s@%s is %s\n", v.Name, c.Tag, v.Ref())
		}
		return nil
	})
}

type datasetsRmCmd struct {
	jsonFlag
	Ref   string `arg:"" name:"version" help:"A version with its number, tag or address."`
	Force bool   `help:"Remove it though something was made from it."`
}

func (c *datasetsRmCmd) Run(s *session) error {
	if name, which, _ := strings.Cut(c.Ref, "@"); which == "" {
		return &hinted{fmt.Errorf("%s may have several versions, and one is removed at a time", name), "name it, such as " + name + "@1; retort datasets list " + name + " shows them"}
	}
	return s.opened(func(a *app.App) error {
		v, err := a.RemoveDataset(s.ctx, c.Ref, c.Force)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return s.json(map[string]any{"removed": v.Ref(), "address": v.Address})
		}
		fmt.Fprintf(s.Stdout, "%s is removed\n", v.Ref())
		return nil
	})
}
