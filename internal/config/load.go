// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"retort/provider/preset"
)

// largest is more than any configuration needs; it bounds what a wrong file can cost.
const largest = 4 << 20

// Load reads and checks a configuration file, with the process's environment. An error about its content is of type
// Errors.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, text, os.LookupEnv)
}

// Parse checks the text of a configuration. name is the file's name, for errors and as the place that relative paths
// start from; env looks up a variable, as os.LookupEnv does. An error is of type Errors and holds every mistake found.
func Parse(name string, text []byte, env func(string) (string, bool)) (*Config, error) {
	d := &decoder{
		file: name, env: env, anchors: map[string]ast.Node{},
		places: map[string]*token.Position{}, written: map[string]string{}, expanded: map[string]string{},
	}
	cfg := &Config{written: d.written, mistake: d.mistake}
	setDefaults(reflect.ValueOf(cfg).Elem())
	if body := d.parse(text); body != nil {
		ast.Walk(collector(d.anchors), body)
		d.value("", body, reflect.ValueOf(cfg).Elem(), field{}, 0)
	}
	cfg.applyPresets(d)
	found := d.errs
	cfg.check(d)
	d.errs = append(found, consequent(found, d.errs[len(found):])...)
	if len(d.errs) > 0 {
		d.errs.sort()
		return nil, d.errs
	}
	cfg.settle(filepath.Dir(name))
	return cfg, nil
}

// consequent drops from later the mistakes that may only follow from earlier ones: those of the same named thing, and
// all when a mistake concerns the file or a whole section.
func consequent(earlier, later Errors) Errors {
	owners := map[string]bool{}
	for _, e := range earlier {
		owner := ownerOf(e.Path)
		if !strings.ContainsAny(owner, ".[") {
			return nil
		}
		owners[owner] = true
	}
	return slices.DeleteFunc(slices.Clone(later), func(e *Error) bool { return owners[ownerOf(e.Path)] })
}

// ownerOf returns the first two steps of a path: models.steady of models.steady.fallback[1].
func ownerOf(path string) string {
	first := strings.IndexAny(path, ".[")
	if first < 0 {
		return path
	}
	if rest := path[first:]; strings.HasPrefix(rest, `["`) {
		if quoted, err := strconv.QuotedPrefix(rest[1:]); err == nil {
			return path[:first+1+len(quoted)+1]
		}
	}
	if second := strings.IndexAny(path[first+1:], ".["); second >= 0 {
		return path[:first+1+second]
	}
	return path
}

// parse returns the tree of the file's one document; nil when it is empty or wrong.
func (d *decoder) parse(text []byte) ast.Node {
	if len(text) > largest {
		d.fail("", "the file has %d bytes; a configuration has at most %d", len(text), largest)
		return nil
	}
	source := strings.TrimPrefix(string(text), "\ufeff")
	if strings.Contains(source, openMask) || strings.Contains(source, closeMask) {
		d.fail("", "the file holds a character of Unicode's private use area (U+E000 or U+E001); remove it")
		return nil
	}
	file, err := parseYAML(mask(source))
	if err != nil {
		d.syntax(source, err)
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if _, comment := doc.Body.(*ast.CommentGroupNode); comment {
			continue
		}
		if body != nil {
			d.fail("", "the file holds several documents; remove all but one (they are divided by ---)")
			return nil
		}
		body = doc.Body
	}
	return body
}

// parseYAML turns a panic of the parser into an error: a wrong file must never end the process.
func parseYAML(text string) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			file, err = nil, fmt.Errorf("the file is not YAML: %v", r)
		}
	}()
	return parser.ParseBytes([]byte(text), 0)
}

// syntax notes an error of the YAML parser with its place in the source.
func (d *decoder) syntax(source string, err error) {
	e := &Error{File: d.file, Message: unmasker.Replace(err.Error())}
	var at yaml.Error
	if errors.As(err, &at) {
		e.Message = unmasker.Replace(at.GetMessage())
		if tk := at.GetToken(); tk != nil && tk.Position != nil {
			e.Line, e.Column = tk.Position.Line, tk.Position.Column
			if tabbed(source, e.Line) {
				e.Message = "a tab indents this line; YAML indents with spaces"
			}
		}
	}
	d.errs = append(d.errs, e)
}

// tabbed says whether a tab is among what indents a line, which are counted from 1.
func tabbed(source string, line int) bool {
	lines := strings.Split(source, "\n")
	if line < 1 || line > len(lines) {
		return false
	}
	text := lines[line-1]
	return strings.Contains(text[:len(text)-len(strings.TrimLeft(text, " \t"))], "\t")
}

// settle fills in what follows from other fields: paths start from dir, names and bursts have their own defaults.
func (c *Config) settle(dir string) {
	c.Data = c.place("data", dir, c.Data)
	for name, p := range c.Providers {
		p.BaseURL = strings.TrimRight(p.BaseURL, "/")
		if p.Credentials != "" {
			p.Credentials = c.place(join("providers", name)+".credentials", dir, p.Credentials)
		}
		if p.Dialect == DialectReplay {
			p.Timeouts, p.Breaker, p.Retries, p.StreamUsage, p.MaxAnswer = Timeouts{}, Breaker{}, nil, nil, nil
			p.File = c.place(join("providers", name)+".file", dir, p.File)
			if p.Latency == "" {
				p.Latency = "none"
			}
		} else if p.Auth == "" {
			p.Auth = preset.AuthKey
		}
		c.Providers[name] = p
	}
	for name, m := range c.Models {
		if m.Provider != "" && m.Name == "" {
			m.Name = name
		}
		if m.Provider != "" && m.Distillation.Status == "" {
			m.Distillation = c.Providers[m.Provider].Distillation
			m.Distillation.Status = cmp.Or(m.Distillation.Status, DistillUnknown)
		}
		if m.Cascade != nil && m.Cascade.Verify.Schema != "" {
			m.Cascade.Verify.Schema = c.place(join("models", name)+".cascade.verify.schema", dir, m.Cascade.Verify.Schema)
		}
		if l := m.Limit; l != nil && l.PerSecond > 0 && l.Burst == 0 {
			l.Burst = max(1, int(min(l.PerSecond+0.999, 1e9)))
		}
		c.Models[name] = m
	}
}

// place makes a path start from dir, and keeps it as written for the canonical form.
func (c *Config) place(field, dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	if _, ok := c.written[field]; !ok {
		c.written[field] = escape(path)
	}
	return filepath.Join(dir, path)
}
