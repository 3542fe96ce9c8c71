// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import "encoding/json"

// Schema returns the JSON Schema of objects, as a task's output has it; nil for other contracts. Fields that were missing
// or null at times are not required.
func (c *Contract) Schema() json.RawMessage {
	if c.Kind != Objects {
		return nil
	}
	type property struct {
		Type  string    `json:"type"`
		Enum  []string  `json:"enum,omitempty"`
		Items *property `json:"items,omitempty"`
	}
	properties := map[string]property{}
	required := []string{}
	for _, f := range c.Fields {
		p := property{Type: f.Type, Enum: f.Labels}
		if f.List {
			p = property{Type: "array", Items: &property{Type: f.Type, Enum: f.Labels}}
		}
		properties[f.Name] = p
		if f.Required {
			required = append(required, f.Name)
		}
	}
	// Strings and maps of them are never an error.
	schema, _ := json.Marshal(map[string]any{"type": "object", "properties": properties, "required": required})
	return schema
}
