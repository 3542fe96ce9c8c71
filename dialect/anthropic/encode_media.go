// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"retort/dialect/internal/scan"
	"retort/model"
)

// sendable says whether the API takes a medium: images of four types, PDF and text. index is that of its message, for
// the note; negative within the result of a tool.
func (e *encoder) sendable(b *model.Block, index int) bool {
	m := b.Media
	if m == nil || b.Kind != model.ImageBlock && b.Kind != model.DocumentBlock {
		return false
	}
	if !e.adapt {
		return true
	}
	ok, what := false, string(b.Kind)
	switch {
	case m.FileID != "": // other vendors' files are not there
		ok, what = !e.Foreign || strings.HasPrefix(m.FileID, "file_"), what+"_file"
	case m.URL != "":
		ok, what = !e.claude || strings.HasPrefix(m.URL, "https://"), what+"_url"
	case b.Kind == model.ImageBlock:
		what += "_data"
		switch imageType(m) {
		case "image/jpeg", "image/png", "image/gif", "image/webp":
			ok = true
		}
	default:
		what += "_data"
		ok = documentType(m) == pdf || isText(m)
	}
	if !ok {
		if index >= 0 {
			what = at(index) + what
		}
		e.note(what)
	}
	return ok
}

const pdf = "application/pdf"

// imageType returns the type of an image, which the API wants to be said.
func imageType(m *model.Media) string {
	switch m.Type {
	case "":
		return http.DetectContentType(m.Data)
	case "image/jpg":
		return "image/jpeg"
	}
	return m.Type
}

func documentType(m *model.Media) string {
	if m.Type == "" {
		kind, _, _ := strings.Cut(http.DetectContentType(m.Data), ";")
		return kind
	}
	return m.Type
}

// isText says whether a document is text, whatever its kind, which the API takes as plain text.
func isText(m *model.Media) bool {
	kind, _, _ := strings.Cut(documentType(m), ";")
	switch kind {
	case "application/json", "application/xml", "application/yaml", "application/x-yaml", "application/javascript", "application/sql":
	default:
		if !strings.HasPrefix(kind, "text/") {
			return false
		}
	}
	return utf8.Valid(m.Data)
}

func (e *encoder) media(b *model.Block) {
	m := b.Media
	e.Text("type", string(b.Kind))
	e.Key("source")
	mark := e.Open()
	switch {
	case m.FileID != "":
		e.Text("type", "file")
		e.Text("file_id", m.FileID)
	case m.URL != "":
		e.Text("type", "url")
		e.Text("url", m.URL)
	case b.Kind == model.DocumentBlock && isText(m):
		e.Text("type", "text")
		e.Text("media_type", plainText)
		e.Key("data")
		e.B = scan.Quote(e.B, string(m.Data))
	default:
		e.Text("type", "base64")
		if b.Kind == model.ImageBlock {
			e.Text("media_type", imageType(m))
		} else {
			e.Text("media_type", documentType(m))
		}
		e.Key("data")
		e.Base64(m.Data)
	}
	e.Members(b.Extra["source"])
	e.Close(mark)
	if b.Kind == model.DocumentBlock {
		e.TextIf("title", m.Name)
	}
}
