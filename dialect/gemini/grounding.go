// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"strconv"
	"unicode/utf8"

	"retort/model"
)

// support says which sources a piece of the answer rests on.
type support struct {
	start, end, part int
	sources          []int
}

// grounding reads what an answer rests on: sources, and the places that they support. Without places each source is of the
// whole text.
func (d *decoder) grounding(list *[]cited) error {
	if d.Null() {
		return nil
	}
	var sources []model.Citation
	var supports []support
	err := d.members(func(key string) error {
		switch key {
		case "groundingChunks":
			return d.each(func(int) error {
				c, err := d.source()
				sources = append(sources, c)
				return err
			})
		case "groundingSupports":
			return d.each(func(int) error {
				s, err := d.support()
				supports = append(supports, s)
				return err
			})
		}
		d.Skip()
		return nil
	})
	for _, s := range supports {
		for _, i := range s.sources {
			if i >= 0 && i < len(sources) {
				c := cited{Citation: sources[i], part: s.part}
				c.Start, c.End = s.start, s.end
				*list = append(*list, c)
			}
		}
	}
	if len(supports) == 0 {
		for _, s := range sources {
			*list = append(*list, cited{Citation: s})
		}
	}
	return err
}

// source reads a page of the web, a document or a place on a map.
func (d *decoder) source() (c model.Citation, err error) {
	return c, d.members(func(string) error {
		if d.Kind() != '{' {
			d.Skip()
			return nil
		}
		return d.members(func(key string) error {
			switch {
			case d.Kind() != '"':
				d.Skip()
			case key == "uri":
				c.URL = d.String()
			case key == "title":
				c.Title = d.String()
			case key == "text":
				c.Quote = d.String()
			default:
				d.Skip()
			}
			return nil
		})
	})
}

func (d *decoder) support() (s support, err error) {
	err = d.members(func(key string) error {
		switch key {
		case "segment":
			return d.members(func(key string) error {
				var err error
				switch key {
				case "startIndex":
					_, err = d.count(&s.start, 0)
				case "endIndex":
					_, err = d.count(&s.end, 0)
				case "partIndex":
					_, err = d.count(&s.part, 0)
				default:
					d.Skip()
				}
				return err
			})
		case "groundingChunkIndices":
			return d.each(func(int) error {
				var i int
				_, err := d.count(&i, 0)
				s.sources = append(s.sources, i)
				return err
			})
		}
		d.Skip()
		return nil
	})
	return s, err
}

// grounding writes the citations of an answer. Places are counted in bytes of all its text.
func (e *encoder) grounding(blocks []model.Block) {
	any := false
	for i := range blocks {
		any = any || len(blocks[i].Citations) > 0
	}
	if !any {
		return
	}
	e.Key("groundingMetadata")
	mark := e.Open()
	index := map[[3]string]int{}
	e.Array("groundingChunks")
	for i := range blocks {
		for _, c := range blocks[i].Citations {
			if _, known := index[idOf(&c)]; !known {
				index[idOf(&c)] = len(index)
				e.source(&c)
			}
		}
	}
	e.EndArray()
	e.Array("groundingSupports")
	before := 0
	for i := range blocks {
		if blocks[i].Kind != model.TextBlock {
			continue
		}
		for _, c := range blocks[i].Citations {
			e.support(&c, blocks[i].Text, before, index[idOf(&c)])
		}
		before += len(blocks[i].Text)
	}
	e.EndArray()
	e.Close(mark)
}

// idOf is what tells one source from another.
func idOf(c *model.Citation) [3]string { return [3]string{c.URL, c.Title, c.Quote} }

func (e *encoder) source(c *model.Citation) {
	e.Elem()
	mark := e.Open()
	key := "web"
	if c.Quote != "" || c.URL == "" {
		key = "retrievedContext"
	}
	e.Key(key)
	inner := e.Open()
	e.TextIf("uri", c.URL)
	e.TextIf("title", c.Title)
	e.TextIf("text", c.Quote)
	e.Close(inner)
	e.Close(mark)
}

func (e *encoder) support(c *model.Citation, text string, before, source int) {
	start, end := 0, len(text)
	if c.End > c.Start && c.Start >= 0 {
		start = bytesOf(text, c.Start)
		end = start + bytesOf(text[start:], c.End-c.Start)
	}
	e.Elem()
	mark := e.Open()
	e.Key("segment")
	segment := e.Open()
	if before+start > 0 {
		e.Whole("startIndex", int64(before+start))
	}
	e.Whole("endIndex", int64(before+end))
	e.Text("text", text[start:end])
	e.Close(segment)
	e.Array("groundingChunkIndices")
	e.B = strconv.AppendInt(e.B, int64(source), 10)
	e.EndArray()
	e.Close(mark)
}

// bytesOf returns how many bytes the first n code points of a text take.
func bytesOf(text string, n int) int {
	at := 0
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}
