// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"retort/internal/app"
	"retort/internal/store"
	"retort/model"
)

type tracesCmd struct {
	List   tracesListCmd   `cmd:"" help:"List traces, the latest first."`
	Show   tracesShowCmd   `cmd:"" help:"Show one trace whole."`
	Export tracesExportCmd `cmd:"" help:"Write traces as JSON lines, the earliest first."`
}

// traceFilter is what list and export choose by.
type traceFilter struct {
	Model string `placeholder:"NAME" help:"Only of this model or task."`
	Since span   `placeholder:"24h" help:"Only of this long ago or later, such as 24h or 30m."`
	Error bool   `help:"Only requests that failed."`

	Purpose purpose `placeholder:"WORK" default:"serve" help:"Only requests made for this: serve (clients asked), label, reask, eval, judge, tune or audit (Retort asked); or all."`
}

// span is a length of time on the command line.
type span time.Duration

// UnmarshalText reads a number with a unit.
func (d *span) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no length of time; write 24h or 30m", text)
	}
	*d = span(v)
	return nil
}

// purpose is what requests were made for, on the command line.
type purpose string

// UnmarshalText reads a purpose.
func (p *purpose) UnmarshalText(text []byte) error {
	if w := purpose(text); w == "serve" || w.work() != model.Serving && (w.work() == store.AnyWork || slices.Contains(model.Works(), w.work())) {
		*p = w
		return nil
	}
	return fmt.Errorf("%q is nothing that requests are made for; there are serve, %s and all", text, joined(model.Works()[1:]))
}

func (p purpose) work() model.Work {
	if p == "serve" {
		return model.Serving
	}
	return model.Work(p)
}

func joined(works []model.Work) string {
	words := make([]string, len(works))
	for i, w := range works {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

func (f *traceFilter) filter() store.Filter {
	out := store.Filter{Model: f.Model, Purpose: f.Purpose.work()}
	if f.Since > 0 {
		out.Since = time.Now().Add(-time.Duration(f.Since))
	}
	if f.Error {
		out.Status = store.Failed
	}
	return out
}

type tracesListCmd struct {
	jsonFlag
	traceFilter
	Limit  int    `default:"50" help:"How many at most."`
	Cursor string `placeholder:"CURSOR" help:"Go on where the list before ended."`
}

func (c *tracesListCmd) Run(s *session) error {
	if c.Limit < 1 {
		return &hinted{fmt.Errorf("--limit %d: it must be at least 1", c.Limit), "retort traces export writes all"}
	}
	return s.opened(func(a *app.App) error {
		filter := c.filter()
		filter.Limit, filter.Cursor = c.Limit, c.Cursor
		traces, next, err := a.ListTraces(s.ctx, filter)
		if err != nil {
			return err
		}
		if len(traces) == 0 {
			c.none(s, a)
		}
		if c.JSON {
			return s.json(map[string]any{"traces": listedOf(traces), "next": next})
		}
		if len(traces) == 0 {
			return nil
		}
		var rows [][]string
		for _, t := range traces {
			rows = append(rows, traceRow(t))
		}
		if err := s.table(columns("TRACE", "TIME", "DIALECT", "MODEL", "ANSWERED BY", ">TOOK", ">TOKENS", ">COST"), rows); err != nil {
			return err
		}
		if next != "" {
			fmt.Fprintf(s.Stderr, "more: --cursor %s\n", next)
		}
		return nil
	})
}

// none says that nothing is chosen, and why that may be.
func (c *tracesListCmd) none(s *session, a *app.App) {
	why := "every request that retort serve answers leaves one"
	if doubt := a.Doubt(c.Model); doubt != "" {
		why = doubt
	} else if c.traceFilter != (traceFilter{Purpose: "serve"}) {
		why = "none is of that model, time, result or purpose"
	}
	fmt.Fprintf(s.Stderr, "no traces; %s\n", printable(why))
}

// listed is a trace as list prints it: without what it does not know.
type listed struct {
	*model.Trace
	Response *answerer `json:"response,omitempty"`
}

// answerer is who answered.
type answerer struct {
	Model string  `json:"model"`
	Score float64 `json:"score,omitempty"`
}

func listedOf(traces []*model.Trace) []listed {
	out := make([]listed, len(traces))
	for i, t := range traces {
		if out[i].Trace = t; t.Response != nil {
			out[i].Response = &answerer{t.Response.Model, t.Response.Score}
		}
	}
	return out
}

func traceRow(t *model.Trace) []string {
	by := "error: " + t.Error
	if t.Error == "" && t.Response != nil {
		by = t.Response.Model
	}
	return []string{t.ID, clock(t.Start), t.Dialect, t.Model, by, duration(t.Duration),
		fmt.Sprintf("%d + %d", t.Usage.Input, t.Usage.Output), money(t.Cost)}
}

// shownTrace is a trace as show and export print it.
type shownTrace struct {
	*model.Trace
	Request  any              `json:"request"` // as it came, or null when content is not captured
	Feedback []store.Feedback `json:"feedback,omitempty"`
}

func shown(t *model.Trace, feedback []store.Feedback) shownTrace {
	out := shownTrace{Trace: t, Feedback: feedback}
	switch {
	case json.Valid(t.Body):
		out.Request = json.RawMessage(t.Body)
	case len(t.Body) > 0:
		out.Request = string(t.Body)
	}
	return out
}

type tracesExportCmd struct {
	traceFilter
	Output string `short:"o" type:"path" placeholder:"FILE" help:"Write here instead of to standard output."`
}

func (c *tracesExportCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		if c.Output == "" {
			_, err := c.export(s, a, s.Stdout)
			return err
		}
		f, err := os.Create(c.Output)
		if err != nil {
			return err
		}
		n, err := c.export(s, a, f)
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		if err == nil {
			fmt.Fprintf(s.Stderr, "%d traces written to %s\n", n, c.Output)
		}
		return err
	})
}

func (c *tracesExportCmd) export(s *session, a *app.App, to io.Writer) (int, error) {
	w := bufio.NewWriter(to)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	n := 0
	for trace, err := range a.Traces(s.ctx, c.filter()) {
		if trace == nil {
			return n, err
		}
		if err != nil {
			fmt.Fprintf(s.Stderr, "trace %s: %v\n", trace.ID, err)
		}
		if err := enc.Encode(shown(trace, nil)); err != nil {
			return n, err
		}
		n++
	}
	return n, w.Flush()
}
