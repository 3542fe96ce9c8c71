// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"maps"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/model"
)

// tidings are what a delta rarely has beside text and calls.
type tidings struct {
	details     []json.RawMessage
	annotations []model.Citation
	images      []model.Block
	sound       sound
	spoken      bool
}

func (t *tidings) any() bool {
	return t.details != nil || t.annotations != nil || t.images != nil || t.spoken
}

func (t *tidings) read(d *decoder, key string) error {
	switch {
	case key == "reasoning_details" && d.Kind() == '[':
		return d.Elems(func(int) error {
			if raw := d.Copy(); raw != nil {
				t.details = append(t.details, raw)
			}
			return nil
		})
	case key == "annotations":
		return d.annotations(&t.annotations)
	case key == "images":
		return d.images(&t.images)
	case key == "audio" && d.Kind() == '{':
		t.spoken = true
		return d.sound(&t.sound)
	}
	d.Skip()
	return nil
}

// tell turns tidings into parts of a choice, whose parts of this event begin at first.
func (c *chunks) tell(t *tidings, choice, first int) error {
	if t.spoken {
		if err := c.hear(&t.sound, choice); err != nil {
			return err
		}
	}
	if t.details != nil {
		c.confide(t.details, choice, first)
	}
	if t.annotations != nil {
		c.part(model.TextPart, first).Detail = &model.Detail{Citations: t.annotations}
	}
	for i := range t.images {
		c.parts = append(c.parts, model.Part{Kind: model.MediaPart, Detail: &model.Detail{Media: t.images[i].Media}})
	}
	return nil
}

// part returns a part of a kind among those from first on, a new and empty one if there is none.
func (c *chunks) part(kind model.PartKind, first int) *model.Part {
	for i := first; i < len(c.parts); i++ {
		if c.parts[i].Kind == kind {
			return &c.parts[i]
		}
	}
	c.parts = append(c.parts, model.Part{Kind: kind})
	return &c.parts[len(c.parts)-1]
}

// confide keeps reasoning_details, and hands those on that the upstream wants back.
func (c *chunks) confide(pieces []json.RawMessage, choice, first int) {
	for len(c.secrets) <= min(choice, most) {
		c.secrets = append(c.secrets, secret{})
	}
	s := &c.secrets[min(choice, most)]
	s.add(pieces)
	piece, err := json.Marshal(pieces)
	if err != nil {
		return // cannot be: each was read as JSON
	}
	told, carried := undetailed(piece)
	if len(told) == 0 {
		return
	}
	said := c.has(model.ReasoningPart, first)
	at, before := s.at(), s.last
	for i := range told {
		b := &told[i]
		if i > 0 {
			c.parts = append(c.parts, model.Part{Kind: model.ReasoningPart, Start: true})
			first = len(c.parts) - 1
		}
		p := c.part(model.ReasoningPart, first)
		p.Start = p.Start || s.carried && at != before
		if !said {
			p.Text = b.Text
		}
		if b.Seal != nil {
			if !carried {
				b.Seal.Data = s.whole()
			}
			p.Detail = &model.Detail{Seal: b.Seal}
		}
	}
	s.last, s.carried = at, s.carried || carried
}

// secret is the reasoning_details of a stream as they grow.
type secret struct {
	pieces  []piece
	last    string // the index of the detail before
	carried bool   // they are seals of other dialects, one for each index
}

// at returns the index of the detail that grows.
func (s *secret) at() string {
	if len(s.pieces) == 0 {
		return ""
	}
	return string(s.pieces[len(s.pieces)-1].fields["index"])
}

// piece is one detail: its texts grow, its other fields are as they came last.
type piece struct {
	fields map[string]json.RawMessage
	texts  [len(grows)][]byte
}

// grows are the fields of a detail that come piece by piece.
var grows = [...]string{"text", "summary", "data", "signature"}

// maxDetails bounds how many there may be; what upstreams send is one or two for each thought.
const maxDetails = 4096

// add joins pieces of a detail, which have the same type and index, and keeps others apart.
func (s *secret) add(pieces []json.RawMessage) {
	for _, raw := range pieces {
		var fields map[string]json.RawMessage
		if json.Unmarshal(raw, &fields) != nil {
			continue
		}
		last := len(s.pieces) - 1
		if last < 0 || fields["index"] == nil || string(s.pieces[last].fields["index"]) != string(fields["index"]) ||
			string(s.pieces[last].fields["type"]) != string(fields["type"]) {
			if len(s.pieces) == maxDetails {
				return
			}
			s.pieces, last = append(s.pieces, piece{fields: map[string]json.RawMessage{}}), last+1
		}
		s.pieces[last].add(fields)
	}
}

func (p *piece) add(fields map[string]json.RawMessage) {
	for i, key := range grows {
		var text string
		if raw := fields[key]; raw != nil && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
			p.texts[i] = append(p.texts[i], text...)
			delete(fields, key)
		}
	}
	for key, raw := range fields {
		if p.fields[key] == nil || string(raw) != "null" {
			p.fields[key] = raw
		}
	}
}

// whole returns all details as JSON.
func (s *secret) whole() string {
	all := make([]map[string]json.RawMessage, len(s.pieces))
	for i := range s.pieces {
		p := &s.pieces[i]
		all[i] = maps.Clone(p.fields)
		for j, key := range grows {
			if p.texts[j] != nil {
				all[i][key] = scan.Quote(nil, string(p.texts[j]))
			}
		}
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return "[]" // cannot be: each was read as JSON
	}
	return string(raw)
}

// hear keeps sound until the choice ends, and passes its transcript on as text.
func (c *chunks) hear(piece *sound, choice int) error {
	for len(c.sounds) <= min(choice, most) {
		c.sounds = append(c.sounds, sound{})
	}
	a := &c.sounds[min(choice, most)]
	if piece.id != "" {
		a.id = piece.id
	}
	if a.data = append(a.data, piece.data...); len(a.data) > maxSound {
		return object.Wrong("the sound is too long")
	}
	if piece.transcript != "" {
		c.parts = append(c.parts, model.Part{Kind: model.TextPart, Text: piece.transcript})
	}
	return nil
}

// speak hands on the sound of a choice that ends.
func (c *chunks) speak(choice int) {
	if choice >= len(c.sounds) || len(c.sounds[choice].data) == 0 {
		return
	}
	a := &c.sounds[choice]
	c.parts = append(c.parts, model.Part{Kind: model.MediaPart, ID: a.id, Detail: &model.Detail{Media: &model.Media{Type: soundType(c.req), Data: a.data}}})
	a.data = nil
}
