// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"maps"
	"strings"

	"retort/model"
)

// unsendable says whether the block's media are given in a way that the dialect has not: documents by URL, images by
// file.
func unsendable(b *model.Block) bool {
	switch {
	case b.Media == nil:
		return false
	case b.Kind == model.DocumentBlock:
		return b.Media.URL != ""
	case b.Kind == model.ImageBlock:
		return b.Media.FileID != ""
	case b.Kind == model.AudioBlock:
		return b.Media.Data == nil
	}
	return false
}

// inner returns the unknown fields of the object under key, outer those beside it.
func inner(extra map[string]json.RawMessage, key string) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	for k, v := range extra {
		if rest, ok := strings.CutPrefix(k, key+"."); ok {
			if out == nil {
				out = map[string]json.RawMessage{}
			}
			out[rest] = v
		}
	}
	return out
}

func outer(extra map[string]json.RawMessage) map[string]json.RawMessage {
	own := func(k string) bool {
		head, _, dotted := strings.Cut(k, ".")
		return dotted && (head == "image_url" || head == "input_audio" || head == "file")
	}
	for k := range extra {
		if own(k) {
			out := maps.Clone(extra)
			maps.DeleteFunc(out, func(k string, _ json.RawMessage) bool { return own(k) })
			return out
		}
	}
	return extra
}

// keeps says whether a field of a medium is written as it came, with the other fields that are kept.
func (e *encoder) keeps(b *model.Block, field string) bool {
	return !e.Foreign && b.Extra[field] != nil
}

func (e *encoder) image(b *model.Block, m *model.Media) {
	e.Key("image_url")
	mark := e.Open()
	switch {
	case e.keeps(b, "image_url.url"):
	case m.URL != "":
		e.Text("url", m.URL)
	default:
		kind := m.Type
		if kind == "" {
			kind = "image/png"
		}
		e.Key("url")
		e.DataURL(kind, m.Data)
	}
	e.TextIf("detail", m.Detail)
	if !e.Foreign {
		e.Sorted(inner(b.Extra, "image_url"))
	}
	e.Close(mark)
}

func (e *encoder) audio(b *model.Block, m *model.Media) {
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
	if !e.Foreign {
		e.Sorted(inner(b.Extra, "input_audio"))
	}
	e.Close(mark)
}

func (e *encoder) file(b *model.Block, m *model.Media) {
	e.Key("file")
	mark := e.Open()
	switch {
	case e.keeps(b, "file.file_data"):
	case m.FileID != "":
		e.Text("file_id", m.FileID)
	case m.Type != "":
		e.Key("file_data")
		e.DataURL(m.Type, m.Data)
	default:
		e.Key("file_data")
		e.Base64(m.Data)
	}
	name := m.Name
	if name == "" && m.FileID == "" && !e.own {
		name = "document" // the API insists on one
		if m.Type == "application/pdf" {
			name = "document.pdf"
		}
	}
	e.TextIf("filename", name)
	if !e.Foreign {
		e.Sorted(inner(b.Extra, "file"))
	}
	e.Close(mark)
}
