// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// entityName is what clients can write in a URL, a header and a shell without quoting.
var entityName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$`)

// check notes every mistake that the shape of the file does not show.
func (c *Config) check(d *decoder) {
	c.required(d, "", reflect.ValueOf(c).Elem())
	c.checkNames(d)
	c.checkListen(d)
	c.checkLimits(d)
	for _, name := range slices.Sorted(maps.Keys(c.Providers)) {
		p := c.Providers[name]
		p.check(d, join("providers", name))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Models)) {
		m := c.Models[name]
		c.checkModel(d, join("models", name), name, &m)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Tasks)) {
		t := c.Tasks[name]
		c.checkTask(d, join("tasks", name), name, &t)
	}
	c.checkCycles(d)
}

// required notes the fields that must be given and are not.
func (c *Config) required(d *decoder, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c.required(d, path, v.Elem())
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			c.required(d, join(path, key.String()), v.MapIndex(key))
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.required(d, index(path, i), v.Index(i))
		}
	case reflect.Struct:
		for _, f := range fieldsOf(v.Type()) {
			at := join(path, f.name)
			if f.required && v.Field(f.index).IsZero() {
				d.fail(at, "is missing; wanted: %s", lowerFirst(strings.TrimSuffix(f.doc, ".")))
				continue
			}
			c.required(d, at, v.Field(f.index))
		}
	}
}

// lowerFirst makes a sentence the end of another.
func lowerFirst(doc string) string {
	if doc == "" {
		return doc
	}
	return strings.ToLower(doc[:1]) + doc[1:]
}

func (c *Config) checkNames(d *decoder) {
	check := func(path, name string) {
		if !entityName.MatchString(name) {
			d.fail(path, "a name begins with a letter or digit, goes on with letters, digits and . _ : / @ + - and has at most 128 characters")
		}
	}
	for name := range c.Providers {
		check(join("providers", name), name)
		if strings.Contains(name, "/") {
			d.fail(join("providers", name), "a provider's name holds no /, which divides it from the model's in answers")
		}
	}
	for name := range c.Models {
		check(join("models", name), name)
		if _, both := c.Tasks[name]; both {
			d.fail(join("tasks", name), "a model has the same name; clients could not tell them apart, so rename one")
		}
	}
	for name := range c.Tasks {
		check(join("tasks", name), name)
	}
}

func (c *Config) checkListen(d *decoder) {
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		d.fail("listen", "%q is not an address; write host:port such as 127.0.0.1:8080", clip(c.Listen))
		return
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		d.fail("listen", "the port %q is not a number from 0 to 65535", clip(port))
	}
	if c.Data == "" {
		d.fail("data", "the folder is empty; write a path such as ./retort-data")
	}
}

func (c *Config) checkLimits(d *decoder) {
	positive(d, "limits", reflect.ValueOf(c.Limits))
	positive(d, "capture", reflect.ValueOf(c.Capture))
	if s := c.Capture.SegmentBytes; s > 0 && s < 1<<20 {
		d.fail("capture.segment_bytes", "%s is too small; give at least 1MiB", s)
	}
}

// positive notes durations and sizes that are not above zero.
func positive(d *decoder, path string, v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		if (f.typ == durationType || f.typ == sizeType) && v.Field(f.index).Int() <= 0 {
			d.fail(join(path, f.name), "must be above zero; the default is %s", f.fallback)
		}
	}
}

func (p *Provider) check(d *decoder, path string) {
	if p.Retries != nil && (*p.Retries < 0 || *p.Retries > 10) {
		d.fail(path+".retries", "%d is not from 0 to 10", *p.Retries)
	}
	if p.MaxAnswer != nil && *p.MaxAnswer == 0 {
		d.fail(path+".max_answer", "must be above zero")
	}
	positive(d, path+".timeouts", reflect.ValueOf(p.Timeouts))
	p.Breaker.check(d, path+".breaker")
	switch p.Dialect {
	case "":
		if p.Preset == "" {
			d.fail(path+".dialect", "is missing; give a wire format (%s), or a preset that has one", strings.Join(dialects, ", "))
		}
	case DialectReplay:
		p.checkReplay(d, path)
	default:
		p.checkHTTP(d, path)
	}
}

func (b *Breaker) check(d *decoder, path string) {
	positive(d, path, reflect.ValueOf(*b))
	if b.FailureRate <= 0 || b.FailureRate > 1 {
		d.fail(path+".failure_rate", "%v is not above 0 and at most 1", b.FailureRate)
	}
	if b.Requests < 1 {
		d.fail(path+".requests", "%d is below 1", b.Requests)
	}
}

func (p *Provider) checkHTTP(d *decoder, path string) {
	if p.File != "" {
		d.fail(path+".file", "belongs to the dialect replay")
	}
	if p.Latency != "" {
		d.fail(path+".latency", "belongs to the dialect replay")
	}
	if p.BaseURL == "" {
		if p.Preset == "" { // else the preset has said what is missing
			d.fail(path+".base_url", "is missing; write where the API begins, such as https://api.openai.com/v1, or give a preset")
		}
		return
	}
	if problem := urlProblem(p.BaseURL); problem != "" {
		d.fail(path+".base_url", "%s", problem)
	} else if u, err := url.Parse(p.BaseURL); err == nil && p.Dialect == "ollama" && ollamaPath.MatchString(u.Path) {
		d.fail(path+".base_url", "must end before /api/chat, which is added; leave out %s, or write dialect: openai for an address that ends in /v1",
			ollamaPath.FindString(u.Path))
	}
	p.checkAuth(d, path)
}

// ollamaPath is what people know Ollama's addresses to end in, and its dialect's do not.
var ollamaPath = regexp.MustCompile(`/(v1|api|api/chat|api/generate)/?$`)

// urlProblem says what is wrong with a base URL, or "". It never repeats a URL, which may hold a secret.
func urlProblem(text string) string {
	const example = "such as https://api.openai.com/v1"
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "is not a URL; write one " + example
	case u.Scheme != "http" && u.Scheme != "https":
		return "must begin with http:// or https://, " + example
	case u.Host == "" || u.Hostname() == "":
		return "names no host; write a URL " + example
	case u.User != nil:
		return "must not hold a user or password; use api_key"
	case u.RawQuery != "" || u.Fragment != "":
		return "must end with its path; leave out everything from ? or # on"
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/chat/completions"):
		return "must end before /chat/completions, which is added"
	}
	return ""
}

func (p *Provider) checkReplay(d *decoder, path string) {
	if p.File == "" {
		d.fail(path+".file", "is missing; name the JSON lines file of recorded answers")
	}
	for _, f := range []struct{ key, why string }{
		{"timeouts", "cannot fail"}, {"retries", "cannot fail"}, {"breaker", "cannot fail"}, {"stream_usage", "has no streams to ask for"}, {"max_answer", "is read whole"},
		{"base_url", "has no address"}, {"resource", "has no address"}, {"region", "has no address"}, {"project", "has no address"},
		{"location", "has no address"}, {"preset", "is of no vendor"}, {"api_version", "has no versions"},
		{"api_key", "needs no key"}, {"auth", "needs no key"}, {"access_key_id", "needs no key"}, {"secret_access_key", "needs no key"},
		{"session_token", "needs no key"}, {"profile", "needs no key"}, {"credentials", "needs no key"},
	} {
		if at := join(path, f.key); d.places[at] != nil {
			d.fail(at, "belongs to an upstream; a recording %s", f.why)
		}
	}
}

// quoted lists names for a message.
func quoted(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(list, ", ")
}
