// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"bytes"
	"errors"
	"mime"
	"strconv"
	"strings"

	"retort/model"
)

var errSchema = errors.New("is not valid JSON")

// formats are the API's words for media types; each kind has its own.
var formats = map[model.BlockKind]map[string]string{
	model.ImageBlock: {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"},
	model.DocumentBlock: {
		"application/pdf": "pdf", "text/csv": "csv", "application/msword": "doc",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx", "application/vnd.ms-excel": "xls",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx", "text/html": "html", "text/plain": "txt",
		"text/markdown": "md", "application/json": "txt",
	},
	model.VideoBlock: {
		"video/x-matroska": "mkv", "video/quicktime": "mov", "video/mp4": "mp4", "video/webm": "webm", "video/x-flv": "flv",
		"video/mpeg": "mpeg", "video/mpg": "mpg", "video/x-ms-wmv": "wmv", "video/wmv": "wmv", "video/3gpp": "three_gp",
	},
	model.AudioBlock: {
		"audio/mp3": "mp3", "audio/mpeg": "mp3", "audio/opus": "opus", "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav",
		"audio/aac": "aac", "audio/flac": "flac", "audio/mp4": "mp4", "audio/ogg": "ogg", "audio/x-matroska": "mka",
		"audio/m4a": "m4a", "audio/x-m4a": "m4a", "audio/pcm": "pcm", "audio/webm": "webm",
	},
}

// formatOf returns the API's word for a medium's type; empty where it has none.
func formatOf(kind model.BlockKind, m *model.Media) string {
	media, _, err := mime.ParseMediaType(m.Type)
	if err != nil {
		media = strings.ToLower(m.Type)
	}
	if f := formats[kind][media]; f != "" {
		return f
	}
	switch {
	case kind == model.DocumentBlock && strings.HasPrefix(media, "text/"):
		return "txt"
	case media == "" && kind == model.ImageBlock:
		return imageOf(m.Data)
	case media == "" && kind == model.DocumentBlock:
		return documentOf(m)
	}
	return ""
}

// imageOf knows an image by its first bytes.
func imageOf(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		return "jpeg"
	case bytes.HasPrefix(data, []byte("GIF8")):
		return "gif"
	case len(data) > 12 && string(data[8:12]) == "WEBP":
		return "webp"
	}
	return "png"
}

// documentOf knows a document by its first bytes or by the end of its name.
func documentOf(m *model.Media) string {
	if bytes.HasPrefix(m.Data, []byte("%PDF")) {
		return "pdf"
	}
	end := strings.ToLower(m.Name[strings.LastIndexByte(m.Name, '.')+1:])
	switch end {
	case "pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md":
		return end
	}
	return ""
}

// medium writes an image, a sound, a video or a document.
func (e *encoder) medium(b *model.Block) {
	m := b.Media
	e.Key(string(b.Kind))
	mark := e.Open()
	e.Text("format", formatOf(b.Kind, m))
	if b.Kind == model.DocumentBlock {
		e.Text("name", e.documentName(m.Name))
	}
	e.Key("source")
	source := e.Open()
	if m.URL != "" {
		e.Key("s3Location")
		place := e.Open()
		e.Text("uri", m.URL)
		e.Close(place)
	} else {
		e.Key("bytes")
		e.Base64(m.Data)
	}
	e.Close(source)
	e.Close(mark)
}

// documentName returns a name in the characters that are allowed, no two alike in a request.
func (e *encoder) documentName(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-()[]", r) {
			return r
		}
		return ' '
	}, name)
	clean = strings.Join(strings.Fields(clean), " ")
	clean = strings.TrimSpace(clean[:min(len(clean), 150)])
	if clean == "" {
		clean = "document"
	}
	unique := clean
	for n := 2; e.documents[unique]; n++ {
		unique = clean + " (" + strconv.Itoa(n) + ")"
	}
	if e.documents == nil {
		e.documents = map[string]bool{}
	}
	e.documents[unique] = true
	return unique
}
