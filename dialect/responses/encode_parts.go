// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"mime"
	"strings"

	"retort/model"
)

// sendable says whether a block can be a part of a message. Empty texts of other dialects have no use, and ids of
// files that another vendor has have none here.
func (e *encoder) sendable(i int, b *model.Block) bool {
	switch b.Kind {
	case model.TextBlock, model.RefusalBlock:
		return b.Text != "" || !e.Foreign
	case model.NativeBlock:
		return !e.Foreign
	case model.AudioBlock:
		return b.Media != nil && b.Media.Data != nil && !e.strict
	case model.ImageBlock, model.DocumentBlock:
	default:
		return false
	}
	if b.Media == nil {
		return false
	}
	if b.Media.FileID != "" && e.Foreign && e.origin != "openai" {
		e.left(at(i, string(b.Kind)+"_file"))
		return false
	}
	return true
}

// part writes one part of a message or of a tool's result.
func (e *encoder) part(b *model.Block, assistant bool) {
	e.Elem()
	if b.Kind == model.NativeBlock {
		e.B = append(e.B, b.Native...)
		return
	}
	mark := e.Open()
	switch b.Kind {
	case model.TextBlock:
		if assistant {
			e.Text("type", "output_text")
			e.Text("text", b.Text)
			e.citations(b.Citations, e.own && b.ID != "")
		} else {
			e.Text("type", "input_text")
			e.Text("text", b.Text)
		}
	case model.RefusalBlock:
		e.Text("type", "refusal")
		e.Text("refusal", b.Text)
	case model.ImageBlock:
		e.image(b.Media)
	case model.DocumentBlock:
		e.file(b.Media)
	case model.AudioBlock:
		e.audio(b.Media)
	}
	if b.Cache != nil && e.marks && !assistant {
		e.breakpoint(b.Cache)
	}
	e.rest(b.Extra)
	e.Close(mark)
}

// citations writes what a text rests on, as far as it has an address; always says to write that there is nothing.
func (e *encoder) citations(list []model.Citation, always bool) {
	if len(list) == 0 && !always {
		return
	}
	e.Array("annotations")
	for i := range list {
		c := &list[i]
		if c.Native == nil || e.Foreign {
			if c.URL != "" {
				e.Elem()
				e.annotation(c)
			}
			continue
		}
		e.Elem()
		e.B = append(e.B, c.Native...)
	}
	e.EndArray()
}

// annotation writes a citation of something with an address.
func (e *encoder) annotation(c *model.Citation) {
	mark := e.Open()
	e.Text("type", "url_citation")
	e.Text("url", c.URL)
	e.Text("title", c.Title)
	e.Whole("start_index", int64(c.Start))
	e.Whole("end_index", int64(c.End))
	e.Close(mark)
}

func (e *encoder) image(m *model.Media) {
	e.Text("type", "input_image")
	switch {
	case m.FileID != "":
		e.Text("file_id", m.FileID)
	case m.URL != "":
		e.Text("image_url", m.URL)
	default:
		kind := m.Type
		if kind == "" {
			kind = "image/png"
		}
		e.Key("image_url")
		e.DataURL(kind, m.Data)
	}
	e.TextIf("detail", m.Detail)
}

func (e *encoder) file(m *model.Media) {
	e.Text("type", "input_file")
	name := m.Name
	switch {
	case m.FileID != "":
		e.Text("file_id", m.FileID)
	case m.URL != "":
		e.Text("file_url", m.URL)
	case m.Type == "" && e.own:
		e.Key("file_data")
		e.Base64(m.Data)
	default:
		kind := m.Type
		if kind == "" {
			kind = "application/pdf"
		}
		e.Key("file_data")
		e.DataURL(kind, m.Data)
		if name == "" && !e.own {
			name = "document" + suffix(kind) // the vendor tells by it what the file is
		}
	}
	e.TextIf("filename", name)
}

// suffix returns how names of files of a type end.
func suffix(kind string) string {
	kind, _, err := mime.ParseMediaType(kind)
	switch {
	case err != nil:
		return ""
	case kind == "text/plain":
		return ".txt"
	case kind == "text/markdown":
		return ".md"
	}
	_, sub, _ := strings.Cut(kind, "/")
	switch sub {
	case "pdf", "html", "csv", "json", "xml", "rtf":
		return "." + sub
	}
	return ""
}

func (e *encoder) audio(m *model.Media) {
	e.Text("type", "input_audio")
	e.Key("input_audio")
	mark := e.Open()
	e.Key("data")
	e.Base64(m.Data)
	format := strings.TrimPrefix(m.Type, "audio/")
	switch format {
	case "mpeg":
		format = "mp3"
	case "x-wav", "wave":
		format = "wav"
	}
	e.Text("format", format)
	e.Close(mark)
}

// breakpoint marks up to where the prompt should be cached.
func (e *encoder) breakpoint(c *model.CacheMark) {
	e.Key("prompt_cache_breakpoint")
	mark := e.Open()
	e.Text("mode", "explicit")
	e.ttl(c)
	e.Close(mark)
}

// ttl writes how long to cache, which the vendor takes in its own words alone.
func (e *encoder) ttl(c *model.CacheMark) {
	if !e.Foreign {
		e.TextIf("ttl", c.TTL)
	}
}
