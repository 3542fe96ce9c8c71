// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import "retort/model"

// bytesPerToken is what a token of English text has on average, to the nearest whole number.
const bytesPerToken = 4

// estimate returns about what an upstream bills for an answer that broke off or was abandoned after said bytes of it had
// come: it counts what it has read and written, and its own count comes only at the end. Images and other media, whose
// tokens have little to do with their bytes, are left out.
func estimate(req *model.Request, said int) model.Usage {
	asked := 0
	if content, err := req.Content(); err == nil {
		for i := range content.Messages {
			asked += textOf(content.Messages[i].Blocks)
		}
		for i := range content.Tools {
			t := &content.Tools[i]
			asked += len(t.Name) + len(t.Description) + len(t.Parameters) + len(t.Native)
		}
		if content.Format != nil {
			asked += len(content.Format.Schema)
		}
	} else if req.Wire != nil {
		asked = len(req.Wire.Body)
	}
	return model.Usage{Input: tokens(asked), Output: tokens(said)}
}

func tokens(bytes int) int { return (bytes + bytesPerToken - 1) / bytesPerToken }

// textOf returns the bytes of text in blocks.
func textOf(blocks []model.Block) int {
	n := 0
	for i := range blocks {
		b := &blocks[i]
		n += len(b.Text) + textOf(b.Blocks)
		if b.Call != nil {
			n += len(b.Call.Name) + len(b.Call.Arguments)
		}
	}
	return n
}
