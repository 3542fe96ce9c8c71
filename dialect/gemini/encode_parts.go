// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"encoding/json"
	"maps"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/scan"
	"retort/model"
)

// conversation writes the instructions and the turns.
func (e *encoder) conversation(messages []model.Message) {
	system := 0
	for system < len(messages) && messages[system].Role == model.System {
		system++
	}
	for i := range messages {
		for j := range messages[i].Blocks {
			if c := messages[i].Blocks[j].Call; c != nil {
				if e.names == nil {
					e.names = map[string]string{}
				}
				e.names[c.ID] = c.Name
			}
		}
	}
	e.Array("contents")
	wrote := e.contents(messages[system:])
	if !wrote && e.Err == nil {
		e.Err = dialect.Emptied(messages, Name)
	}
	if system > 0 && !wrote { // the vendor wants something to answer
		e.contents(messages[:system])
		system = 0
	}
	e.EndArray()
	if system > 0 {
		e.instructions(messages[:system])
	}
}

func (e *encoder) instructions(messages []model.Message) {
	start := len(e.B)
	e.Key("systemInstruction")
	mark := e.Open()
	e.Array("parts")
	empty := len(e.B)
	for i := range messages {
		e.parts(messages[i].Blocks)
	}
	nothing := len(e.B) == empty
	e.EndArray()
	e.rest(messages[0].Extra)
	e.Close(mark)
	if nothing {
		e.B = e.B[:start]
	}
}

// roleOf returns who speaks in this dialect.
func roleOf(r model.Role) string {
	if r == model.Assistant {
		return "model"
	}
	return "user"
}

// contents writes turns. Of messages of other dialects those that follow each other with one role become one turn, and
// those with nothing in them none.
func (e *encoder) contents(messages []model.Message) (wrote bool) {
	for i := 0; i < len(messages); {
		end := i + 1
		for e.made && end < len(messages) && roleOf(messages[end].Role) == roleOf(messages[i].Role) {
			end++
		}
		start := len(e.B)
		e.Elem()
		mark := e.Open()
		if messages[i].Extra[asRole] == nil || e.made {
			e.Text("role", roleOf(messages[i].Role))
		}
		e.Array("parts")
		empty := len(e.B)
		e.signed = false
		for ; i < end; i++ {
			e.parts(messages[i].Blocks)
		}
		e.settle()
		nothing := e.made && len(e.B) == empty
		e.EndArray()
		e.rest(messages[end-1].Extra)
		e.Close(mark)
		if nothing {
			e.B = e.B[:start]
		} else {
			wrote = true
		}
	}
	return wrote
}

// rest writes the fields of a message without a place of their own, and its role, where it was another.
func (e *encoder) rest(extra map[string]json.RawMessage) {
	if e.Foreign || len(extra) == 0 {
		return
	}
	role := extra[asRole]
	if role == nil {
		e.Extra(extra)
		return
	}
	extra = maps.Clone(extra)
	delete(extra, asRole)
	e.Raw("role", role)
	e.Extra(extra)
}

// settle writes what has to follow the parts of a turn.
func (e *encoder) settle() {
	for _, b := range e.shown {
		e.part(b)
	}
	e.shown = nil
	e.release()
}

// release writes a signature that found no part to go to.
func (e *encoder) release() {
	if e.pending != "" {
		e.Elem()
		mark := e.Open()
		e.Text("text", "")
		e.Text("thoughtSignature", e.pending)
		e.Close(mark)
		e.pending = ""
	}
}

func (e *encoder) parts(blocks []model.Block) {
	for i := range blocks {
		e.part(&blocks[i])
	}
}

// part writes a block, if the dialect has it.
func (e *encoder) part(b *model.Block) {
	seal := ""
	if own(b.Seal) {
		seal = b.Seal.Data
	}
	if b.Kind == model.NativeBlock {
		if !e.Foreign {
			e.Elem()
			e.B = append(e.B, b.Native...)
		}
		return
	}
	if b.Kind == model.ReasoningBlock && e.made && seal != "" {
		e.release()
		e.pending, seal = seal, ""
	}
	if !e.sendable(b, seal) {
		return
	}
	if seal == "" && (b.Kind == model.TextBlock || b.Kind == model.ToolCallBlock) {
		seal, e.pending = e.pending, ""
	}
	e.Elem()
	mark := e.Open()
	switch b.Kind {
	case model.ReasoningBlock:
		e.Text("text", b.Text)
		if b.Text != "" || b.Seal != nil && b.Seal.Hidden || seal == "" {
			e.Boolean("thought", true)
		}
	case model.ToolCallBlock:
		e.call(b)
		if seal == "" && !e.signed && e.gen == latest {
			seal = unsigned
		}
		e.signed = true
	case model.ToolResultBlock:
		e.result(b)
	case model.TextBlock, model.RefusalBlock:
		e.Text("text", b.Text)
	default:
		e.media(b)
	}
	e.TextIf("thoughtSignature", seal)
	if !e.Foreign && b.Extra != nil {
		e.Extra(outer(b.Extra))
	}
	e.Close(mark)
}

// sendable says whether a block becomes a part.
func (e *encoder) sendable(b *model.Block, seal string) bool {
	switch b.Kind {
	case model.TextBlock, model.RefusalBlock, model.ReasoningBlock:
		return b.Text != "" || seal != "" || !e.made && b.Seal == nil
	case model.ToolCallBlock:
		return b.Call != nil
	case model.ToolResultBlock:
		return true
	}
	m := b.Media
	if m == nil {
		return false
	}
	if e.made && m.FileID != "" && !ownID(m.FileID) {
		e.note(string(b.Kind) + "_file") // another vendor has it
		return false
	}
	return m.FileID != "" || m.URL != "" || len(m.Data) > 0
}

// outer returns the fields beside the object that a part holds, without those inside it.
func outer(extra map[string]json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for key, v := range extra {
		switch key {
		case "functionCall", "functionResponse", "inlineData", "fileData", asNoID:
		default:
			out[key] = v
		}
	}
	return out
}

func (e *encoder) call(b *model.Block) {
	c := b.Call
	e.Key("functionCall")
	mark := e.Open()
	if !strings.HasPrefix(c.ID, made) {
		e.TextIf("id", c.ID)
	}
	e.Text("name", c.Name)
	e.arguments(c)
	e.Members(b.Extra["functionCall"])
	e.Close(mark)
}

// arguments writes the arguments of a call, which are an object in this dialect.
func (e *encoder) arguments(c *model.ToolCall) {
	e.Key("args")
	switch {
	case c.Freeform:
		e.B = append(e.B, called.Wrap(c.Arguments)...)
	case isObject(c.Arguments):
		e.B = append(e.B, strings.TrimSpace(c.Arguments)...)
	case strings.TrimSpace(c.Arguments) == "":
		e.B = append(e.B, "{}"...)
	default:
		e.B = append(e.B, called.Wrap(c.Arguments)...)
	}
}

// result writes the result of a function. What it holds beyond text goes into it, or, where the model takes text alone,
// behind the results.
func (e *encoder) result(b *model.Block) {
	e.Key("functionResponse")
	mark := e.Open()
	if !strings.HasPrefix(b.CallID, made) && (e.Foreign || b.Extra[asNoID] == nil) {
		e.TextIf("id", b.CallID)
	}
	rest := members(b.Extra["functionResponse"], e.Foreign)
	if name := e.names[b.CallID]; name != "" {
		e.Text("name", name)
	} else if rest["name"] == nil {
		e.Text("name", Client{}.ToolNames().Safe(b.CallID))
	}
	text, inside := e.content(b)
	e.Key("response")
	e.response(text, b.Failed)
	if len(inside) > 0 {
		e.Array("parts")
		for _, m := range inside {
			e.part(m)
		}
		e.EndArray()
	}
	e.Extra(rest)
	e.Close(mark)
}

// content returns the text of a result and what of it goes into the result beside the text.
func (e *encoder) content(b *model.Block) (text string, inside []*model.Block) {
	text = b.Text
	for i := range b.Blocks {
		in := &b.Blocks[i]
		switch {
		case in.Kind == model.NativeBlock && !e.Foreign:
			inside = append(inside, in)
		case in.Media == nil:
			if text != "" && in.Text != "" {
				text += "\n"
			}
			text += in.Text
		case !e.made || e.gen == latest && len(in.Media.Data) > 0 && in.Kind != model.AudioBlock && in.Kind != model.VideoBlock:
			inside = append(inside, in)
		default:
			e.shown = append(e.shown, in)
		}
	}
	return text, inside
}

// response writes the text of a result as the object that it must be.
func (e *encoder) response(text string, failed bool) {
	key := "output"
	switch {
	case failed:
		key = "error"
	case isObject(text):
		e.B = append(e.B, strings.TrimSpace(text)...)
		return
	}
	e.B = append(scan.Quote(append(e.B, '{'), key), ':')
	e.B = append(scan.Quote(e.B, text), '}')
}

// media writes data or the URI of a file.
func (e *encoder) media(b *model.Block) {
	m, kind := b.Media, b.Media.Type
	uri := m.FileID
	if uri == "" {
		uri = m.URL
	}
	key := "inlineData"
	if uri != "" {
		key = "fileData"
	}
	if kind == "" && (e.made || e.Foreign || b.Kind != model.MediaKind("") && b.Kind != model.VideoBlock) {
		kind = typeOf(b.Kind, uri)
	}
	e.Key(key)
	mark := e.Open()
	e.TextIf("mimeType", kind)
	if uri != "" {
		e.Text("fileUri", uri)
	} else {
		e.Key("data")
		e.Base64(m.Data)
	}
	if !e.made || e.vertex { // the Gemini API itself refuses it
		e.TextIf("displayName", m.Name)
	}
	if b.Extra != nil {
		e.Members(b.Extra[key])
	}
	e.Close(mark)
}

// typeOf guesses the type of a medium, which the vendor wants to know.
func typeOf(kind model.BlockKind, uri string) string {
	uri, _, _ = strings.Cut(uri, "?")
	dot := strings.LastIndexByte(uri, '.')
	switch strings.ToLower(uri[dot+1:]) {
	case "png":
		return "image/png"
	case "jpg", "jpeg":
		return "image/jpeg"
	case "webp":
		return "image/webp"
	case "gif":
		return "image/gif"
	case "pdf":
		return "application/pdf"
	case "txt", "md":
		return "text/plain"
	case "mp3":
		return "audio/mp3"
	case "wav":
		return "audio/wav"
	case "mp4":
		return "video/mp4"
	}
	switch kind {
	case model.AudioBlock:
		return "audio/wav"
	case model.VideoBlock:
		return "video/mp4"
	case model.DocumentBlock:
		return "application/pdf"
	}
	return "image/png"
}
