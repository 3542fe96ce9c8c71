// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// The versions of the API on other clouds.
const (
	vertexVersion  = "vertex-2023-10-16"
	bedrockVersion = "bedrock-2023-05-31"
)

// Request returns the HTTP request that asks name, at base, what req asks. Its body may share memory with req's. base may
// end in /v1 or before it.
func (c Client) Request(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	r, err := c.post(ctx, c.address(base, name, req.Stream), req)
	if err != nil {
		return nil, err
	}
	if req.Stream {
		r.Header["Accept"] = eventType
	}
	if w := req.Wire; w != nil && w.Dialect == Name {
		n, err := noteOf(w)
		if err != nil {
			return nil, err
		}
		if !n.ours && !n.counts {
			return r, c.passOn(ctx, r, name, req, n)
		}
	}
	return r, c.translate(ctx, r, name, req)
}

var (
	jsonType  = []string{"application/json"}
	eventType = []string{"text/event-stream"}
)

// address returns where to ask name.
func (c Client) address(base, name string, stream bool) string {
	switch {
	case c.Vertex && stream:
		return base + "/publishers/anthropic/models/" + url.PathEscape(name) + ":streamRawPredict"
	case c.Vertex:
		return base + "/publishers/anthropic/models/" + url.PathEscape(name) + ":rawPredict"
	case c.Bedrock && stream:
		return base + "/model/" + url.PathEscape(name) + "/invoke-with-response-stream"
	case c.Bedrock:
		return base + "/model/" + url.PathEscape(name) + "/invoke"
	}
	return versioned(base) + "/messages"
}

// versioned returns a base URL that ends in the version of the paths.
func versioned(base string) string {
	if strings.HasSuffix(base, "/v1") {
		return base
	}
	return base + "/v1"
}

// post makes a request with the headers that belong to the dialect.
func (c Client) post(ctx context.Context, address string, req *model.Request) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
	if err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "make request", Err: err}
	}
	r.Header["Content-Type"] = jsonType
	r.Header["Accept"] = jsonType
	if w := req.Wire; w != nil && w.Dialect == Name {
		maps.Copy(r.Header, w.Header)
		if n, ok := w.Note.(*note); ok && n.beta && !c.Vertex && !c.Bedrock {
			r.URL.RawQuery = "beta=true"
		}
	}
	c.setVersion(r)
	return r, nil
}

// setVersion says the version of the API, which is in the body on other clouds.
func (c Client) setVersion(r *http.Request) {
	switch {
	case c.Vertex || c.Bedrock:
		delete(r.Header, "Anthropic-Version")
	case c.Version != "":
		r.Header["Anthropic-Version"] = []string{c.Version}
	case r.Header["Anthropic-Version"] == nil:
		r.Header["Anthropic-Version"] = []string{Version2023}
	}
}

// passOn gives r the body as it came, but for the model's name and what the upstream's version has not.
func (c Client) passOn(ctx context.Context, r *http.Request, name string, req *model.Request, n *note) error {
	w := req.Wire
	var drop []string
	if c.Version == Version2026 && n.sampled {
		if err := c.unsampled(ctx, req); err != nil {
			return err
		}
		drop = []string{"temperature", "top_p", "top_k"}
	}
	switch {
	case c.Vertex:
		splice.New(rewrite(w.Body, hosted(vertexVersion, nil), "model", "anthropic_version")).Send(r)
	case c.Bedrock:
		beta := r.Header["Anthropic-Beta"]
		delete(r.Header, "Anthropic-Beta")
		splice.New(rewrite(w.Body, hosted(bedrockVersion, beta), "model", "anthropic_version", "stream")).Send(r)
	case drop != nil:
		head := &object.Writer{B: []byte{'{'}}
		head.Text("model", name)
		splice.New(rewrite(w.Body, head.B[1:], append(drop, "model")...)).Send(r)
	default:
		n.rename(w.Body, name).Send(r)
	}
	return nil
}

// unsampled notes which sampling parameters the upstream's version has not.
func (c Client) unsampled(ctx context.Context, req *model.Request) error {
	content, err := req.Content()
	if err != nil {
		return err
	}
	part := &model.Content{Dialect: Name, Temperature: content.Temperature, TopP: content.TopP, TopK: content.TopK}
	return dialect.Account(ctx, req, part, Name, dialect.Table{})
}

// hosted returns the members that the body has on other clouds.
func hosted(version string, beta []string) []byte {
	w := &object.Writer{B: []byte{'{'}}
	w.Text("anthropic_version", version)
	if len(beta) > 0 {
		var flags []string
		for _, list := range beta {
			for flag := range strings.SplitSeq(list, ",") {
				if flag = strings.TrimSpace(flag); flag != "" {
					flags = append(flags, flag)
				}
			}
		}
		w.Key("anthropic_beta")
		w.Strings(flags)
	}
	return w.B[1:]
}

// translate gives r a body made from the request's content.
func (c Client) translate(ctx context.Context, r *http.Request, name string, req *model.Request) error {
	content, err := req.Content()
	if err != nil {
		return err
	}
	body, notes, err := c.encode(name, req.Stream, content)
	if err != nil {
		return err
	}
	if err := dialect.Account(ctx, req, content, Name, c.features(name, content), notes...); err != nil {
		return err
	}
	if beta := r.Header["Anthropic-Beta"]; c.Bedrock && beta != nil {
		delete(r.Header, "Anthropic-Beta")
		body = rewrite(body, hosted(bedrockVersion, beta), "anthropic_version")
	}
	splice.New(body).Send(r)
	return nil
}

// ToolNames returns which names of functions the API takes, on other clouds too.
func (Client) ToolNames() dialect.ToolNames { return dialect.ToolNames{Most: 64} }

// oauthBeta has to be asked for with OAuth's tokens.
const oauthBeta = "oauth-2025-04-20"

// Authorize adds the credential: a bearer token on Vertex AI and for OAuth, else the vendor's own header, and both for
// servers that are only compatible, some of which know but one.
func (c Client) Authorize(r *http.Request, key string) {
	if key == "" {
		return
	}
	token := strings.HasPrefix(key, "sk-ant-oat")
	if beta := r.Header.Get("Anthropic-Beta"); token && !strings.Contains(beta, oauthBeta) {
		r.Header.Set("Anthropic-Beta", strings.TrimPrefix(beta+","+oauthBeta, ","))
	}
	vendor := strings.HasSuffix(r.URL.Hostname(), "anthropic.com")
	if c.Vertex || c.Bedrock || token || !vendor {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	if !c.Vertex && !c.Bedrock && !token {
		r.Header.Set("X-Api-Key", key)
	}
}

// ModelsRequest returns the request that asks an upstream for its models.
func (c Client) ModelsRequest(ctx context.Context, base string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, versioned(base)+"/models?limit=1000", nil)
	if err == nil {
		c.setVersion(r)
	}
	return r, err
}

// Models reads the answer to a ModelsRequest: the names of the upstream's models.
func (Client) Models(body []byte) ([]string, error) {
	d := newDecoder(body)
	names := []string{}
	said := false
	err := d.Members(func(key string) error {
		if key != "data" || d.Kind() != '[' {
			d.Skip()
			return nil
		}
		said = true
		return d.Elems(func(int) error {
			var id string
			err := d.Members(func(key string) error {
				if key == "id" {
					return d.Str(&id)
				}
				d.Skip()
				return nil
			})
			names = append(names, id)
			return err
		})
	})
	if err = d.Done(err); err == nil && !said {
		err = errors.New("it has no data: " + reply.Excerpt(body))
	}
	if err != nil {
		return nil, reply.Hinted(fmt.Errorf("read list of models: %w", err), "check base_url and dialect: "+
			"the answer is not an Anthropic-compatible list of models")
	}
	return names, nil
}
