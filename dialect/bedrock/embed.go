// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// EmbedRequest returns the request that asks name for vectors. Converse has none: each maker's models have a format of
// their own. Those of Cohere take many texts at once, those of Amazon one.
func (Client) EmbedRequest(ctx context.Context, base, name string, req *model.EmbedRequest) (*http.Request, error) {
	if len(req.Inputs) == 0 {
		return nil, &model.Error{Kind: model.Invalid, Op: "translate request", Field: "input",
			Err: errors.New("texts are wanted, not tokens: the models of Bedrock take no others")}
	}
	e := &object.Writer{}
	var dropped []string
	var err error
	if strings.Contains(name, "cohere") {
		dropped = cohere(e, req)
	} else {
		dropped, err = titan(e, req)
	}
	if err != nil {
		return nil, err
	}
	if err := account(ctx, req, dropped); err != nil {
		return nil, err
	}
	r, err := post(ctx, base, name, "/invoke")
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	splice.New(e.B).Send(r)
	return r, nil
}

// cohere writes a request to a model of Cohere.
func cohere(e *object.Writer, req *model.EmbedRequest) (dropped []string) {
	purpose, known := map[string]string{"": "search_document", "document": "search_document", "query": "search_query",
		"classification": "classification", "clustering": "clustering", "similarity": "clustering"}[req.Purpose]
	if !known {
		purpose, dropped = "search_document", append(dropped, "purpose")
	}
	mark := e.Open()
	e.Key("texts")
	e.Strings(req.Inputs)
	e.Text("input_type", purpose)
	e.Key("embedding_types")
	e.Strings([]string{"float"})
	if req.Truncate != nil {
		cut := "NONE"
		if *req.Truncate {
			cut = "END"
		}
		e.Text("truncate", cut)
	}
	if req.Dimensions > 0 {
		e.Whole("output_dimension", int64(req.Dimensions))
	}
	e.Close(mark)
	return append(dropped, unsaid(req, true)...)
}

// titan writes a request to a model of Amazon.
func titan(e *object.Writer, req *model.EmbedRequest) (dropped []string, err error) {
	if len(req.Inputs) != 1 {
		return nil, &model.Error{Kind: model.Invalid, Op: "translate request", Field: "input",
			Err: errors.New("one text at a time is what models of Amazon take"), Hint: "send a request for each text, or use a model of Cohere's"}
	}
	mark := e.Open()
	e.Text("inputText", req.Inputs[0])
	if req.Dimensions > 0 {
		e.Whole("dimensions", int64(req.Dimensions))
	}
	e.Close(mark)
	if req.Purpose != "" {
		dropped = append(dropped, "purpose")
	}
	return append(dropped, unsaid(req, false)...), nil
}

func unsaid(req *model.EmbedRequest, truncates bool) (dropped []string) {
	if req.Title != "" {
		dropped = append(dropped, "title")
	}
	if req.User != "" {
		dropped = append(dropped, "user")
	}
	if req.Truncate != nil && !truncates {
		dropped = append(dropped, "truncate")
	}
	return dropped
}

// account notes what was left out, or refuses a strict request.
func account(ctx context.Context, req *model.EmbedRequest, dropped []string) error {
	asked := &model.Request{Strict: req.Strict}
	return dialect.Account(ctx, asked, &model.Content{}, Name, nil, dropped...)
}

// Embedded reads the answer of either maker. Cohere tells no tokens in the body.
func (Client) Embedded(req *model.EmbedRequest, body []byte) (*model.Embeddings, error) {
	d := object.New(body)
	out := &model.Embeddings{}
	err := d.Members(func(key string) error {
		switch {
		case key == "embedding":
			v, err := vector(&d)
			out.Vectors = append(out.Vectors, v)
			return err
		case key == "embeddings" && d.Kind() == '[':
			return vectors(&d, out)
		case key == "embeddings":
			return d.Members(func(key string) error {
				if key != "float" {
					d.Skip()
					return nil
				}
				return vectors(&d, out)
			})
		case key == "inputTextTokenCount":
			_, err := d.Count(&out.Usage.Input, 0, 1<<40)
			return err
		}
		d.Skip()
		return nil
	})
	if err = d.Done(err); err == nil && len(out.Vectors) != len(req.Inputs) {
		err = errors.New("the answer has not one vector for each text: " + reply.Excerpt(body))
	}
	if err != nil {
		return nil, reply.Bad(err)
	}
	return out, nil
}

func vectors(d *object.Reader, out *model.Embeddings) error {
	return d.Elems(func(int) error {
		v, err := vector(d)
		out.Vectors = append(out.Vectors, v)
		return err
	})
}

func vector(d *object.Reader) ([]float32, error) {
	var v []float32
	err := d.Elems(func(int) error {
		var x *float64
		if err := d.Number(&x); err != nil {
			return err
		}
		if x == nil {
			return object.Wrong("must be a number")
		}
		v = append(v, float32(*x))
		return nil
	})
	return v, err
}
