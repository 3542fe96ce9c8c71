// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"errors"
	"strconv"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/object"
	"retort/model"
)

// decode turns a request's body into its content. Errors are of kind Invalid and name the field.
func decode(body []byte) (*model.Content, error) {
	d := newDecoder(body)
	d.Extras = true
	content := &model.Content{Dialect: Name, IncludeUsage: true}
	if d.Kind() != '{' {
		return nil, object.NotObject(&d.Cursor, body)
	}
	err := d.members(func(key string) error { return d.field(content, key) })
	if err = d.Done(err); err != nil {
		return nil, object.Refused(err)
	}
	if len(content.Messages) == 0 {
		return nil, object.Invalid("contents", errors.New("must hold at least one content"))
	}
	content.Messages = gather(content.Messages)
	if d.system != nil {
		content.Messages = append([]model.Message{*d.system}, content.Messages...)
	}
	d.strict(content)
	return content, nil
}

// decodeCounted turns a request to be counted into its content, which may be a whole request under one field.
func decodeCounted(body []byte) (*model.Content, error) {
	d := newDecoder(body)
	var inner []byte
	if d.Kind() == '{' {
		d.members(func(key string) error {
			if key == "generateContentRequest" && d.Kind() == '{' {
				inner = d.Raw()
			} else {
				d.Skip()
			}
			return nil
		})
	}
	if inner != nil {
		body = inner
	}
	return decode(body)
}

// What Extra maps hold under these names is how something was written that is said in another place.
const (
	asRole  = ".role"             // the role of instructions, or of results
	asEmpty = ".generationConfig" // an empty configuration
	asNoID  = ".id"               // a result that does not say which call it is of
)

// asShape is where an Extra map holds the fields of a shape of answers that only this dialect has.
const asShape = string(dialect.SchemaFormat)

// decoder reads the values of a body.
type decoder struct {
	object.Reader
	system *model.Message
	held   bool // functions are held to their schemas
	fresh  func() string

	calls   int                    // of the conversation so far
	byID    map[string]*openCall   // the first of each id
	waiting map[string][]*openCall // by name, in their order: those at the head may have a result
}

// openCall is a call of a function; answered once a result of it was read.
type openCall struct {
	name, id string
	answered bool
}

func newDecoder(data []byte) *decoder { return &decoder{Reader: object.New(data)} }

// members calls field for each member, under its name in camel case.
func (d *decoder) members(field func(key string) error) error {
	return d.Members(func(key string) error { return field(camel(key)) })
}

// camel returns the name in camel case of a field, which the vendor takes in snake case too.
func camel(key string) string {
	if strings.IndexByte(key, '_') <= 0 {
		return key
	}
	b := make([]byte, 0, len(key))
	for i := 0; i < len(key); i++ {
		if ch := key[i]; ch == '_' && i+1 < len(key) && key[i+1] >= 'a' && key[i+1] <= 'z' {
			i++
			b = append(b, key[i]-'a'+'A')
		} else {
			b = append(b, ch)
		}
	}
	return string(b)
}

// each calls elem for each element of an array, or for a value that stands for a list of one.
func (d *decoder) each(elem func(i int) error) error {
	switch d.Kind() {
	case 'n':
		d.Null()
		return nil
	case '[':
		return d.Elems(elem)
	}
	return elem(0)
}

// number reads a number, which may be in quotes.
func (d *decoder) number(dst **float64) error {
	if d.Kind() != '"' {
		return d.Number(dst)
	}
	v, err := strconv.ParseFloat(d.String(), 64)
	if err != nil {
		return object.Wrong("must be a number")
	}
	*dst = &v
	return nil
}

// count reads a whole number of at least least, which may be in quotes.
func (d *decoder) count(dst *int, least int64) (said bool, err error) {
	if d.Kind() != '"' {
		return d.Count(dst, least, 1<<31-1)
	}
	v, err := strconv.ParseInt(d.String(), 10, 32)
	if err != nil || v < least {
		return false, object.Wrong("must be a whole number of at least " + strconv.FormatInt(least, 10))
	}
	*dst = int(v)
	return true, nil
}

func (d *decoder) optCount(dst **int, least int64) error {
	var n int
	said, err := d.count(&n, least)
	if said && err == nil {
		*dst = &n
	}
	return err
}

// field reads one top-level field of a request.
func (d *decoder) field(content *model.Content, key string) error {
	switch key {
	case "model":
		d.Skip() // the URL says it
	case "contents":
		return d.each(func(int) error {
			m, err := d.content()
			content.Messages = append(content.Messages, m)
			return err
		})
	case "systemInstruction":
		return d.instructions()
	case "tools":
		return d.each(func(int) error { return d.tool(content) })
	case "toolConfig":
		return d.toolConfig(content)
	case "generationConfig":
		return d.config(content)
	case "serviceTier":
		err := d.Str(&content.ServiceTier)
		if content.ServiceTier == "standard" {
			content.ServiceTier = "default"
		}
		return err
	default:
		return d.Keep(&content.Extra, key)
	}
	return nil
}

// instructions reads the system instruction; its role says nothing.
func (d *decoder) instructions() error {
	if d.Null() {
		return nil
	}
	if d.Kind() == '"' { // what some clients send and the vendor takes
		d.system = &model.Message{Role: model.System, Blocks: []model.Block{{Kind: model.TextBlock, Text: d.String()}}}
		return nil
	}
	m := model.Message{Role: model.System}
	err := d.members(func(key string) error {
		switch key {
		case "role":
			return d.Keep(&m.Extra, asRole)
		case "parts":
			return d.parts(&m.Blocks)
		}
		return d.Keep(&m.Extra, key)
	})
	if len(m.Blocks) > 0 {
		d.system = &m
	}
	return err
}
