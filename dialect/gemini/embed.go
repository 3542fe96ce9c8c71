// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"errors"
	"net/http"
	"strings"

	"retort/dialect/internal/object"
	"retort/model"
)

const (
	embedOne  = "embedContent"
	embedMany = "batchEmbedContents"
)

// purposes are what vectors may be for, by the dialect's names.
var purposes = map[string]string{"RETRIEVAL_QUERY": "query", "RETRIEVAL_DOCUMENT": "document", "CLASSIFICATION": "classification",
	"CLUSTERING": "clustering", "SEMANTIC_SIMILARITY": "similarity",
	"QUESTION_ANSWERING": "query", "FACT_VERIFICATION": "query", "CODE_RETRIEVAL_QUERY": "query"}

// EmbedRequest reads a request for one vector or for several. What the requests of a batch say beside their texts is
// taken from the first of them. Inputs that are more than text leave Inputs empty: they can only pass on as they are.
func (Server) EmbedRequest(r *http.Request, body []byte) (*model.EmbedRequest, error) {
	n, name, err := readURL(r)
	if err != nil {
		return nil, err
	}
	if err := n.scan(body); err != nil {
		return nil, err
	}
	req := &model.EmbedRequest{Model: name, Tenant: model.DefaultTenant}
	req.Wire = model.NewWire(Name, body, nil, func([]byte) (*model.Content, error) { return &model.Content{Dialect: Name}, nil })
	req.Wire.Note = n
	d := newDecoder(body)
	texts := true
	if n.method == embedMany {
		err = d.members(func(key string) error {
			if key != "requests" {
				d.Skip()
				return nil
			}
			return d.each(func(i int) error { return d.embed(req, i == 0, &texts) })
		})
	} else {
		err = d.embed(req, true, &texts)
	}
	if err = d.Done(err); err != nil {
		return nil, object.Refused(err)
	}
	if len(req.Inputs) == 0 {
		field := "content"
		if n.method == embedMany {
			field = "requests"
		}
		return nil, object.Invalid(field, errors.New("is missing"))
	}
	if !texts {
		req.Inputs = nil
	}
	return req, nil
}

// embed reads one request.
func (d *decoder) embed(req *model.EmbedRequest, first bool, texts *bool) error {
	var other model.EmbedRequest
	to := req
	if !first {
		to = &other
	}
	text, said := "", false
	err := d.members(func(key string) error {
		switch key {
		case "content":
			said = true
			return d.embedded(&text, texts)
		case "embedContentConfig", "config": // where newer requests say the same
			return d.members(func(key string) error { return d.wish(to, key) })
		}
		return d.wish(to, key)
	})
	if err == nil && !said {
		err = object.At("content", object.Wrong("is missing"))
	}
	req.Inputs = append(req.Inputs, text)
	return err
}

// wish reads what is said of the vectors.
func (d *decoder) wish(to *model.EmbedRequest, key string) error {
	switch key {
	case "taskType":
		var task string
		err := d.Str(&task)
		to.Purpose = purposes[task]
		return err
	case "title":
		return d.Str(&to.Title)
	case "outputDimensionality":
		_, err := d.count(&to.Dimensions, 0)
		return err
	case "autoTruncate":
		return d.OptFlag(&to.Truncate)
	}
	d.Skip()
	return nil
}

// embedded reads the text of a content.
func (d *decoder) embedded(text *string, texts *bool) error {
	m, err := d.content()
	if err != nil {
		return err
	}
	var all []string
	for i := range m.Blocks {
		if m.Blocks[i].Kind != model.TextBlock {
			*texts = false
		}
		all = append(all, m.Blocks[i].Text)
	}
	*text = strings.Join(all, "\n")
	return nil
}

// Embedded returns the body of the answer: one vector, or several.
func (Server) Embedded(req *model.EmbedRequest, answer *model.Embeddings) ([]byte, error) {
	if b := answer.Body; b != nil && b.Dialect == Name {
		return b.Data, nil
	}
	one := false
	if req.Wire != nil {
		if n, ok := req.Wire.Note.(*note); ok {
			one = n.method == embedOne
		}
	}
	e := looseEncoder(nil)
	mark := e.Open()
	switch {
	case one && len(answer.Vectors) != 1:
		return nil, &model.Error{Kind: model.Upstream, Op: "write answer", Err: errors.New("there must be one vector for one content")}
	case one:
		e.Key("embedding")
		e.vector(answer.Vectors[0])
	default:
		e.Array("embeddings")
		for _, v := range answer.Vectors {
			e.Elem()
			e.vector(v)
		}
		e.EndArray()
	}
	if answer.Usage.Input > 0 {
		e.Key("usageMetadata")
		usage := e.Open()
		e.Whole("promptTokenCount", int64(answer.Usage.Input))
		e.Close(usage)
	}
	e.Close(mark)
	return e.B, e.Err
}

func (e *encoder) vector(v []float32) {
	mark := e.Open()
	e.Array("values")
	for i, x := range v {
		if i > 0 {
			e.B = append(e.B, ',')
		}
		e.float(x)
	}
	e.EndArray()
	e.Close(mark)
}
