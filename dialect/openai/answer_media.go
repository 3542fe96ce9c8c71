// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"math"

	"retort/dialect/internal/object"
	"retort/model"
)

// made reads what only answers have: citations, and images and sound that the model made.
func (d *decoder) made(p *parts, key string) error {
	switch key {
	case "annotations":
		return d.annotations(&p.annotations)
	case "images":
		return d.images(&p.media)
	case "audio":
		var a sound
		if err := d.sound(&a); err != nil {
			return err
		}
		p.media = append(p.media, a.blocks("")...)
		return nil
	}
	d.Skip()
	return nil
}

// annotations reads citations; other annotations are not known.
func (d *decoder) annotations(out *[]model.Citation) error {
	if d.Kind() != '[' {
		d.Skip()
		return nil
	}
	return d.Elems(func(int) error {
		var kind string
		var c model.Citation
		err := d.Members(func(key string) error {
			switch {
			case key == "type":
				return d.Str(&kind)
			case key == "url_citation" && d.Kind() == '{':
				return d.citation(&c)
			}
			d.Skip()
			return nil
		})
		if kind == "url_citation" {
			*out = append(*out, c)
		}
		return err
	})
}

func (d *decoder) citation(c *model.Citation) error {
	return d.Members(func(key string) error {
		switch key {
		case "url":
			return d.Str(&c.URL)
		case "title":
			return d.Str(&c.Title)
		case "content":
			return d.Str(&c.Quote)
		case "start_index":
			_, err := d.Count(&c.Start, 0, math.MaxInt32)
			return err
		case "end_index":
			_, err := d.Count(&c.End, 0, math.MaxInt32)
			return err
		}
		d.Skip()
		return nil
	})
}

// citable says whether the dialect can tell of a citation: it knows those of pages alone.
func citable(c model.Citation) bool { return c.URL != "" }

// citations writes annotations; after is how many code points of the content come before the block that they are of.
func (e *encoder) citations(all []model.Citation, after int) {
	for i := range all {
		c := &all[i]
		if !citable(*c) {
			continue
		}
		e.Elem()
		mark := e.Open()
		e.Text("type", "url_citation")
		e.Key("url_citation")
		inner := e.Open()
		e.Text("url", c.URL)
		e.Text("title", c.Title)
		e.TextIf("content", c.Quote)
		start, end := c.Start, c.End
		if end > 0 {
			start, end = start+after, end+after
		}
		e.Whole("start_index", int64(start))
		e.Whole("end_index", int64(end))
		e.Close(inner)
		e.Close(mark)
	}
}

// images reads images that the model made.
func (d *decoder) images(out *[]model.Block) error {
	if d.Kind() != '[' {
		d.Skip()
		return nil
	}
	return d.Elems(func(int) error {
		if d.Kind() != '{' {
			d.Skip()
			return nil
		}
		b, err := d.part()
		if err == nil && b.Kind == model.ImageBlock {
			b.Extra = nil
			*out = append(*out, b)
		}
		return err
	})
}

// shownImage writes an image that the model made.
func (e *encoder) shownImage(m *model.Media) {
	e.Elem()
	mark := e.Open()
	e.Text("type", "image_url")
	e.image(&model.Block{}, m)
	e.Close(mark)
}

// sound is what the model said aloud.
type sound struct {
	id, transcript string
	data           []byte
}

// maxSound bounds what a stream may hold of it, in bytes.
const maxSound = 64 << 20

func (d *decoder) sound(a *sound) error {
	if d.Kind() != '{' {
		d.Skip()
		return nil
	}
	return d.Members(func(key string) error {
		switch key {
		case "id":
			return d.Str(&a.id)
		case "transcript":
			return d.Str(&a.transcript)
		case "data":
			if d.Null() {
				return nil
			}
			var piece []byte
			if err := d.Base64(&piece); err != nil {
				return err
			}
			if a.data = append(a.data, piece...); len(a.data) > maxSound {
				return object.Wrong("is too long")
			}
			return nil
		}
		d.Skip()
		return nil
	})
}

// blocks returns the transcript, which is what the model wrote, and the sound.
func (a *sound) blocks(mime string) []model.Block {
	var out []model.Block
	if a.transcript != "" {
		out = append(out, model.Block{Kind: model.TextBlock, Text: a.transcript})
	}
	if len(a.data) > 0 {
		out = append(out, model.Block{Kind: model.AudioBlock, ID: a.id, Media: &model.Media{Type: mime, Data: a.data}})
	}
	return out
}

// soundType returns the type of the sound that a request asks for.
func soundType(req *model.Request) string {
	var asked struct{ Format string }
	if content, err := req.Content(); err == nil && json.Unmarshal(content.Extra["audio"], &asked) == nil && asked.Format != "" {
		if asked.Format == "pcm16" {
			return "audio/pcm"
		}
		return "audio/" + asked.Format
	}
	return "audio/wav"
}

// shownSound writes sound that the model made.
func (e *encoder) shownSound(id string, m *model.Media) {
	e.Key("audio")
	mark := e.Open()
	e.Text("id", id)
	e.Key("data")
	e.Base64(m.Data)
	e.Text("transcript", "")
	e.Whole("expires_at", 0)
	e.Close(mark)
}
