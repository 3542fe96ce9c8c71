// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"retort/dialect/internal/object"
	"retort/model"
)

// source is where an image or a document comes from.
type source struct {
	kind, mime, data, url, file string
	rest                        map[string]json.RawMessage
}

// media reads an image or a document. A document that is made of blocks, and a source of an unknown type, are kept
// whole.
func (d *decoder) media(kind model.BlockKind) (model.Block, error) {
	whole := d.Cursor
	b := model.Block{Kind: kind, Media: &model.Media{}}
	var from source
	said, other := false, false
	err := d.Members(func(key string) error {
		switch key {
		case "source":
			said = true
			if other = d.kind() == "content"; other {
				d.Skip()
				return nil
			}
			return d.source(&from)
		case "title":
			if kind == model.DocumentBlock {
				return d.Str(&b.Media.Name)
			}
		}
		return d.rest(&b, key)
	})
	switch {
	case err != nil:
		return b, err
	case !said:
		return b, object.At("source", object.Wrong("is missing"))
	}
	known := !other && d.Err() == nil
	if known {
		known, err = from.read(b.Media)
	}
	if err == nil && !known {
		d.Cursor = whole
		return d.native(), nil
	}
	if len(from.rest) > 0 && err == nil {
		err = d.Leftover(&b.Extra, "source", from.rest, nil)
	}
	if err != nil {
		err = object.At("source", err)
	}
	return b, err
}

func (d *decoder) source(s *source) error {
	return d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&s.kind)
		case "media_type":
			return d.Str(&s.mime)
		case "data":
			return d.Str(&s.data)
		case "url":
			return d.Str(&s.url)
		case "file_id":
			return d.Str(&s.file)
		}
		return d.Keep(&s.rest, key)
	})
}

// read fills in m; it is false for sources of an unknown type.
func (s *source) read(m *model.Media) (bool, error) {
	m.Type = s.mime
	switch {
	case s.kind == "base64":
		var err error
		if m.Data, err = base64Data(s.data); err != nil {
			err = object.At("data", err)
		}
		return true, err
	case s.kind == "text":
		m.Data = []byte(s.data)
	case s.kind == "url" && s.url != "":
		m.URL = s.url
	case s.kind == "file" && s.file != "":
		m.FileID = s.file
	case s.kind == "":
		return true, object.At("type", object.Wrong("is missing"))
	case s.kind == "url" || s.kind == "file":
		return true, object.Wrong("is missing its " + s.kind)
	default:
		return false, nil
	}
	if s.kind == "text" && m.Type == "" {
		m.Type = plainText
	}
	return true, nil
}

const plainText = "text/plain"

// base64Data decodes data as leniently as the vendor does: line ends, and padding that is missing, do no harm.
func base64Data(text string) ([]byte, error) {
	data, err := object.Base64(text)
	if err == nil || text == "" {
		return data, err
	}
	text = strings.NewReplacer("\n", "", "\r", "", " ", "", "\t", "").Replace(text)
	if lax, again := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "=")); again == nil && len(lax) > 0 {
		return lax, nil
	}
	return nil, err
}
