// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"

	"retort/dialect/internal/object"
	"retort/model"
)

// sideItem is an item that is no part of the conversation but of what holds for it: tools and settings that clients
// add as it goes on. What it says is in the content; it is kept whole to be written again where it stood.
type sideItem struct {
	Before int             `json:"before"` // the message that follows it, not counting instructions
	Item   json.RawMessage `json:"item"`
}

// sideItems is the name under which they are kept.
const sideItems = ".items"

// side reads tools and settings that stand among the items.
func (d *decoder) side(t *turns, kind string) error {
	raw := d.Copy()
	t.open, t.ahead = false, nil
	t.side = append(t.side, sideItem{len(t.messages), raw})
	in := newDecoder(raw)
	in.Extras = d.Extras
	return in.Members(func(key string) error {
		switch {
		case key == "tools" && kind == "additional_tools":
			return in.tools(&t.more)
		case key == "reasoning" && kind == "configuration_update":
			return in.oneOf("effort", &t.effort)
		case key == "text" && kind == "configuration_update":
			return in.oneOf("verbosity", &t.verbosity)
		}
		in.Skip()
		return nil
	})
}

// oneOf reads one member of an object; null says nothing.
func (d *decoder) oneOf(name string, dst *string) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		if key == name {
			return d.Str(dst)
		}
		d.Skip()
		return nil
	})
}

// settle puts what side items said into the content, once all of the request has been read: what it says itself counts.
func (t *turns) settle(content *model.Content) error {
	if t.side == nil {
		return nil
	}
	raw, err := json.Marshal(t.side)
	if err != nil {
		return err
	}
	object.Put(&content.Extra, sideItems, raw)
	t.addTools(content)
	if content.Effort == "" && t.effort != "" {
		content.Effort = t.effort
		object.Put(&content.Extra, ".effort", quote(t.effort))
	}
	if content.Verbosity == "" && t.verbosity != "" {
		content.Verbosity = t.verbosity
		object.Put(&content.Extra, ".verbosity", quote(t.verbosity))
	}
	return nil
}

// toolName is what tells a tool from others.
type toolName struct{ group, name string }

func nameIn(t *model.Tool) toolName {
	n := toolName{name: t.Name}
	if t.Namespace != nil {
		n.group = t.Namespace.Name
	}
	return n
}

// addTools adds the tools of side items to those of the request, but for those which it has already.
func (t *turns) addTools(content *model.Content) {
	known := map[toolName]bool{}
	for i := range content.Tools {
		known[nameIn(&content.Tools[i])] = true
	}
	for i := range t.more.Tools {
		tool := t.more.Tools[i]
		name := nameIn(&tool)
		if tool.Native == nil && known[name] {
			continue
		}
		known[name] = true
		object.Put(&tool.Extra, ".item", json.RawMessage("true"))
		content.Tools = append(content.Tools, tool)
	}
}

// asItem says whether a setting has the value that a side item gave it, which is then written again.
func asItem(c *model.Content, key, value string) bool {
	was, ok := said(c.Extra, key)
	return ok && was == value
}
