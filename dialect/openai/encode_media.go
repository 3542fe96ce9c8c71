// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"

	"retort/dialect/internal/scan"
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

func (e *encoder) image(b *model.Block, m *model.Media) {
	e.key("image_url")
	mark := e.open()
	if m.URL != "" {
		e.text("url", m.URL)
	} else {
		kind := m.Type
		if kind == "" {
			kind = "image/png"
		}
		e.key("url")
		e.dataURL(kind, m.Data)
	}
	e.textIf("detail", m.Detail)
	if !e.foreign {
		e.sorted(inner(b.Extra, "image_url"))
	}
	e.close(mark)
}

func (e *encoder) audio(b *model.Block, m *model.Media) {
	e.key("input_audio")
	mark := e.open()
	e.key("data")
	e.base64(m.Data)
	format := strings.TrimPrefix(m.Type, "audio/")
	switch format {
	case "mpeg":
		format = "mp3"
	case "x-wav", "wave":
		format = "wav"
	}
	e.text("format", format)
	if !e.foreign {
		e.sorted(inner(b.Extra, "input_audio"))
	}
	e.close(mark)
}

func (e *encoder) file(b *model.Block, m *model.Media) {
	e.key("file")
	mark := e.open()
	switch {
	case m.FileID != "":
		e.text("file_id", m.FileID)
	case m.Type != "":
		e.key("file_data")
		e.dataURL(m.Type, m.Data)
	default:
		e.key("file_data")
		e.base64(m.Data)
	}
	e.textIf("filename", m.Name)
	if !e.foreign {
		e.sorted(inner(b.Extra, "file"))
	}
	e.close(mark)
}

func (e *encoder) dataURL(kind string, data []byte) {
	e.b = scan.Quote(e.b, "data:"+kind+";base64,")
	e.b = e.b[:len(e.b)-1]
	e.b = append(base64.StdEncoding.AppendEncode(e.b, data), '"')
}

func (e *encoder) base64(data []byte) {
	e.b = append(base64.StdEncoding.AppendEncode(append(e.b, '"'), data), '"')
}
