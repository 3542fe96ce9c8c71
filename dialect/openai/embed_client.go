// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/scan"
	"retort/dialect/internal/splice"
	"retort/model"
)

// EmbedRequest returns the request that asks name, at base, for vectors. What they are for, the title of a document and
// whether to cut long texts have no place in the dialect.
func (Client) EmbedRequest(ctx context.Context, base, name string, req *model.EmbedRequest) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/embeddings", nil)
	if err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "make request", Err: err}
	}
	r.Header["Content-Type"], r.Header["Accept"] = jsonType, jsonType
	if w := req.Wire; w != nil && w.Dialect == Name {
		if n, ok := w.Note.(*embedNote); ok {
			splice.New(w.Body, splice.Edit{At: n.name, Text: scan.Quote(nil, name)}).Send(r)
			return r, nil
		}
	}
	if err := embedUnsaid(ctx, req); err != nil {
		return nil, err
	}
	e := looseEncoder(nil)
	mark := e.Open()
	e.Text("model", name)
	e.Key("input")
	if len(req.Tokens) > 0 {
		e.tokenLists(req.Tokens)
	} else {
		e.Strings(req.Inputs)
	}
	if req.Dimensions > 0 {
		e.Whole("dimensions", int64(req.Dimensions))
	}
	e.TextIf("user", req.User)
	if vendor(base) {
		e.Text("encoding_format", "base64") // a third of the bytes
	}
	e.Close(mark)
	splice.New(e.B).Send(r)
	return r, nil
}

// embedUnsaid notes what the dialect cannot say, or refuses it.
func embedUnsaid(ctx context.Context, req *model.EmbedRequest) error {
	for field, said := range map[string]bool{"purpose": req.Purpose != "", "title": req.Title != "", "truncate": req.Truncate != nil} {
		switch {
		case !said:
		case req.Strict:
			return &model.Error{Kind: model.Invalid, Op: "translate request", Field: field, Err: errors.New("has no counterpart in the " + Name + " dialect"),
				Hint: "leave the field out, or do not ask to be strict"}
		default:
			model.TrailOf(ctx).Drop(field)
		}
	}
	return nil
}

func (e *encoder) tokenLists(lists [][]int) {
	e.B = append(e.B, '[')
	for _, tokens := range lists {
		e.Elem()
		e.B = append(e.B, '[')
		for _, n := range tokens {
			e.Elem()
			e.B = strconv.AppendInt(e.B, int64(n), 10)
		}
		e.B = append(e.B, ']')
	}
	e.B = append(e.B, ']')
}

// appendFloat32 appends a number in as few digits as tell it from its neighbours; 0 where it is none.
func appendFloat32(b []byte, x float32) []byte {
	if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, '0')
	}
	return strconv.AppendFloat(b, float64(x), 'g', -1, 32)
}

// Embedded reads vectors in either encoding.
func (Client) Embedded(req *model.EmbedRequest, body []byte) (*model.Embeddings, error) {
	d, got := newDecoder(body), &model.Embeddings{}
	want := max(len(req.Inputs), len(req.Tokens))
	failed := false
	if d.Kind() != '{' {
		return nil, reply.Hinted(errors.New("the answer is not a JSON object: "+reply.Excerpt(body)), "check base_url and dialect")
	}
	err := d.Members(func(key string) error {
		switch key {
		case "data":
			return d.embeddings(want, &got.Vectors)
		case "usage":
			return d.usage(&got.Usage)
		case "error":
			failed = d.Kind() != 'n'
		}
		d.Skip()
		return nil
	})
	if err = d.Done(err); failed {
		return nil, failure(0, body)
	}
	if err != nil {
		return nil, reply.Bad(fmt.Errorf("the answer is wrong: %w", err))
	}
	for i := range want {
		if i >= len(got.Vectors) || got.Vectors[i] == nil {
			return nil, reply.Hinted(fmt.Errorf("the answer has no vector for input %d of %d", i, want), "check base_url and dialect")
		}
	}
	if w := req.Wire; w != nil && w.Dialect == Name {
		got.Body = &model.Body{Dialect: Name, Data: body}
	}
	return got, nil
}

// embeddings reads the vectors of want inputs, each to its place.
func (d *decoder) embeddings(want int, out *[][]float32) error {
	all := make([][]float32, want)
	*out = all
	return d.Elems(func(i int) error {
		index, v := i, []float32{}
		err := d.Members(func(key string) error {
			switch key {
			case "index":
				_, err := d.Count(&index, 0, math.MaxInt32)
				return err
			case "embedding":
				return d.vector(&v)
			}
			d.Skip()
			return nil
		})
		switch {
		case err != nil:
			return err
		case index >= want:
			return object.At("index", object.Wrong("is beyond the inputs"))
		}
		all[index] = v
		return nil
	})
}

func (d *decoder) vector(v *[]float32) error {
	if d.Kind() == '"' {
		var err error
		*v, err = unpack(d.String())
		return err
	}
	return d.Elems(func(int) error {
		if d.Kind() != '0' {
			return object.Wrong("must be a number")
		}
		*v = append(*v, float32(d.Float()))
		return nil
	})
}
