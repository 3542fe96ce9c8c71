// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"

	"retort/dialect/internal/called"
	"retort/dialect/internal/scan"
	"retort/dialect/internal/schema"
	"retort/model"
)

// turn writes one message.
func (e *encoder) turn(t *turn, last bool) {
	e.Elem()
	mark := e.Open()
	role := "user"
	if t.assistant {
		role = "assistant"
	}
	e.Text("role", role)
	e.Array("content")
	for i, p := range t.blocks {
		if last && t.assistant && i == len(t.blocks)-1 && p.b.Kind == model.TextBlock {
			c := *p.b // an answer to go on with must not end in space
			c.Text = strings.TrimRight(c.Text, " \t\r\n")
			p.b = &c
		}
		e.block(p)
	}
	if last && e.automatic(t) {
		e.cachePoint(e.content.Cache)
	}
	e.EndArray()
	e.Close(mark)
}

// block writes a block, and the cache point behind it.
func (e *encoder) block(p placed) {
	b := p.b
	e.Elem()
	if b.Kind == model.NativeBlock {
		e.B = append(e.B, b.Native...)
	} else {
		mark := e.Open()
		switch b.Kind {
		case model.TextBlock, model.RefusalBlock:
			e.Text("text", b.Text)
		case model.ReasoningBlock:
			e.reasoning(b)
		case model.ToolCallBlock:
			e.call(b.Call)
		case model.ToolResultBlock:
			e.result(p)
		default:
			e.medium(b)
		}
		e.Close(mark)
	}
	if !marked(b) {
		return
	}
	if _, able := e.family.caches(); able {
		e.cachePoint(b.Cache)
	} else {
		e.note(p.at + "cache_marks")
	}
}

// cachePoint writes a point, unless it is one of those that are too many.
func (e *encoder) cachePoint(c *model.CacheMark) {
	if e.points > 0 {
		e.points--
		return
	}
	e.Elem()
	mark := e.Open()
	e.Key("cachePoint")
	inner := e.Open()
	e.Text("type", "default")
	if (c.TTL == "5m" || c.TTL == "1h") && e.family.claude() && e.family.version >= 405 {
		e.Text("ttl", c.TTL)
	}
	e.Close(inner)
	e.Close(mark)
}

func (e *encoder) reasoning(b *model.Block) {
	e.Key("reasoningContent")
	mark := e.Open()
	if b.Seal.Hidden {
		e.Text("redactedContent", b.Seal.Data)
	} else {
		e.Key("reasoningText")
		inner := e.Open()
		e.Text("text", b.Text)
		e.TextIf("signature", b.Seal.Data)
		e.Close(inner)
	}
	e.Close(mark)
}

func (e *encoder) call(c *model.ToolCall) {
	e.Key("toolUse")
	mark := e.Open()
	e.Text("toolUseId", callID(c.ID))
	e.Text("name", c.Name)
	e.Key("input")
	e.B = append(e.B, input(c)...)
	e.Close(mark)
}

// input returns the arguments of a call as the object that they must be.
func input(c *model.ToolCall) string {
	text := strings.TrimSpace(c.Arguments)
	r := scan.New([]byte(text))
	object := r.Kind() == '{'
	if r.Skip(); !c.Freeform && object && r.End() == nil {
		return text
	}
	if text == "" && !c.Freeform {
		return "{}"
	}
	return called.Wrap(c.Arguments)
}

// callID returns the id of a call in the characters that are allowed, the same for a call and its result.
func callID(id string) string {
	const most = 64
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, id)
	if clean == id && id != "" && len(id) <= most {
		return id
	}
	h := fnv.New64a()
	h.Write([]byte(id)) // never fails
	tail := "_" + strconv.FormatUint(h.Sum64(), 36)
	return clean[:min(len(clean), most-len(tail))] + tail
}

// result writes what a tool returned.
func (e *encoder) result(p placed) {
	b := p.b
	e.Key("toolResult")
	mark := e.Open()
	e.Text("toolUseId", callID(b.CallID))
	e.Array("content")
	if strings.TrimSpace(b.Text) != "" {
		e.block(placed{&model.Block{Kind: model.TextBlock, Text: b.Text}, p.at})
	}
	for i := range b.Blocks {
		inner := b.Blocks[i]
		inner.Cache = nil // points stand between blocks of a message alone
		if q := (placed{&inner, p.at}); returnable(inner.Kind) && e.sendable(q, false) {
			e.block(q)
		}
	}
	if e.B[len(e.B)-1] == '[' {
		e.block(placed{&model.Block{Kind: model.TextBlock, Text: "(empty)"}, p.at})
	}
	e.EndArray()
	if b.Failed {
		e.Text("status", "error")
	}
	e.Close(mark)
}

// returnable says whether a tool's result may hold blocks of a kind.
func returnable(k model.BlockKind) bool {
	switch k {
	case model.TextBlock, model.ImageBlock, model.DocumentBlock, model.VideoBlock, model.NativeBlock:
		return true
	}
	return false
}

// tools writes the tools that may be called. The API wants them of every request that speaks of calls, though nothing is
// to be called any more.
func (e *encoder) tools(c *model.Content, turns []turn) {
	tools := e.offered(c)
	choice := c.ToolChoice
	if choice != nil && choice.Mode == "none" {
		if names := calledIn(turns); names == nil {
			return // without tools none is called
		}
		e.note("tool_choice")
		choice = nil
	}
	if len(tools) == 0 {
		for _, name := range calledIn(turns) {
			tools = append(tools, model.Tool{Name: name, Description: "No longer available."})
		}
		choice = nil
	}
	if len(tools) == 0 {
		return
	}
	e.Key("toolConfig")
	mark := e.Open()
	e.Array("tools")
	e.points = e.surplus.tools
	for i := range tools {
		e.tool(&tools[i], "tools["+strconv.Itoa(i)+"].")
	}
	e.EndArray()
	e.choice(choice)
	e.Close(mark)
}

// offered returns the tools of a request, less those that its choice leaves out.
func (e *encoder) offered(c *model.Content) []model.Tool {
	allowed := map[string]bool{}
	if c.ToolChoice != nil {
		for _, name := range c.ToolChoice.Allowed {
			allowed[name] = true
		}
	}
	var tools []model.Tool
	for i := range c.Tools {
		t := &c.Tools[i]
		if t.Native != nil && e.Foreign || len(allowed) > 0 && !allowed[t.Name] {
			continue
		}
		tools = append(tools, *t)
	}
	return tools
}

// calledIn returns the names of the tools that a conversation has calls of; one that has results alone gets a name, too.
func calledIn(turns []turn) []string {
	var names []string
	seen := map[string]bool{}
	for i := range turns {
		for _, p := range turns[i].blocks {
			name := ""
			switch p.b.Kind {
			case model.ToolCallBlock:
				name = p.b.Call.Name
			case model.ToolResultBlock:
				if len(names) == 0 {
					name = "tool"
				}
			}
			if name != "" && !seen[name] {
				seen[name], names = true, append(names, name)
			}
		}
	}
	return names
}

func (e *encoder) tool(t *model.Tool, at string) {
	e.Elem()
	if t.Native != nil {
		e.B = append(e.B, t.Native...)
		return
	}
	mark := e.Open()
	e.Key("toolSpec")
	inner := e.Open()
	e.Text("name", t.Name)
	parameters, description := t.Parameters, t.Description
	if t.Freeform != nil {
		parameters, description = json.RawMessage(called.Parameters), called.Describe(t)
	}
	e.TextIf("description", description)
	e.Key("inputSchema")
	within := e.Open()
	e.Key("json")
	subset := schema.Function
	if t.Strict != nil && *t.Strict {
		subset = schema.Anthropic
	}
	e.B = append(e.B, e.schema(objectSchema(parameters), subset, at+"parameters")...)
	e.Close(within)
	if t.Strict != nil {
		e.Boolean("strict", *t.Strict)
	}
	e.Close(inner)
	e.Close(mark)
	if t.Cache != nil {
		if able, _ := e.family.caches(); able {
			e.cachePoint(t.Cache)
		} else {
			e.note(at + "cache_marks")
		}
	}
}

// objectSchema returns the schema of a tool's arguments, which must say that they are an object.
func objectSchema(raw json.RawMessage) json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || m == nil {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	if m["type"] != nil {
		return raw
	}
	m["type"] = json.RawMessage(`"object"`)
	out, err := json.Marshal(m)
	if err != nil {
		return raw
	}
	return out
}

// schema returns a JSON Schema in the subset that Bedrock's models take, noting what had to be removed.
func (e *encoder) schema(raw json.RawMessage, to schema.Subset, at string) json.RawMessage {
	if !json.Valid(raw) {
		if e.Err == nil {
			e.Err = &model.Error{Kind: model.Invalid, Op: "translate request", Field: at, Err: errSchema}
		}
		return json.RawMessage("{}")
	}
	fitted, removed := schema.Fit(raw, to)
	for _, keyword := range removed {
		e.note(at + "." + keyword)
	}
	return fitted
}

func (e *encoder) choice(t *model.ToolChoice) {
	if t == nil || t.Mode == "" || t.Extra != nil && e.Foreign {
		return
	}
	if !e.family.obeys() && (t.Mode == "tool" || t.Mode == "required") {
		e.note("tool_choice")
		return
	}
	e.Key("toolChoice")
	if t.Extra != nil {
		e.B = append(e.B, t.Extra...)
		return
	}
	mark := e.Open()
	switch t.Mode {
	case "tool":
		e.Key("tool")
		inner := e.Open()
		e.Text("name", t.Name)
		e.Close(inner)
	case "required":
		e.Key("any")
		e.B = append(e.B, "{}"...)
	default:
		e.Key("auto")
		e.B = append(e.B, "{}"...)
	}
	e.Close(mark)
}
