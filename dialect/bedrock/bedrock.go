// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package bedrock speaks the Converse API of Amazon Bedrock to upstreams: Converse and ConverseStream, which ask models of
// many makers in one format, with answers streamed as AWS's binary events. The reference is
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
//
// There is no server side: nobody's client library speaks it to anything but AWS. Requests therefore always come from
// another dialect, or from Go, and are made fit for what Bedrock takes:
//
//   - roles alternate and users begin; results of tools come first in a message; blank texts are left out;
//   - a request that speaks of tools has tools, though its caller no longer offers any;
//   - names of tools, ids of tool calls, names of documents, temperatures and service tiers are brought into the form that is allowed;
//   - what only some makers' models have (top_k, thinking, effort, cache points) goes to those, in their own fields, and
//     is noted as dropped for others. Which model it is shows in its name; behind the ARN of an application inference
//     profile it cannot be seen.
//
// Requests are authorised by a Bedrock API key as bearer token, or signed by package provider/auth.
package bedrock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// Name is the name of the dialect, in configurations and in seals.
const Name = "bedrock"

// EventType is the media type of AWS's binary event streams.
const EventType = "application/vnd.amazon.eventstream"

// ends says where a base URL ends.
const ends = "/model begins, such as https://bedrock-runtime.eu-central-1.amazonaws.com"

// Client is the side that faces upstreams. The zero value is ready.
type Client struct{}

var (
	_ dialect.Client      = Client{}
	_ dialect.Featured    = Client{}
	_ dialect.Naming      = Client{}
	_ dialect.CountClient = Client{}
	_ dialect.EmbedClient = Client{}
)

// Name returns "bedrock".
func (Client) Name() string { return Name }

// Request returns the HTTP request that asks name, a model's id, inference profile or ARN, what req asks.
func (Client) Request(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	op, accept := "/converse", "application/json"
	if req.Stream {
		op, accept = "/converse-stream", EventType
	}
	r, err := post(ctx, base, name, op)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", accept)
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	e := newEncoder(name, content)
	e.body()
	if e.Err != nil {
		return nil, e.Err
	}
	if err := dialect.Account(ctx, req, content, Name, e.table(), e.notes...); err != nil {
		return nil, err
	}
	splice.New(e.B).Send(r)
	return r, nil
}

// post makes a request to an operation of a model.
func post(ctx context.Context, base, name, op string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/model/"+escape(name)+op, nil)
	if err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "make request", Err: err}
	}
	r.Header.Set("Content-Type", "application/json")
	return r, nil
}

// escape encodes a model's name for a path, slashes and colons of ARNs included, as AWS's signatures want it.
func escape(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// ToolNames returns which names of functions the API takes.
func (Client) ToolNames() dialect.ToolNames { return dialect.ToolNames{Most: 64} }

// Authorize adds a Bedrock API key as a bearer token.
func (Client) Authorize(r *http.Request, key string) {
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
}

// ModelsRequest returns the request for the list of models, which Bedrock's other endpoint has.
func (Client) ModelsRequest(ctx context.Context, base string) (*http.Request, error) {
	control := strings.Replace(base, "//bedrock-runtime", "//bedrock", 1)
	return http.NewRequestWithContext(ctx, http.MethodGet, control+"/foundation-models", nil)
}

// Models reads the answer to a ModelsRequest: the ids of models that write text and can be asked by their id.
func (Client) Models(body []byte) ([]string, error) {
	d := object.New(body)
	names, said := []string{}, false
	err := d.Members(func(key string) error {
		if key != "modelSummaries" {
			d.Skip()
			return nil
		}
		said = true
		return d.Elems(func(int) error { return listed(&d, &names) })
	})
	if err = d.Done(err); err == nil && !said {
		err = errors.New("it has no modelSummaries: " + reply.Excerpt(body))
	}
	if err != nil {
		return nil, reply.Hinted(fmt.Errorf("read list of models: %w", err), "check base_url and dialect: the answer is not Bedrock's list of models")
	}
	return names, nil
}

// listed reads one model of the list.
func listed(d *object.Reader, names *[]string) error {
	var id string
	text, direct := true, true
	err := d.Members(func(key string) error {
		switch key {
		case "modelId":
			return d.Str(&id)
		case "outputModalities":
			return holds(d, "TEXT", &text)
		case "inferenceTypesSupported":
			return holds(d, "ON_DEMAND", &direct)
		}
		d.Skip()
		return nil
	})
	if text && direct && id != "" {
		*names = append(*names, id)
	}
	return err
}

// holds says whether a list of texts has want.
func holds(d *object.Reader, want string, found *bool) error {
	*found = false
	return d.Elems(func(int) error {
		var s string
		err := d.Str(&s)
		*found = *found || s == want
		return err
	})
}
