// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"net/url"
	"strings"

	"retort/dialect/internal/called"
	"retort/model"
)

// resource returns the path of a model below a base URL, unescaped.
func (c Client) resource(name string) string {
	for _, prefix := range [...]string{"models/", "tunedModels/", "publishers/", "endpoints/"} {
		if strings.HasPrefix(name, prefix) && (!c.Vertex || prefix != "models/") {
			return name
		}
	}
	if !c.Vertex {
		return "models/" + name
	}
	if vendor, rest, ok := strings.Cut(name, "/"); ok && vendor != "models" {
		return "publishers/" + vendor + "/models/" + rest
	}
	return "publishers/google/models/" + strings.TrimPrefix(name, "models/")
}

// url returns the URL of a method of a model.
func (c Client) url(base, name, method string) string {
	steps := strings.Split(c.resource(name), "/")
	for i := range steps {
		steps[i] = url.PathEscape(steps[i])
	}
	return c.root(base) + "/" + strings.Join(steps, "/") + ":" + method
}

// root returns the base URL with a version of the API, which is v1beta where none is said.
func (c Client) root(base string) string {
	last := base[strings.LastIndexByte(base, '/')+1:]
	if c.Vertex || len(last) > 1 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9' {
		return base
	}
	return base + "/v1beta"
}

// generation says what is known of a model by its name.
type generation uint8

const (
	latest    generation = iota // Gemini 3 and later, and names that say nothing
	budgeted                    // Gemini 2.5: thinking is measured in tokens
	thinkless                   // before
)

func generationOf(name string) generation {
	name = name[strings.LastIndexByte(name, '/')+1:]
	switch {
	case strings.HasPrefix(name, "gemini-2.5-"), name == "gemini-2.5":
		return budgeted
	case strings.HasPrefix(name, "gemini-1"), strings.HasPrefix(name, "gemini-2."), strings.HasPrefix(name, "gemini-pro"),
		strings.HasPrefix(name, "gemma-"), strings.HasPrefix(name, "learnlm-"):
		return thinkless
	}
	return latest
}

// maxName is how long the name of a function may be.
const maxName = 64

// function returns the name of the function that stands for a tool: letters, digits and _ . : - after a letter or _.
func function(namespace, name string) string {
	return safe(called.Flat(namespace, name))
}

func safe(name string) string {
	if isSafe(name) {
		return name
	}
	b := []byte(strings.ToValidUTF8(name, "_"))
	for i, ch := range b {
		if !nameByte(ch) {
			b[i] = '_'
		}
	}
	if len(b) == 0 || !letter(b[0]) {
		b = append([]byte{'_'}, b...)
	}
	return string(b[:min(len(b), maxName)])
}

func isSafe(name string) bool {
	if name == "" || len(name) > maxName || !letter(name[0]) {
		return false
	}
	for i := range len(name) {
		if !nameByte(name[i]) {
			return false
		}
	}
	return true
}

func letter(ch byte) bool { return ch == '_' || ch|0x20 >= 'a' && ch|0x20 <= 'z' }

func nameByte(ch byte) bool {
	return letter(ch) || ch >= '0' && ch <= '9' || ch == '-' || ch == '.' || ch == ':'
}

// renamed returns, for the functions whose names had to be changed for an upstream, what they were; nil for none.
func renamed(req *model.Request) map[string]string {
	if req.Wire != nil && req.Wire.Dialect == Name {
		return nil
	}
	content, err := req.Content()
	if err != nil || content.Dialect == Name {
		return nil
	}
	var back map[string]string
	for i := range content.Tools {
		t := &content.Tools[i]
		if t.Native != nil {
			continue
		}
		flat := flatName(t)
		if to := safe(flat); to != flat {
			if back == nil {
				back = map[string]string{}
			}
			back[to] = flat
		}
	}
	return back
}

// flatName returns the name of a tool in a dialect without namespaces.
func flatName(t *model.Tool) string {
	if t.Namespace == nil {
		return t.Name
	}
	return called.Flat(t.Namespace.Name, t.Name)
}
