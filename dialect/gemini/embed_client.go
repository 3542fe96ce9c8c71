// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// EmbedRequest returns the HTTP request that asks name for vectors.
func (c Client) EmbedRequest(ctx context.Context, base, name string, req *model.EmbedRequest) (*http.Request, error) {
	if n := passes(req); n != nil && !c.Vertex {
		r, err := c.post(ctx, c.url(base, name, n.method))
		if err == nil {
			r.Header["Accept"] = jsonType
			n.send(r, req.Wire.Body, c.resource(name))
		}
		return r, err
	}
	if len(req.Inputs) == 0 {
		return nil, &model.Error{Kind: model.Invalid, Op: "translate request", Field: "input",
			Err: errors.New("must be texts for this model"), Hint: "send texts in place of tokens or media"}
	}
	method := embedMany
	e := &encoder{}
	mark := e.Open()
	switch {
	case c.Vertex && single(name):
		if len(req.Inputs) > 1 {
			return nil, &model.Error{Kind: model.Invalid, Op: "translate request", Field: "input",
				Err: errors.New("must be one text for this model on Vertex AI"), Hint: "send the texts one by one"}
		}
		method = embedOne
		e.vertexOne(req)
	case c.Vertex:
		method = "predict"
		e.instances(req)
	default:
		e.requests(req, c.resource(name))
	}
	e.Close(mark)
	if err := c.accountEmbed(ctx, req); err != nil {
		return nil, err
	}
	r, err := c.post(ctx, c.url(base, name, method))
	if err != nil {
		return nil, err
	}
	r.Header["Accept"] = jsonType
	splice.New(e.B).Send(r)
	return r, e.Err
}

// passes returns the note of a request that can go on as it came; nil for others.
func passes(req *model.EmbedRequest) *note {
	if req.Wire == nil || req.Wire.Dialect != Name {
		return nil
	}
	n, _ := req.Wire.Note.(*note)
	return n
}

// single says whether a model on Vertex AI takes one content at a time, as all but the older ones do.
func single(name string) bool {
	return strings.Contains(name, "gemini") && !strings.HasSuffix(name, "gemini-embedding-001") || strings.Contains(name, "maas")
}

// accountEmbed notes what the dialect cannot say.
func (c Client) accountEmbed(ctx context.Context, req *model.EmbedRequest) error {
	var dropped []string
	if req.User != "" {
		dropped = append(dropped, "user")
	}
	if req.Truncate != nil && !c.Vertex {
		dropped = append(dropped, "truncate")
	}
	if req.Strict && len(dropped) > 0 {
		return &model.Error{Kind: model.Invalid, Op: "translate request", Field: dropped[0],
			Err:  errors.New("has no counterpart in the " + Name + " dialect"),
			Hint: "leave the field out, or do not ask to be strict; fields concerned: " + strings.Join(dropped, ", ")}
	}
	for _, field := range dropped {
		model.TrailOf(ctx).Drop(field)
	}
	return nil
}

// task returns the dialect's name of what vectors are for.
func task(purpose string) string {
	switch purpose {
	case "query":
		return "RETRIEVAL_QUERY"
	case "document":
		return "RETRIEVAL_DOCUMENT"
	case "similarity":
		return "SEMANTIC_SIMILARITY"
	}
	return strings.ToUpper(purpose)
}

// one writes a content of one text.
func (e *encoder) one(text string) {
	e.Key("content")
	mark := e.Open()
	e.Array("parts")
	e.Elem()
	part := e.Open()
	e.Text("text", text)
	e.Close(part)
	e.EndArray()
	e.Close(mark)
}

func (e *encoder) dimensions(req *model.EmbedRequest) {
	if req.Dimensions > 0 {
		e.Whole("outputDimensionality", int64(req.Dimensions))
	}
}

// requests writes a batch.
func (e *encoder) requests(req *model.EmbedRequest, resource string) {
	e.Array("requests")
	for _, text := range req.Inputs {
		e.Elem()
		mark := e.Open()
		e.Text("model", resource)
		e.one(text)
		e.TextIf("taskType", task(req.Purpose))
		if req.Purpose == "document" {
			e.TextIf("title", req.Title)
		}
		e.dimensions(req)
		e.Close(mark)
	}
	e.EndArray()
}

// vertexOne writes a request for one vector of Vertex AI.
func (e *encoder) vertexOne(req *model.EmbedRequest) {
	e.one(req.Inputs[0])
	e.Key("embedContentConfig")
	mark := e.Open()
	e.TextIf("taskType", task(req.Purpose))
	e.TextIf("title", req.Title)
	e.dimensions(req)
	if req.Truncate != nil {
		e.Boolean("autoTruncate", *req.Truncate)
	}
	e.Close(mark)
}

// instances writes a prediction of Vertex AI.
func (e *encoder) instances(req *model.EmbedRequest) {
	e.Array("instances")
	for _, text := range req.Inputs {
		e.Elem()
		mark := e.Open()
		e.Text("content", text)
		e.TextIf("task_type", task(req.Purpose))
		if req.Purpose == "document" {
			e.TextIf("title", req.Title)
		}
		e.Close(mark)
	}
	e.EndArray()
	if req.Dimensions == 0 && req.Truncate == nil {
		return
	}
	e.Key("parameters")
	mark := e.Open()
	e.dimensions(req)
	if req.Truncate != nil {
		e.Boolean("autoTruncate", *req.Truncate)
	}
	e.Close(mark)
}

// Embedded reads the vectors in an answer, in any of the shapes in which the vendor's APIs send them.
func (c Client) Embedded(req *model.EmbedRequest, body []byte) (*model.Embeddings, error) {
	out := &model.Embeddings{}
	d := newDecoder(body)
	err := d.members(func(key string) error {
		switch key {
		case "embedding":
			return d.vector(out)
		case "embeddings":
			return d.each(func(int) error { return d.vector(out) })
		case "predictions":
			return d.each(func(int) error {
				return d.members(func(key string) error {
					if key == "embeddings" {
						return d.vector(out)
					}
					d.Skip()
					return nil
				})
			})
		case "usageMetadata":
			return d.usage(&out.Usage)
		}
		d.Skip()
		return nil
	})
	if err = d.Done(err); err == nil && len(req.Inputs) > 0 && len(out.Vectors) != len(req.Inputs) {
		err = errors.New("the answer has " + strconv.Itoa(len(out.Vectors)) + " vectors for " + strconv.Itoa(len(req.Inputs)) +
			" texts: " + reply.Excerpt(body))
	}
	if err != nil {
		return nil, reply.Bad(err)
	}
	if passes(req) != nil && !c.Vertex {
		out.Body = &model.Body{Dialect: Name, Data: body}
	}
	return out, nil
}

// vector reads one vector, and the tokens that its text took, where the answer says so.
func (d *decoder) vector(out *model.Embeddings) error {
	var values []float32
	tokens := 0
	err := d.members(func(key string) error {
		switch key {
		case "values":
			return d.each(func(int) error {
				var v *float64
				err := d.number(&v)
				if v != nil {
					values = append(values, float32(*v))
				}
				return err
			})
		case "statistics":
			return d.members(func(key string) error {
				if key != "tokenCount" {
					d.Skip()
					return nil
				}
				var n *float64
				err := d.number(&n)
				if n != nil && *n > 0 && *n < math.MaxInt32 {
					tokens = int(*n)
				}
				return err
			})
		}
		d.Skip()
		return nil
	})
	out.Vectors = append(out.Vectors, values)
	out.Usage.Input += tokens
	return err
}

// float writes a number of 32 bits in as few digits as it takes.
func (e *encoder) float(v float32) {
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		v = 0
	}
	e.B = strconv.AppendFloat(e.B, float64(v), 'g', -1, 32)
}
