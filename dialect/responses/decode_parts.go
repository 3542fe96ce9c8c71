// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"strings"

	"retort/dialect/internal/object"
	"retort/model"
)

// content reads a string, null or an array of parts.
func (d *decoder) content(blocks *[]model.Block) error {
	switch d.Kind() {
	case 'n':
		d.Null()
		return nil
	case '"':
		*blocks = append(*blocks, model.Block{Kind: model.TextBlock, Text: d.String()})
		return nil
	case '[':
		return d.Elems(func(int) error {
			b, err := d.part()
			*blocks = append(*blocks, b)
			return err
		})
	}
	return object.Wrong("must be a string or an array of parts")
}

// part reads one part of a content. One of an unknown type is kept whole.
func (d *decoder) part() (model.Block, error) {
	kind, err := d.kind()
	if err != nil {
		return model.Block{}, err
	}
	switch kind {
	case "input_text", "output_text", "text", "summary_text":
		return d.text()
	case "refusal":
		return d.refusal()
	case "input_image":
		return d.image()
	case "input_file":
		return d.file()
	case "input_audio":
		return d.audio()
	case "":
		return model.Block{}, object.At("type", object.Wrong("is missing"))
	}
	b := model.Block{Kind: model.NativeBlock, Native: d.Copy()}
	if d.Extras {
		object.Put(&b.Extra, ".part", json.RawMessage("true"))
	}
	return b, nil
}

// other reads a member that all parts may have.
func (d *decoder) other(b *model.Block, key string) error {
	switch {
	case key == "type":
		d.Skip()
		return nil
	case key == "prompt_cache_breakpoint":
		return d.breakpoint(b)
	case d.Null():
		return nil
	}
	return d.Keep(&b.Extra, key)
}

func (d *decoder) text() (model.Block, error) {
	b := model.Block{Kind: model.TextBlock}
	err := d.Members(func(key string) error {
		switch key {
		case "text":
			return d.Str(&b.Text)
		case "annotations":
			return d.annotations(&b.Citations)
		case "logprobs":
			if empty(d) {
				d.Skip()
				return nil
			}
		}
		return d.other(&b, key)
	})
	return b, err
}

// empty says whether an empty array comes next. Nothing is consumed.
func empty(d *decoder) bool {
	ahead := d.Cursor
	return ahead.Kind() == '[' && ahead.Array() && !ahead.Elem() && ahead.Err() == nil
}

func (d *decoder) refusal() (model.Block, error) {
	b := model.Block{Kind: model.RefusalBlock}
	err := d.Members(func(key string) error {
		if key == "refusal" {
			return d.Str(&b.Text)
		}
		return d.other(&b, key)
	})
	return b, err
}

func (d *decoder) image() (model.Block, error) {
	m := &model.Media{}
	b := model.Block{Kind: model.ImageBlock, Media: m}
	url := ""
	err := d.Members(func(key string) error {
		switch key {
		case "image_url":
			if d.Kind() == '{' { // as in chat completions
				return d.Members(func(key string) error {
					if key == "url" {
						return d.Str(&url)
					}
					return d.other(&b, key)
				})
			}
			return d.Str(&url)
		case "file_id":
			return d.Str(&m.FileID)
		case "detail":
			return d.Str(&m.Detail)
		}
		return d.other(&b, key)
	})
	switch {
	case err != nil:
		return b, err
	case url != "":
		return b, object.At("image_url", d.setURL(&b, ".image_url", url))
	case m.FileID == "":
		return b, object.Wrong("must have image_url or file_id")
	}
	return b, nil
}

func (d *decoder) file() (model.Block, error) {
	m := &model.Media{}
	b := model.Block{Kind: model.DocumentBlock, Media: m}
	data, url := "", ""
	err := d.Members(func(key string) error {
		switch key {
		case "file_data":
			return d.Str(&data)
		case "file_id":
			return d.Str(&m.FileID)
		case "file_url":
			return d.Str(&url)
		case "filename":
			return d.Str(&m.Name)
		}
		return d.other(&b, key)
	})
	switch {
	case err != nil:
		return b, err
	case isData(data):
		return b, object.At("file_data", d.setURL(&b, ".file_data", data))
	case data != "":
		m.Data, err = object.Base64(data)
		return b, object.At("file_data", err)
	case url != "":
		return b, object.At("file_url", d.setURL(&b, ".file_url", url))
	case m.FileID == "":
		return b, object.Wrong("must have file_data, file_url or file_id")
	}
	return b, nil
}

func (d *decoder) audio() (model.Block, error) {
	m := &model.Media{}
	b := model.Block{Kind: model.AudioBlock, Media: m}
	format := ""
	err := d.Members(func(key string) error {
		if key != "input_audio" {
			return d.other(&b, key)
		}
		return d.Members(func(key string) error {
			switch key {
			case "data":
				return d.Base64(&m.Data)
			case "format":
				return d.Str(&format)
			}
			d.Skip()
			return nil
		})
	})
	m.Type = "audio/" + format
	if err == nil && m.Data == nil {
		err = object.At("input_audio", object.Wrong("is missing"))
	}
	return b, err
}

// isData says whether a text is a data URL.
func isData(text string) bool {
	const scheme = "data:"
	return len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme)
}

// setURL stores the URL of a block's medium. One that is itself data is unpacked; how it was written is kept under mark
// where the usual form is another.
func (d *decoder) setURL(b *model.Block, mark, text string) error {
	u, ok, err := object.ParseDataURL(text)
	switch {
	case err != nil:
		return err
	case !ok:
		b.Media.URL = text
		return nil
	}
	b.Media.Type, b.Media.Data = u.Type, u.Data
	if !u.Plain || mark == ".file_url" {
		d.put(&b.Extra, mark, text)
	}
	return nil
}

// breakpoint reads a mark up to which the prompt should be cached; one of another shape is kept.
func (d *decoder) breakpoint(b *model.Block) error {
	if d.Null() {
		return nil
	}
	whole := d.Cursor
	known := d.Kind() == '{'
	var mark model.CacheMark
	if known {
		err := d.Members(func(key string) error {
			switch {
			case key == "mode" && d.Kind() == '"':
				known = known && d.String() == "explicit"
				return nil
			case key == "ttl":
				return d.Str(&mark.TTL)
			}
			known = false
			d.Skip()
			return nil
		})
		if err != nil {
			return err
		}
	}
	if known {
		b.Cache = &mark
		return nil
	}
	d.Cursor = whole
	return d.Keep(&b.Extra, "prompt_cache_breakpoint")
}

// annotations reads what a text rests on.
func (d *decoder) annotations(list *[]model.Citation) error {
	if d.Null() {
		return nil
	}
	return d.Elems(func(int) error {
		c, err := d.annotation()
		*list = append(*list, c)
		return err
	})
}

// annotation reads one citation, and keeps it whole.
func (d *decoder) annotation() (model.Citation, error) {
	whole := d.Cursor
	var c model.Citation
	if d.Kind() != '{' {
		return c, object.Wrong("must be an object")
	}
	err := d.Members(func(key string) error {
		switch {
		case d.Kind() == '"' && key == "url":
			c.URL = d.String()
		case d.Kind() == '"' && (key == "title" || key == "filename" && c.Title == ""):
			c.Title = d.String()
		case d.Kind() == '0' && key == "start_index":
			c.Start = int(d.Float())
		case d.Kind() == '0' && key == "end_index":
			c.End = int(d.Float())
		default:
			d.Skip()
		}
		return nil
	})
	c.Native = append(json.RawMessage(nil), whole.Raw()...)
	return c, err
}
