// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import "retort/model"

// gather puts together what clients keep in the pieces in which it was streamed to them. An upstream of another dialect
// signs its reasoning at the end, so that the signature stands on an empty thought, perhaps several contents behind the
// words that it signs; it is worth nothing apart from them. Conversations without such signatures stay as they are.
func gather(messages []model.Message) []model.Message {
	if !apart(messages) {
		return messages
	}
	var out []model.Message
	for _, m := range messages {
		last := len(out) - 1
		if last < 0 || m.Role != model.Assistant || out[last].Role != model.Assistant {
			blocks := m.Blocks
			m.Blocks = nil
			out = append(out, m)
			last++
			out[last].Blocks = join(nil, blocks)
			continue
		}
		out[last].Blocks = join(out[last].Blocks, m.Blocks)
	}
	return out
}

// apart says whether a signature stands apart from what it signs.
func apart(messages []model.Message) bool {
	for i := range messages {
		for j := range messages[i].Blocks {
			if lone(&messages[i].Blocks[j]) {
				return true
			}
		}
	}
	return false
}

// lone says whether a block is a signature of another dialect without the words that it signs.
func lone(b *model.Block) bool {
	return b.Kind == model.ReasoningBlock && b.Text == "" && b.Seal != nil && b.Seal.Dialect != Name && !b.Seal.Hidden
}

// join appends blocks, words of one kind to those before them.
func join(to, blocks []model.Block) []model.Block {
	for _, b := range blocks {
		last := len(to) - 1
		if last < 0 || !continues(&to[last], &b) {
			to = append(to, b)
			continue
		}
		to[last].Text += b.Text
		to[last].Seal = b.Seal
	}
	return to
}

// continues says whether b goes on with the words of a.
func continues(a, b *model.Block) bool {
	if a.Kind != b.Kind || a.Seal != nil || a.Extra != nil || b.Extra != nil {
		return false
	}
	return a.Kind == model.ReasoningBlock || a.Kind == model.TextBlock && b.Seal == nil
}
