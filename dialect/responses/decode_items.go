// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/object"
	"retort/model"
)

// turns makes messages of items: what an assistant does one after the other is one message.
type turns struct {
	messages []model.Message
	open     bool        // the last message is an assistant's that goes on
	ahead    *model.Seal // of what comes next
	behind   *model.Seal // of what came before these items

	asked             bool // the items are a request's, not an answer's
	side              []sideItem
	more              model.Content // the tools of side items
	effort, verbosity string        // that side items set
}

// join adds what the assistant does next.
func (t *turns) join(blocks ...model.Block) {
	if len(blocks) == 0 {
		return
	}
	if t.ahead != nil && blocks[0].Kind != model.ReasoningBlock {
		blocks[0].Seal, t.ahead = t.ahead, nil
	}
	if !t.open {
		t.messages = append(t.messages, model.Message{Role: model.Assistant, Blocks: blocks})
		t.open = true
		return
	}
	m := &t.messages[len(t.messages)-1]
	m.Blocks = append(m.Blocks, blocks...)
}

// say adds a message of the assistant. Two without ids that follow each other would be one item if they were joined.
func (t *turns) say(blocks []model.Block) {
	if t.open && len(blocks) > 0 && blocks[0].ID == "" {
		said := t.messages[len(t.messages)-1].Blocks
		if last := &said[len(said)-1]; spoken(last.Kind) && last.ID == "" {
			t.open = false
		}
	}
	t.join(blocks...)
}

// spoken says whether blocks of a kind are parts of messages, where an assistant's are concerned.
func spoken(k model.BlockKind) bool { return k == model.TextBlock || k == model.RefusalBlock }

// add adds a message of another role.
func (t *turns) add(m model.Message) {
	t.messages = append(t.messages, m)
	t.open, t.ahead = false, nil
}

// input reads a text or a list of items.
func (d *decoder) input(content *model.Content, t *turns) error {
	switch d.Kind() {
	case 'n':
		d.Null()
		return nil
	case '"':
		content.Messages = []model.Message{model.Text(model.User, d.String())}
		return nil
	case '[':
	default:
		return object.Wrong("must be a string or an array of items")
	}
	t.asked = true
	err := d.Elems(func(i int) error {
		err := d.item(t)
		var r *remembered
		if errors.As(err, &r) && r.field == "" {
			r.field = "input[" + strconv.Itoa(i) + "]"
		}
		return err
	})
	content.Messages = t.messages
	return err
}

// item reads one item. One of an unknown type is kept whole.
func (d *decoder) item(t *turns) error {
	kind, err := d.kind()
	if err != nil {
		return err
	}
	switch kind {
	case "", "message":
		return d.message(t)
	case "function_call", "custom_tool_call":
		return d.call(t, kind)
	case "function_call_output", "custom_tool_call_output":
		return d.output(t, kind)
	case "reasoning":
		return d.reasoning(t)
	case "item_reference":
		return unkept("")
	case "compaction_trigger":
		return recall("")
	case "image_generation_call":
		return d.generated(t)
	case "additional_tools", "configuration_update":
		if t.asked {
			return d.side(t, kind)
		}
	}
	b := model.Block{Kind: model.NativeBlock, Native: d.Copy()}
	if theirs(kind) {
		t.add(model.Message{Role: model.User, Blocks: []model.Block{b}})
	} else {
		t.join(b)
	}
	return nil
}

// theirs says whether items of an unknown type come from the client rather than from the model.
func theirs(kind string) bool {
	return strings.HasSuffix(kind, "_output") || kind == "mcp_approval_response"
}

// head is what items have in common.
type head struct {
	id, status string
	extra      map[string]json.RawMessage
}

// member reads a member of an item that all may have.
func (d *decoder) member(h *head, key string) error {
	switch key {
	case "type":
		d.Skip()
		return nil
	case "id":
		return d.Str(&h.id)
	case "status":
		return d.Str(&h.status)
	}
	if d.Null() {
		return nil
	}
	return d.Keep(&h.extra, key)
}

// mark keeps a status other than the one that items of the kind have when nothing is said: completed items that have
// ids say so, others say nothing.
func (d *decoder) mark(h *head, plain bool) {
	usual := ""
	if h.id != "" && !plain {
		usual = "completed"
	}
	if h.status != usual {
		d.put(&h.extra, ".status", h.status)
	}
}

// message reads a message of any role.
func (d *decoder) message(t *turns) error {
	var h head
	var role string
	var blocks []model.Block
	said := false
	err := d.Members(func(key string) error {
		switch key {
		case "role":
			return d.Str(&role)
		case "content":
			said = true
			return d.content(&blocks)
		}
		return d.member(&h, key)
	})
	if err != nil {
		return err
	}
	for i := range blocks {
		blocks[i].ID = h.id
	}
	m := model.Message{Role: model.Role(role), Blocks: blocks}
	switch role {
	case "assistant":
		d.mark(&h, false)
		if len(blocks) > 0 {
			ofMessage(&blocks[0], h.extra)
		}
		t.say(blocks)
		return nil
	case "system", "developer":
		m.Role = model.System
		d.put(&h.extra, ".role", role)
	case "user":
	case "":
		if !said && h.id != "" { // the short form of a reference
			return unkept("")
		}
		return object.At("role", object.Wrong("is missing"))
	default:
		return object.At("role", object.Wrong(`must be "user", "assistant", "system" or "developer"`))
	}
	d.mark(&h, true)
	m.Extra = h.extra
	t.add(m)
	return nil
}

// ofMessage keeps the unknown members of an assistant's message with its first block, under longer names.
func ofMessage(b *model.Block, extra map[string]json.RawMessage) {
	for key, v := range extra {
		if key != ".status" {
			key = messagePrefix + key
		}
		object.Put(&b.Extra, key, v)
	}
}

const messagePrefix = "message."

// call reads a call of a function or of a tool that takes plain text.
func (d *decoder) call(t *turns, kind string) error {
	var h head
	c := &model.ToolCall{Freeform: kind == "custom_tool_call"}
	err := d.Members(func(key string) error {
		switch key {
		case "call_id":
			return d.Str(&c.ID)
		case "name":
			return d.Str(&c.Name)
		case "namespace":
			return d.Str(&c.Namespace)
		case "arguments", "input":
			if d.Kind() == '{' { // some servers send the object itself
				c.Arguments = string(d.Raw())
				return nil
			}
			return d.Str(&c.Arguments)
		}
		return d.member(&h, key)
	})
	switch {
	case err != nil:
		return err
	case c.ID == "" && h.id == "":
		return object.At("call_id", object.Wrong("is missing"))
	case c.Name == "":
		return object.At("name", object.Wrong("is missing"))
	case c.ID == "":
		c.ID = h.id
	}
	d.mark(&h, c.Freeform)
	t.join(model.Block{Kind: model.ToolCallBlock, ID: h.id, Call: c, Extra: h.extra})
	return nil
}

// output reads the result of a tool.
func (d *decoder) output(t *turns, kind string) error {
	var h head
	b := model.Block{Kind: model.ToolResultBlock}
	err := d.Members(func(key string) error {
		switch key {
		case "call_id":
			return d.Str(&b.CallID)
		case "output":
			return d.content(&b.Blocks)
		}
		return d.member(&h, key)
	})
	switch {
	case err != nil:
		return err
	case b.CallID == "":
		return object.At("call_id", object.Wrong("is missing"))
	}
	if len(b.Blocks) == 1 && b.Blocks[0].Kind == model.TextBlock && b.Blocks[0].Extra == nil && b.Blocks[0].Cache == nil {
		b.Text, b.Blocks = b.Blocks[0].Text, nil
	}
	d.mark(&h, true)
	if kind != "function_call_output" {
		d.put(&h.extra, ".type", kind)
	}
	b.ID, b.Extra = h.id, h.extra
	t.add(model.Message{Role: model.ToolRole, Blocks: []model.Block{b}})
	return nil
}

// reasoning reads what an assistant thought: in the open, as a summary, or sealed.
func (d *decoder) reasoning(t *turns) error {
	var h head
	var summary, content []string
	var sealed string
	err := d.Members(func(key string) error {
		switch key {
		case "summary":
			return d.thoughts(&summary)
		case "content":
			return d.thoughts(&content)
		case "encrypted_content":
			return d.Str(&sealed)
		}
		return d.member(&h, key)
	})
	if err != nil {
		return err
	}
	if where, seal := openBeside(sealed); where != ownSeal && len(summary)+len(content) == 0 {
		t.beside(where, seal)
		return nil
	}
	b := model.Block{Kind: model.ReasoningBlock, ID: h.id}
	switch {
	case len(summary) > 0:
		b.Text = strings.Join(summary, thoughtBreak)
		d.pieces(&h.extra, ".summary", summary)
		if len(content) > 0 {
			d.pieces(&h.extra, "content", content)
		}
	case len(content) > 0:
		b.Text = strings.Join(content, thoughtBreak)
		d.put(&h.extra, ".shown", "content")
		d.pieces(&h.extra, ".content", content)
	}
	switch sealed {
	case "":
	case unsealed:
		d.put(&h.extra, ".unsealed", "yes")
	default:
		b.Seal = dialect.OpenSeal(sealed, Name, b.Text == "")
	}
	d.mark(&h, true)
	b.Extra = h.extra
	t.join(b)
	return nil
}

// thoughtBreak stands between the pieces of reasoning.
const thoughtBreak = "\n\n"

// pieces keeps a list of texts; one alone needs no keeping where it is the block's text.
func (d *decoder) pieces(extra *map[string]json.RawMessage, key string, list []string) {
	if !d.Extras || len(list) == 1 && key[0] == '.' {
		return
	}
	raw, err := json.Marshal(list)
	if err == nil { // strings always have a JSON form
		object.Put(extra, key, raw)
	}
}

// thoughts reads the texts of a list of parts.
func (d *decoder) thoughts(list *[]string) error {
	if d.Null() {
		return nil
	}
	return d.Elems(func(int) error {
		var text string
		err := d.Members(func(key string) error {
			if key == "text" {
				return d.Str(&text)
			}
			d.Skip()
			return nil
		})
		*list = append(*list, text)
		return err
	})
}

// beside gives a seal that travelled alone back to its block.
func (t *turns) beside(where byte, seal *model.Seal) {
	if where == sealAhead {
		t.ahead = seal
		return
	}
	if !t.open {
		t.behind = seal
		return
	}
	blocks := t.messages[len(t.messages)-1].Blocks
	if last := &blocks[len(blocks)-1]; last.Seal == nil {
		last.Seal = seal
	}
}

// generated reads an image that a model made.
func (d *decoder) generated(t *turns) error {
	whole := d.Cursor
	var h head
	var format string
	m := &model.Media{}
	err := d.Members(func(key string) error {
		switch key {
		case "result":
			if d.Null() {
				return nil
			}
			return d.Base64(&m.Data)
		case "output_format":
			return d.Str(&format)
		}
		return d.member(&h, key)
	})
	if err != nil {
		return err
	}
	if m.Data == nil {
		t.join(model.Block{Kind: model.NativeBlock, Native: append(json.RawMessage(nil), whole.Raw()...)})
		return nil
	}
	if format == "" {
		format = "png"
	}
	m.Type = "image/" + format
	d.mark(&h, false)
	t.join(model.Block{Kind: model.ImageBlock, ID: h.id, Media: m, Extra: h.extra})
	return nil
}
