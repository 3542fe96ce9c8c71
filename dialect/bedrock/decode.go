// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"encoding/json"

	"retort/dialect/internal/object"
	"retort/model"
)

// decoder reads the objects of answers.
type decoder struct{ object.Reader }

// only reads one text of an object; an object of another kind, or null, has none.
func (d *decoder) only(name string, dst *string) error {
	if d.Kind() != '{' {
		d.Skip()
		return nil
	}
	return d.Members(func(key string) error {
		if key == name && d.Kind() == '"' {
			return d.Str(dst)
		}
		d.Skip()
		return nil
	})
}

// usage reads the tokens. Bedrock counts those of the cache apart from the others.
func (d *decoder) usage(u *model.Usage) error {
	const most = 1 << 40
	var input int
	err := d.Members(func(key string) error {
		var err error
		switch key {
		case "inputTokens":
			_, err = d.Count(&input, 0, most)
		case "outputTokens":
			_, err = d.Count(&u.Output, 0, most)
		case "cacheReadInputTokens":
			_, err = d.Count(&u.Cached, 0, most)
		case "cacheWriteInputTokens":
			_, err = d.Count(&u.Written, 0, most)
		default:
			d.Skip()
		}
		return err
	})
	u.Input = input + u.Cached + u.Written
	return err
}

func (d *decoder) output(m *model.Message) error {
	return d.Members(func(key string) error {
		if key != "message" {
			d.Skip()
			return nil
		}
		return d.Members(func(key string) error {
			if key != "content" {
				d.Skip()
				return nil
			}
			return d.Elems(func(int) error {
				b, ok, err := d.block()
				if ok {
					m.Blocks = append(m.Blocks, b)
				}
				return err
			})
		})
	})
}

// block reads a block of an answer; ok is false for those that say nothing.
func (d *decoder) block() (b model.Block, ok bool, err error) {
	err = d.Members(func(key string) error {
		var err error
		switch key {
		case "text":
			b.Kind = model.TextBlock
			err = d.Str(&b.Text)
			ok = b.Text != ""
		case "toolUse":
			b.Kind, b.Call = model.ToolCallBlock, &model.ToolCall{}
			ok, err = d.call(b.Call)
		case "reasoningContent":
			b.Kind = model.ReasoningBlock
			err = d.reasoning(&b)
			ok = b.Text != "" || b.Seal != nil
		case "citationsContent":
			b.Kind = model.TextBlock
			err = d.cited(&b)
			ok = b.Text != ""
		case "image", "audio", "video":
			b.Kind, b.Media = model.BlockKind(key), &model.Media{}
			err = d.medium(key, b.Media)
			ok = len(b.Media.Data) > 0 || b.Media.URL != ""
		default:
			d.Skip()
		}
		return err
	})
	return b, ok, err
}

// call reads a call of a tool; ours is false for calls that the upstream itself carries out.
func (d *decoder) call(c *model.ToolCall) (ours bool, err error) {
	ours = true
	err = d.Members(func(key string) error {
		switch key {
		case "toolUseId":
			return d.Str(&c.ID)
		case "name":
			return d.Str(&c.Name)
		case "input":
			c.Arguments = string(d.Raw())
			return nil
		case "type":
			var kind string
			err := d.Str(&kind)
			ours = kind != "server_tool_use"
			return err
		}
		d.Skip()
		return nil
	})
	return ours, err
}

func (d *decoder) reasoning(b *model.Block) error {
	return d.Members(func(key string) error {
		switch key {
		case "reasoningText":
			return d.Members(func(key string) error {
				var signature string
				switch key {
				case "text":
					return d.Str(&b.Text)
				case "signature":
					err := d.Str(&signature)
					if signature != "" {
						b.Seal = &model.Seal{Dialect: Name, Data: signature}
					}
					return err
				}
				d.Skip()
				return nil
			})
		case "redactedContent":
			var data string
			err := d.Str(&data)
			b.Seal = &model.Seal{Dialect: Name, Data: data, Hidden: true}
			return err
		}
		d.Skip()
		return nil
	})
}

// cited reads text with what it rests on.
func (d *decoder) cited(b *model.Block) error {
	return d.Members(func(key string) error {
		switch key {
		case "content":
			return d.Elems(func(int) error {
				var text string
				err := d.only("text", &text)
				b.Text += text
				return err
			})
		case "citations":
			return d.Elems(func(int) error {
				c, err := d.citation()
				b.Citations = append(b.Citations, c)
				return err
			})
		}
		d.Skip()
		return nil
	})
}

// citation reads what a piece of text rests on. Where in a document that stands is kept in its native form alone.
func (d *decoder) citation() (c model.Citation, err error) {
	c.Native = json.RawMessage(d.Copy())
	inner := &decoder{object.New(c.Native)}
	err = inner.Members(func(key string) error {
		switch key {
		case "title":
			return inner.Str(&c.Title)
		case "source":
			return inner.Str(&c.URL)
		case "sourceContent":
			return inner.Elems(func(int) error {
				var text string
				err := inner.only("text", &text)
				c.Quote += text
				return err
			})
		case "location":
			return inner.Members(func(key string) error {
				if key == "web" {
					return inner.only("url", &c.URL)
				}
				inner.Skip()
				return nil
			})
		}
		inner.Skip()
		return nil
	})
	return c, err
}

// medium reads an image, a sound or a video that the model made.
func (d *decoder) medium(kind string, m *model.Media) error {
	return d.Members(func(key string) error {
		switch key {
		case "format":
			var format string
			err := d.Str(&format)
			m.Type = kind + "/" + format
			return err
		case "source":
			return d.source(m)
		}
		d.Skip()
		return nil
	})
}

func (d *decoder) source(m *model.Media) error {
	return d.Members(func(key string) error {
		switch key {
		case "bytes":
			return d.Base64(&m.Data)
		case "s3Location":
			return d.only("uri", &m.URL)
		}
		d.Skip()
		return nil
	})
}
