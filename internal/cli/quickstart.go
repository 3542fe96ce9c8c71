// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"retort/internal/quickstart"
	"retort/internal/sample"
)

type quickstartCmd struct {
	jsonFlag
	Dir    string `default:"retort-quickstart" type:"path" placeholder:"FOLDER" help:"Folder to leave (default ./retort-quickstart)."`
	Serve  bool   `help:"Keep the gateway running afterwards."`
	Listen string `placeholder:"HOST:PORT" help:"Listen here; a free port on loopback when left out."`
	Seed   uint64 `default:"1" help:"Seed of the training."`
}

func (c *quickstartCmd) Run(s *session) error {
	if !c.JSON {
		fmt.Fprintln(s.Stderr, "A support desk's messages go through a real gateway on this machine; its teacher is a recording. Nothing leaves the machine.")
	}
	if s.configFlag() != "" {
		fmt.Fprintf(s.Stderr, "note: quickstart reads no configuration: it writes one of its own, into the folder that --dir names\n")
	}
	bar := s.progress(c.JSON && !s.Terminal)
	o := quickstart.Options{Dir: c.Dir, Listen: c.Listen, Seed: c.Seed, Progress: bar.Step}
	if c.Serve {
		o.Hold = func(r *quickstart.Result) error {
			bar.End()
			if err := c.print(s, r); err != nil {
				return err
			}
			<-s.ctx.Done()
			return nil
		}
	}
	result, err := quickstart.Run(s.ctx, o)
	bar.End()
	if err != nil || c.Serve {
		return err
	}
	return c.print(s, result)
}

func (c *quickstartCmd) print(s *session, r *quickstart.Result) error {
	if c.JSON {
		return s.json(r)
	}
	fmt.Fprintln(s.Stdout)
	w := tabwriter.NewWriter(s.Stdout, 0, 4, 3, ' ', 0)
	for _, row := range r.Table() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", row.Name, row.Figure, row.Note)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	file := func(name string) string { return filepath.Join(relative(c.Dir), name) }
	fmt.Fprintf(s.Stdout, "\nthe report: %s\n\n", file(quickstart.ReportFile))
	if c.Serve {
		fmt.Fprintf(s.Stdout, "the gateway is running; ask it (Ctrl-C ends it):\n  %s\n", curl(r))
		return nil
	}
	fmt.Fprintf(s.Stdout, "go on with:\n  %[1]s serve -c %[2]s\n  %[1]s students list -c %[2]s\n  %[1]s traces list -c %[2]s\n", program(), file(quickstart.ConfigFile))
	return nil
}

// curl is a command that asks the gateway something that its student knows.
func curl(r *quickstart.Result) string {
	return fmt.Sprintf(`curl -i %s/v1/chat/completions -H 'Content-Type: application/json' -d '{"model": %q, "messages": [{"role": "user", "content": %q}]}'`,
		r.URL, sample.Task, r.Example)
}

// relative shortens a path for printing where it lies below the current folder.
func relative(path string) string {
	here, err := filepath.Abs(".")
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// program is how this program can be run again.
func program() string {
	exe, err := os.Executable()
	if err != nil {
		return "retort"
	}
	if strings.Contains(exe, "go-build") {
		return "go run ./cmd/retort"
	}
	if found, err := exec.LookPath("retort"); err == nil && found == exe {
		return "retort"
	}
	return relative(exe)
}
