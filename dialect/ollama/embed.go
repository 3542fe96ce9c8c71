// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/scan"
	"retort/dialect/internal/splice"
	"retort/model"
)

// embedNote is what is known of a body that asks for vectors.
type embedNote struct {
	single bool        // it is for /api/embeddings, with one text
	name   splice.Span // the value of model
}

// EmbedRequest reads a request to /api/embed or, of one text, to /api/embeddings.
func (Server) EmbedRequest(r *http.Request, body []byte) (*model.EmbedRequest, error) {
	d := newDecoder(body)
	if d.Kind() != '{' {
		return nil, object.NotObject(&d.Cursor, body)
	}
	n := &embedNote{single: strings.HasSuffix(r.URL.Path, embeddingsPath)}
	req := &model.EmbedRequest{Tenant: model.DefaultTenant}
	err := d.Members(func(key string) error {
		switch key {
		case "model":
			start := d.Pos()
			err := d.Str(&req.Model)
			n.name = splice.Span{Start: start, End: d.Offset()}
			return err
		case "input":
			if !n.single {
				return d.inputs(&req.Inputs)
			}
		case "prompt":
			if n.single {
				return d.inputs(&req.Inputs)
			}
		case "dimensions":
			_, err := d.Count(&req.Dimensions, 0, math.MaxInt32)
			return err
		case "truncate":
			return d.OptFlag(&req.Truncate)
		}
		d.Skip()
		return nil
	})
	if err = d.Done(err); err != nil {
		return nil, object.Refused(err)
	}
	if req.Model == "" {
		return nil, object.Invalid("model", errors.New("is missing; give the name of a model"))
	}
	if len(req.Inputs) == 0 {
		field := "input"
		if n.single {
			field = "prompt"
		}
		return nil, object.Invalid(field, errors.New("is empty; give at least one text"))
	}
	req.Wire = model.NewWire(Name, body, nil, nil)
	req.Wire.Note = n
	return req, nil
}

// inputs reads a text or several.
func (d *decoder) inputs(to *[]string) error {
	*to = nil
	switch d.Kind() {
	case 'n':
		d.Null()
		return nil
	case '"':
		if text := d.String(); text != "" {
			*to = []string{text}
		}
		return nil
	case '[':
		return d.Elems(func(int) error {
			if d.Kind() != '"' {
				return object.Wrong("must be a string")
			}
			*to = append(*to, d.String())
			return nil
		})
	}
	return object.Wrong("must be a string or an array of strings")
}

// Embedded returns the answer in the shape of the path that was asked.
func (Server) Embedded(req *model.EmbedRequest, e *model.Embeddings) ([]byte, error) {
	n := embedNoteOf(req)
	if b := e.Body; b != nil && b.Dialect == Name && n != nil && single(b.Data) == n.single {
		return b.Data, nil
	}
	w := &object.Writer{Loose: true}
	mark := w.Open()
	if n != nil && n.single {
		w.Key("embedding")
		w.B = appendVector(w.B, first(e.Vectors))
		w.Close(mark)
		return w.B, nil
	}
	name := e.Model
	if name == "" {
		name = req.Model
	}
	w.Text("model", name)
	w.Array("embeddings")
	for _, v := range e.Vectors {
		w.Elem()
		w.B = appendVector(w.B, v)
	}
	w.EndArray()
	w.Whole("prompt_eval_count", int64(e.Usage.Input))
	w.Close(mark)
	return w.B, nil
}

// single says whether an answer has the shape of /api/embeddings.
func single(data []byte) bool {
	c := scan.New(data)
	if !c.Object() {
		return false
	}
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		if string(key) == "embedding" {
			return true
		}
		c.Skip()
	}
	return false
}

func embedNoteOf(req *model.EmbedRequest) *embedNote {
	if req.Wire == nil || req.Wire.Dialect != Name {
		return nil
	}
	n, _ := req.Wire.Note.(*embedNote)
	return n
}

func first(vectors [][]float32) []float32 {
	if len(vectors) == 0 {
		return nil
	}
	return vectors[0]
}

func appendVector(b []byte, v []float32) []byte {
	b = append(b, '[')
	for i, x := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFloat32(b, x)
	}
	return append(b, ']')
}

// EmbedRequest returns the HTTP request that asks name for vectors.
func (Client) EmbedRequest(ctx context.Context, base, name string, req *model.EmbedRequest) (*http.Request, error) {
	if n := embedNoteOf(req); n != nil {
		path := embedPath
		if n.single {
			path = embeddingsPath
		}
		return post(ctx, base, path, splice.New(req.Wire.Body, splice.Edit{At: n.name, Text: scan.Quote(nil, name)}))
	}
	if len(req.Tokens) > 0 {
		return nil, object.Invalid("input", errors.New("holds tokens, which Ollama does not take; give texts"))
	}
	if err := accountEmbed(ctx, req); err != nil {
		return nil, err
	}
	w := &object.Writer{Loose: true}
	mark := w.Open()
	w.Text("model", name)
	w.Key("input")
	w.Strings(req.Inputs)
	if req.Dimensions > 0 {
		w.Whole("dimensions", int64(req.Dimensions))
	}
	if req.Truncate != nil {
		w.Boolean("truncate", *req.Truncate)
	}
	w.Close(mark)
	return post(ctx, base, embedPath, splice.New(w.B))
}

// accountEmbed notes what Ollama cannot say of a request for vectors, or refuses it when it is strict.
func accountEmbed(ctx context.Context, req *model.EmbedRequest) error {
	trail := model.TrailOf(ctx)
	for _, f := range []struct{ name, value string }{{"purpose", req.Purpose}, {"title", req.Title}, {"user", req.User}} {
		if f.value == "" {
			continue
		}
		if req.Strict {
			return &model.Error{Kind: model.Invalid, Op: "translate request", Field: f.name,
				Err:  errors.New("has no counterpart in the " + Name + " dialect"),
				Hint: "leave the field out, or do not ask to be strict"}
		}
		trail.Drop(f.name)
	}
	return nil
}

// Embedded reads the answer of either path.
func (Client) Embedded(req *model.EmbedRequest, body []byte) (*model.Embeddings, error) {
	d := newDecoder(body)
	e := &model.Embeddings{}
	said, failed := false, false
	err := d.Members(func(key string) error {
		switch key {
		case "embeddings":
			said = true
			return d.Elems(func(int) error {
				v, err := d.vector()
				e.Vectors = append(e.Vectors, v)
				return err
			})
		case "embedding":
			said = true
			v, err := d.vector()
			e.Vectors = [][]float32{v}
			return err
		case "prompt_eval_count":
			return d.tokens(&e.Usage.Input)
		case "error":
			failed = d.Kind() != 'n'
		}
		d.Skip()
		return nil
	})
	err = d.Done(err)
	switch {
	case d.Err() != nil:
		return nil, reply.Bad(fmt.Errorf("the answer is %w", err))
	case failed:
		return nil, failure(0, body)
	case err != nil:
		return nil, reply.Bad(err)
	case !said:
		return nil, reply.Hinted(errors.New("the answer has no embeddings: "+reply.Excerpt(body)), "check base_url and dialect")
	case len(e.Vectors) != len(req.Inputs):
		return nil, reply.Bad(fmt.Errorf("the answer has %d vectors for %d texts", len(e.Vectors), len(req.Inputs)))
	}
	e.Body = &model.Body{Dialect: Name, Data: bytes.Clone(body)}
	return e, nil
}

func (d *decoder) vector() ([]float32, error) {
	if d.Kind() != '[' {
		return nil, object.Wrong("must be an array of numbers")
	}
	var v []float32
	d.Array()
	for d.Elem() {
		if d.Kind() != '0' {
			return nil, object.Wrong("must be an array of numbers")
		}
		x := d.Float()
		if math.Abs(x) > math.MaxFloat32 {
			return nil, object.Wrong("holds a number that does not fit")
		}
		v = append(v, float32(x))
	}
	return v, nil
}

// appendFloat32 appends a number as JSON writes it, with no more digits than tell it from its neighbours.
func appendFloat32(b []byte, x float32) []byte {
	v := float64(x)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, '0')
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 32)
}
