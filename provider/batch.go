// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"retort/dialect"
	"retort/model"
)

// Batch asks an upstream many requests at once, which it answers within a day and charges half. It is safe for concurrent use.
type Batch struct {
	u   *upstream
	api batchAPI
}

// BatchRequest is one request of a batch. ID tells the answers apart: up to 64 letters, digits, - and _.
type BatchRequest struct {
	ID      string
	Request *model.Request
}

// MostBatched is how many requests a batch may hold, below the vendors' own limits on requests and, for prompts of up to 20 kB, on
// bytes.
const MostBatched = 10_000

// batchAPI is how a vendor takes batches.
type batchAPI interface {
	// submit returns the id of a batch of requests.
	submit(ctx context.Context, b *Batch, ids []string, bodies [][]byte) (string, error)
	// poll says whether a batch has ended, and where its results are.
	poll(ctx context.Context, b *Batch, id string) (ended bool, results []string, err error)
	// result reads a line of results: the body of an answer, or why there is none.
	result(line []byte) (id string, body []byte, err error)
	// cancel returns where to end a batch before its time.
	cancel(b *Batch, id string) string
}

// Batch returns what asks one of the upstream's models in batches; false where its dialect has none. Whether the upstream
// itself has batches shows when it is handed one: an error of kind NotFound says that it has not.
func (p *Provider) Batch(s Spec) (*Batch, bool) {
	switch p.dialect.Name() {
	case "openai":
		return &Batch{p.upstream(s), openaiBatch{}}, true
	case "anthropic":
		return &Batch{p.upstream(s), anthropicBatch{}}, true
	}
	return nil, false
}

// Submit hands a batch in and returns its id.
func (b *Batch) Submit(ctx context.Context, requests []BatchRequest) (string, error) {
	ids, bodies := make([]string, len(requests)), make([][]byte, len(requests))
	for i, r := range requests {
		body, err := b.body(ctx, r.Request)
		if err != nil {
			return "", err
		}
		ids[i], bodies[i] = r.ID, body
	}
	id, err := b.api.submit(ctx, b, ids, bodies)
	if err == nil && id == "" {
		err = b.broken(errors.New("the upstream gave the batch no id"))
	}
	return id, err
}

// body returns what a request would be sent with by itself.
func (b *Batch) body(ctx context.Context, req *model.Request) ([]byte, error) {
	whole := *req
	whole.Stream = false
	r, err := b.u.p.dialect.Request(ctx, b.u.p.base, b.u.spec.Name, &whole)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "write batch", Err: err}
	}
	return bytes.TrimSpace(body), nil
}

// Ended says whether a batch has ended: all is answered that will be.
func (b *Batch) Ended(ctx context.Context, id string) (bool, error) {
	ended, _, err := b.api.poll(ctx, b, id)
	return ended, err
}

// Cancel ends a batch before its time. It may take a while until it has Ended; what was answered by then is there, and billed.
func (b *Batch) Cancel(ctx context.Context, id string) error {
	return b.post(ctx, b.api.cancel(b, id), "", nil, nil)
}

// Results passes on what a batch that has ended holds for each of its requests, in any order: the body of the answer, which
// Read reads, or an error. Requests that it passes over were not answered.
func (b *Batch) Results(ctx context.Context, id string, each func(id string, body []byte, err error)) error {
	_, files, err := b.api.poll(ctx, b, id)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := b.lines(ctx, file, each); err != nil {
			return err
		}
	}
	return nil
}

// Read reads the body of an answer to req, at the price of batches: half.
func (b *Batch) Read(req *model.Request, body []byte) (*model.Response, error) {
	whole := *req
	whole.Stream = false
	hr := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body))}
	resp, err := dialect.Read(b.u.p.dialect, hr, &whole, b.u.p.maxEvent, model.Discard)
	if err != nil {
		return nil, b.u.p.blame(asError(err), nil)
	}
	resp.Model, resp.Cost = b.u.id, b.u.spec.Price.Cost(resp.Usage)/2
	return resp, nil
}

// lines reads a file of results.
func (b *Batch) lines(ctx context.Context, address string, each func(id string, body []byte, err error)) error {
	hr, err := b.send(ctx, http.MethodGet, address, "", nil)
	if err != nil {
		return err
	}
	defer hr.Body.Close()
	in := bufio.NewScanner(hr.Body)
	in.Buffer(nil, b.u.p.maxEvent)
	for in.Scan() {
		line := bytes.TrimSpace(in.Bytes())
		if len(line) == 0 {
			continue
		}
		id, body, err := b.api.result(line)
		if id == "" {
			return b.broken(fmt.Errorf("a line of results has no custom_id: %w", errors.Join(err)))
		}
		each(id, bytes.Clone(body), err)
	}
	if in.Err() != nil {
		return b.broken(in.Err())
	}
	return nil
}

// batchTimeout bounds one exchange about a batch, the upload of its requests included.
const batchTimeout = 10 * time.Minute

// send makes one exchange; the answer is of status 200. Its body ends with ctx.
func (b *Batch) send(ctx context.Context, method, address, kind string, body []byte) (*http.Response, error) {
	p := b.u.p
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "make request", Err: err}
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("User-Agent", "retort")
	b.version(r)
	if err := p.sign(r); err != nil {
		return nil, p.explain(ctx, "ask for a batch", err, r)
	}
	hr, err := p.transport.RoundTrip(r)
	if err != nil {
		return nil, p.explain(ctx, "ask for a batch", err, r)
	}
	if hr.StatusCode == http.StatusOK {
		return hr, nil
	}
	defer hr.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(hr.Body, maxErrorBody)) // the status says enough
	e := p.dialect.Error(hr.StatusCode, hr.Header, text)
	if e.RetryAfter == 0 {
		e.RetryAfter = retryAfter(hr.Header, time.Now())
	}
	if hr.StatusCode == http.StatusNotFound || hr.StatusCode == http.StatusMethodNotAllowed || hr.StatusCode == http.StatusNotImplemented {
		e.Kind = model.NotFound
	}
	return nil, p.blame(e, r)
}

// version adds the headers that the dialect wants on all requests.
func (b *Batch) version(r *http.Request) {
	lister, ok := b.u.p.dialect.(Lister)
	if !ok {
		return
	}
	if sample, err := lister.ModelsRequest(r.Context(), b.u.p.base); err == nil {
		for name, values := range sample.Header {
			r.Header[name] = values
		}
	}
}

// post makes an exchange whose answer is one JSON object, read into out.
func (b *Batch) post(ctx context.Context, address, kind string, body []byte, out any) error {
	return b.object(ctx, http.MethodPost, address, kind, body, out)
}

func (b *Batch) object(ctx context.Context, method, address, kind string, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	hr, err := b.send(ctx, method, address, kind, body)
	if err != nil {
		return err
	}
	defer hr.Body.Close()
	text, err := io.ReadAll(io.LimitReader(hr.Body, maxModelList))
	if err != nil {
		return b.broken(err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return b.broken(err)
	}
	return nil
}

// broken is the error of an upstream that does not keep to its format.
func (b *Batch) broken(err error) error {
	return b.u.p.blame(&model.Error{Kind: model.Upstream, Op: "read batch", Err: err}, nil)
}
