// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"net/url"
	"strings"

	"retort/dialect"
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

// ToolNames returns which names of functions the API takes.
func (Client) ToolNames() dialect.ToolNames {
	return dialect.ToolNames{Most: 64, Also: ".:", Letter: true}
}
