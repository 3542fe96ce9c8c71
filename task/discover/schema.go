// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"encoding/json"
	"slices"
)

// Schema returns the JSON Schema of objects, as a task's output has it; nil for other contracts. Fields that were missing
// or null at times are not required.
func (c *Contract) Schema() json.RawMessage {
	if c.Kind != Objects {
		return nil
	}
	root := &property{Type: "object"}
	for _, f := range c.Fields {
		in, path := root, f.path()
		for _, name := range path[:len(path)-1] {
			in = in.inside(name)
			in.Type = "object"
		}
		p := in.inside(path[len(path)-1])
		*p = property{Type: f.Type, Enum: f.Labels}
		if f.List {
			*p = property{Type: "array", Items: &property{Type: f.Type, Enum: f.Labels}}
		}
		if f.Required { // and so are the objects that it is in
			in := root
			for _, name := range path {
				if !slices.Contains(in.Required, name) {
					in.Required = append(in.Required, name)
				}
				in = in.Properties[name]
			}
		}
	}
	schema, _ := json.Marshal(root) // strings and maps of them are never an error
	return schema
}

// property is a schema inside a schema.
type property struct {
	Type       string               `json:"type"`
	Enum       []string             `json:"enum,omitempty"`
	Items      *property            `json:"items,omitempty"`
	Properties map[string]*property `json:"properties,omitempty"`
	Required   []string             `json:"required,omitempty"`
}

func (p *property) inside(name string) *property {
	if p.Properties == nil {
		p.Properties = map[string]*property{}
	}
	if p.Properties[name] == nil {
		p.Properties[name] = &property{}
	}
	return p.Properties[name]
}
