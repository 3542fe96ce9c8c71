// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"net/http"

	"retort/dialect/internal/object"
	"retort/dialect/internal/splice"
	"retort/model"
)

// embedNote is what the reading of a request for vectors found out for the answer to it, and for passing it on.
type embedNote struct {
	base64 bool // vectors are wanted in base64
	name   splice.Span
}

// EmbedRequest reads a request for vectors: of one text, several, or the tokens of one or several.
func (Server) EmbedRequest(_ *http.Request, body []byte) (*model.EmbedRequest, error) {
	d, req, n := newDecoder(body), &model.EmbedRequest{Tenant: model.DefaultTenant}, &embedNote{}
	if d.Kind() != '{' {
		return nil, object.NotObject(&d.Cursor, body)
	}
	err := d.Done(d.Members(func(key string) error { return d.embedField(req, n, key) }))
	switch {
	case err != nil:
		return nil, object.Refused(err)
	case req.Model == "":
		return nil, object.Invalid("model", errors.New("is missing; give the name of a model"))
	case len(req.Inputs)+len(req.Tokens) == 0:
		return nil, object.Invalid("input", errors.New("is missing; give a text or several"))
	}
	req.Wire = model.NewWire(Name, body, nil, func([]byte) (*model.Content, error) {
		return nil, object.Invalid("input", errors.New("asks for vectors, not for an answer"))
	})
	req.Wire.Note = n
	return req, nil
}

func (d *decoder) embedField(req *model.EmbedRequest, n *embedNote, key string) error {
	switch key {
	case "model":
		if n.name.There() {
			return object.Wrong("is given twice")
		}
		start := d.Pos()
		err := d.Str(&req.Model)
		n.name = splice.Span{Start: start, End: d.Offset()}
		return err
	case "input":
		return d.inputs(req)
	case "encoding_format":
		var format string
		err := d.Str(&format)
		n.base64 = format == "base64"
		if err == nil && format != "" && format != "float" && !n.base64 {
			return object.Wrong(`must be "float" or "base64"`)
		}
		return err
	case "dimensions":
		_, err := d.Count(&req.Dimensions, 1, math.MaxInt32)
		return err
	case "user":
		return d.Str(&req.User)
	}
	d.Skip()
	return nil
}

// inputs reads a text, texts, tokens or lists of tokens.
func (d *decoder) inputs(req *model.EmbedRequest) error {
	if d.Kind() == '"' {
		req.Inputs = []string{d.String()}
		return nil
	}
	if d.Kind() != '[' {
		return object.Wrong("must be a text, tokens or an array of these")
	}
	var bare []int // the tokens of one text
	err := d.Elems(func(i int) error {
		switch k := d.Kind(); {
		case k == '"' && req.Tokens == nil && bare == nil:
			req.Inputs = append(req.Inputs, d.String())
		case k == '0' && req.Inputs == nil && req.Tokens == nil:
			return d.token(&bare)
		case k == '[' && req.Inputs == nil && bare == nil:
			tokens := []int{}
			err := d.Elems(func(int) error { return d.token(&tokens) })
			req.Tokens = append(req.Tokens, tokens)
			return err
		default:
			return object.Wrong("must be a text, a token or an array of tokens, the same throughout")
		}
		return nil
	})
	if bare != nil {
		req.Tokens = [][]int{bare}
	}
	return err
}

func (d *decoder) token(all *[]int) error {
	var n int
	said, err := d.Count(&n, 0, math.MaxInt32)
	if err == nil && !said {
		return object.Wrong("must be a whole number")
	}
	*all = append(*all, n)
	return err
}

// Embedded returns the vectors in the encoding that was asked for.
func (Server) Embedded(req *model.EmbedRequest, got *model.Embeddings) ([]byte, error) {
	if b := got.Body; b != nil && b.Dialect == Name {
		return b.Data, nil
	}
	packed := false
	if req.Wire != nil {
		n, ok := req.Wire.Note.(*embedNote)
		packed = ok && n.base64
	}
	e := looseEncoder(nil)
	mark := e.Open()
	e.Text("object", "list")
	e.Array("data")
	for i, v := range got.Vectors {
		e.Elem()
		one := e.Open()
		e.Text("object", "embedding")
		e.Whole("index", int64(i))
		e.Key("embedding")
		e.vector(v, packed)
		e.Close(one)
	}
	e.EndArray()
	name := got.Model
	if name == "" {
		name = req.Model
	}
	e.Text("model", name)
	e.Key("usage")
	usage := e.Open()
	e.Whole("prompt_tokens", int64(got.Usage.Input))
	e.Whole("total_tokens", int64(got.Usage.Input)+int64(got.Usage.Output))
	e.Close(usage)
	e.Close(mark)
	return e.B, e.Err
}

// vector writes numbers: as such, or as base64 of their bytes, little end first.
func (e *encoder) vector(v []float32, packed bool) {
	if packed {
		raw := make([]byte, 0, 4*len(v))
		for _, x := range v {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
		e.Base64(raw)
		return
	}
	e.B = append(e.B, '[')
	for _, x := range v {
		e.Elem()
		e.B = appendFloat32(e.B, x)
	}
	e.B = append(e.B, ']')
}

// unpack reads a vector in base64.
func unpack(text string) ([]float32, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw)%4 != 0 {
		return nil, object.Wrong("is not a vector in base64")
	}
	v := make([]float32, len(raw)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v, nil
}
