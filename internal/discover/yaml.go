// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"retort/internal/config"
	"retort/model"
	"retort/provider/preset"
)

// page is a configuration file being written.
type page struct {
	strings.Builder
	margin string // "# " while what is written must not count
}

func (p *page) line(format string, args ...any) {
	p.WriteString(strings.TrimRight(p.margin+fmt.Sprintf(format, args...), " ") + "\n")
}

// YAML returns the commented configuration made of checked findings. It names variables, never their values, and it is
// valid whatever was found: with nothing that works it has an example to fill in.
func (f *Findings) YAML() []byte {
	p := &page{}
	p.head(f.listen())
	entries := f.entries()
	for _, half := range f.Halves {
		p.line("  # %s.", printable(half))
	}
	if !f.Works() {
		p.placeholder()
		entries = append([]entry{{provider: "local", alias: "local", id: "local"}}, entries...)
	}
	for i, e := range entries {
		if i > 0 {
			p.line("")
		}
		if e.server != nil {
			p.provider(e)
		}
	}
	p.models(entries)
	p.task(teacher(entries))
	return []byte(p.String())
}

// entry is a server with its names in the file.
type entry struct {
	server   *Server
	provider string // unique among providers
	alias    string // of its model, unique among models; empty when the server does not work
	id       string // the upstream's own name of the model
}

// entries gives every server a name of its own, and every one that works a model.
func (f *Findings) entries() []entry {
	taken := map[string]bool{"default": true}
	unique := func(prefix, name string) string {
		for n, free := 2, name; ; n++ {
			if !taken[prefix+free] {
				taken[prefix+free] = true
				return free
			}
			free = fmt.Sprintf("%s-%d", name, n)
		}
	}
	entries := make([]entry, len(f.Servers))
	for i := range f.Servers {
		s := &f.Servers[i]
		e := entry{server: s, provider: unique("provider ", s.Name)}
		if s.Works() {
			e.id, e.alias = s.Model, unique("", alias(s.Model))
		}
		entries[i] = e
	}
	return entries
}

var strange = regexp.MustCompile(`[^A-Za-z0-9._:/@+-]+`)

// alias turns an upstream's name of a model into one that the configuration takes.
func alias(id string) string {
	name := strange.ReplaceAllString(id, "-")
	name = strings.Trim(name[:min(len(name), 120)], "._:/@+-")
	if name == "" {
		return "model"
	}
	return name
}

// listen returns an address for the gateway that none of the servers found has.
func (f *Findings) listen() string {
	for _, s := range f.Servers {
		if strings.HasSuffix(s.address, ":8080") {
			return "127.0.0.1:8090"
		}
	}
	return "127.0.0.1:8080"
}

func (p *page) head(listen string) {
	p.line("# Retort's configuration, written by: retort init")
	p.line("# Check it: retort check     Serve it: retort serve     Every key: retort config print, retort config schema")
	p.line("# See the whole of it at work, offline, on a built-in sample: retort quickstart")
	p.line("")
	p.line("listen: %s   # only this machine may ask, until there are keys: retort keys create NAME", listen)
	p.line("data: ./retort-data      # traces, students and keys; relative to this file")
	p.line("")
	p.line("# Upstream accounts and servers. A preset gives the address and takes the key from the variable named beside it;")
	p.line("# without one write dialect, base_url and api_key: ${NAME}. Keys never stand in this file.")
	p.line("providers:")
}

// placeholder is a provider to fill in.
func (p *page) placeholder() {
	p.line("  # Nothing that answers was found: no API key that works in the environment, no model server on this machine.")
	p.line("  # This is an example. Start such a server, or put in what you have: for OpenAI set the variable OPENAI_API_KEY,")
	p.line("  # write preset: openai here, and one of its models below. Or set the variable and run again: retort init --force")
	p.line("  # There is a preset for: %s", strings.Join(preset.Names(), ", "))
	p.line("  local:")
	p.line("    preset: vllm")
}

// provider writes a server, as a comment when it does not work.
func (p *page) provider(e entry) {
	s := e.server
	if s.Works() {
		p.line("  # %s: %s; %s answered in %s.", s.Title, s.where(), printable(s.Model), max(s.Took.Round(time.Millisecond), time.Millisecond))
	} else {
		trouble, reasons, _ := strings.Cut(s.Trouble(), "\n")
		p.line("  # %s: %s", s.Title, trouble)
		for _, reason := range strings.Split(reasons, "\n") {
			p.line("  #   %s", printable(reason))
		}
		p.margin = "  # "
		defer func() { p.margin = "" }()
	}
	indent := "  "
	if p.margin != "" {
		indent = ""
	}
	p.settings(e.provider, s, indent)
	p.line("%s  # May a student learn from its answers? Read the terms that hold for you, then say so.", indent)
	if known, ok := preset.Named(s.Preset); ok && known.Terms.Source != "" {
		p.line("%s  # In short: %s; %s", indent, known.Terms.Basis, known.Terms.Source)
	}
	p.line(`%s  # distillation: {status: allowed, basis: "what says so", source: "where to read it"}`, indent)
}

// settings writes what Check and the written configuration have in common.
func (p *page) settings(name string, s *Server, indent string) {
	p.line("%s%s:", indent, name)
	if s.Preset == "" {
		p.line("%s  dialect: openai", indent)
	} else {
		p.line("%s  preset: %s", indent, s.Preset)
	}
	if s.BaseURL != "" {
		p.line("%s  base_url: %s", indent, config.Quote(s.BaseURL))
	}
	if s.Variable != "" && s.Preset == "" {
		p.line("%s  api_key: ${%s}", indent, s.Variable)
	}
}

// reasonOf is an error with its hint.
func reasonOf(err error) string {
	if err == nil {
		return "it was not checked"
	}
	var e *model.Error
	if errors.As(err, &e) && e.Hint != "" {
		return err.Error() + "\nhint: " + e.Hint
	}
	return err.Error()
}

// models writes one model for each provider that works.
func (p *page) models(entries []entry) {
	p.line("")
	p.line(`# What clients can put into "model".`)
	p.line("models:")
	var all []string
	for _, e := range entries {
		if e.alias == "" {
			continue
		}
		all = append(all, config.Quote(e.alias))
		p.line("  %s:", config.Quote(e.alias))
		p.line("    provider: %s", e.provider)
		if e.server == nil {
			p.line("    # name: …                        # as your server calls it")
		} else if e.alias != e.id {
			p.line("    name: %s", config.Quote(e.id))
		}
		p.line("    # price: {input: …, output: …}   # US dollars per million tokens; left out, calls count as free")
		if e.server != nil {
			p.others(e.server)
		}
		p.line("")
	}
	if len(all) > 1 {
		p.line("  default: {fallback: [%s]}   # the next one when the first cannot answer", strings.Join(all, ", "))
		p.line("")
	}
}

// others names models that the same server has.
func (p *page) others(s *Server) {
	const most = 6
	var names []string
	for _, name := range s.Models {
		if name != s.Model && len(names) < most {
			names = append(names, printable(name))
		}
	}
	if rest := len(s.Models) - 1 - len(names); rest > 0 {
		names = append(names, fmt.Sprintf("and %d more", rest))
	}
	if len(names) > 0 {
		p.line("    # it also serves: %s", strings.Join(names, ", "))
	}
}

// teacher returns the model that an example task may learn from.
func teacher(entries []entry) string {
	for _, e := range entries {
		if e.alias != "" {
			return e.alias
		}
	}
	return ""
}

// task writes an example of a contract, as a comment.
func (p *page) task(teacher string) {
	p.line("# What a small model can learn from a large one. Call a task like a model; after enough calls: retort distill support")
	p.margin = "# "
	p.line("tasks:")
	p.line("  support:")
	p.line("    instructions: Name what the customer wants from the support desk.")
	p.line("    output: {enum: [track_order, return_item, refund_status, other]}")
	p.line("    teacher: %s", config.Quote(teacher))
	p.line("    agreement: 0.95     # share of the student's answers that must agree with the teacher")
}

// printable keeps what a server says about itself from breaking out of a comment.
func printable(text string) string {
	const most = 300
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
