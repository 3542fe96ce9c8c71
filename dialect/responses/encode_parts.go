// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"retort/dialect/internal/object"
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
	if isData(b.Media.URL) && unpacked(b.Media).URL != "" { // it is broken
		e.left(at(i, string(b.Kind)+"_url"))
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
			e.citations(b, e.own && b.ID != "")
		} else {
			e.Text("type", "input_text")
			e.Text("text", b.Text)
		}
	case model.RefusalBlock:
		e.Text("type", "refusal")
		e.Text("refusal", b.Text)
	case model.ImageBlock:
		e.image(b)
	case model.DocumentBlock:
		e.file(b)
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
func (e *encoder) citations(b *model.Block, always bool) {
	if len(b.Citations) == 0 && !always {
		return
	}
	e.Array("annotations")
	for i := range b.Citations {
		c := &b.Citations[i]
		switch {
		case e.native(c):
			e.Elem()
			e.B = append(e.B, c.Native...)
		case c.URL != "":
			e.Elem()
			e.annotation(c, b.Text)
		}
	}
	e.EndArray()
}

// native says whether a citation goes as its dialect wrote it.
func (e *encoder) native(c *model.Citation) bool {
	return c.Native != nil && (e.own || !e.Foreign && ownCitation(c.Native))
}

// uncited says whether a citation of a block is left out, because it has no address.
func (e *encoder) uncited(b *model.Block) bool {
	return slices.ContainsFunc(b.Citations, func(c model.Citation) bool { return c.URL == "" && !e.native(&c) })
}

// annotation writes a citation of something with an address, for a piece of text or for the whole.
func (e *encoder) annotation(c *model.Citation, text string) {
	end := c.End
	if c.Start == 0 && end == 0 {
		end = utf8.RuneCountInString(text)
	}
	mark := e.Open()
	e.Text("type", "url_citation")
	e.Text("url", c.URL)
	e.Text("title", c.Title)
	e.Whole("start_index", int64(c.Start))
	e.Whole("end_index", int64(end))
	e.Close(mark)
}

// written writes a medium as decode found it, if that was in a form other than the usual one: true if so.
func (e *encoder) written(b *model.Block, key string) bool {
	text, ok := said(b.Extra, "."+key)
	if !ok || !e.own {
		return false
	}
	u, ok, err := object.ParseDataURL(text)
	if !ok || err != nil || !bytes.Equal(u.Data, b.Media.Data) { // it is another medium by now
		return false
	}
	e.Text(key, text)
	return true
}

// unpacked returns a medium whose URL is no data URL.
func unpacked(m *model.Media) *model.Media {
	u, ok, err := object.ParseDataURL(m.URL)
	if !ok || err != nil {
		return m
	}
	own := *m
	own.URL, own.Type, own.Data = "", u.Type, u.Data
	return &own
}

func (e *encoder) image(b *model.Block) {
	e.Text("type", "input_image")
	m := unpacked(b.Media)
	switch {
	case e.written(b, "image_url"):
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

func (e *encoder) file(b *model.Block) {
	e.Text("type", "input_file")
	m := unpacked(b.Media)
	name := m.Name
	switch {
	case e.written(b, "file_data"), e.written(b, "file_url"):
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
