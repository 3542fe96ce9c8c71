// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"retort/model"
)

// openaiBatch takes batches as OpenAI does: a file of requests is uploaded, then a batch of it is made
// (https://platform.openai.com/docs/guides/batch).
type openaiBatch struct{}

const chatEndpoint = "/v1/chat/completions"

func (a openaiBatch) submit(ctx context.Context, b *Batch, ids []string, bodies [][]byte) (string, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	err := w.WriteField("purpose", "batch")
	file, e := w.CreateFormFile("file", "batch.jsonl")
	if err = errors.Join(err, e); err == nil {
		for i, body := range bodies {
			line, e := json.Marshal(map[string]any{"custom_id": ids[i], "method": http.MethodPost, "url": chatEndpoint, "body": json.RawMessage(body)})
			_, f := file.Write(append(line, '\n'))
			err = errors.Join(err, e, f)
		}
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return "", &model.Error{Kind: model.Internal, Op: "write batch", Err: err}
	}
	var uploaded, made struct{ ID string }
	if err := b.post(ctx, b.u.p.base+"/files", w.FormDataContentType(), form.Bytes(), &uploaded); err != nil {
		return "", err
	}
	order, err := json.Marshal(map[string]string{"input_file_id": uploaded.ID, "endpoint": chatEndpoint, "completion_window": "24h"})
	if err != nil {
		return "", &model.Error{Kind: model.Internal, Op: "write batch", Err: err}
	}
	err = b.post(ctx, b.u.p.base+"/batches", "application/json", order, &made)
	return made.ID, err
}

func (a openaiBatch) poll(ctx context.Context, b *Batch, id string) (ended bool, results []string, err error) {
	var state struct {
		Status string
		Output string `json:"output_file_id"`
		Failed string `json:"error_file_id"`
		Errors struct {
			Data []struct{ Message string }
		}
	}
	if err := b.object(ctx, http.MethodGet, b.u.p.base+"/batches/"+url.PathEscape(id), "", nil, &state); err != nil {
		return false, nil, err
	}
	switch state.Status {
	case "validating", "in_progress", "finalizing", "cancelling":
		return false, nil, nil
	case "failed":
		why := "the upstream did not say why"
		if len(state.Errors.Data) > 0 {
			why = state.Errors.Data[0].Message
		}
		return true, nil, b.u.p.blame(&model.Error{Kind: model.Invalid, Op: "ask in a batch", Err: errors.New(why)}, nil)
	case "completed", "expired", "cancelled":
	default:
		return false, nil, b.broken(fmt.Errorf("a batch has the status %.40q", state.Status))
	}
	for _, file := range []string{state.Output, state.Failed} {
		if file != "" {
			results = append(results, b.u.p.base+"/files/"+url.PathEscape(file)+"/content")
		}
	}
	return true, results, nil
}

func (openaiBatch) result(line []byte) (string, []byte, error) {
	var r struct {
		ID       string `json:"custom_id"`
		Response *struct {
			Status int `json:"status_code"`
			Body   json.RawMessage
		}
		Error *struct{ Code, Message string }
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return "", nil, err
	}
	switch {
	case r.Response != nil && r.Response.Status == http.StatusOK:
		return r.ID, r.Response.Body, nil
	case r.Response != nil:
		return r.ID, nil, fmt.Errorf("status %d: %.200s", r.Response.Status, r.Response.Body)
	case r.Error != nil:
		return r.ID, nil, fmt.Errorf("%.40s: %.200s", r.Error.Code, r.Error.Message)
	}
	return r.ID, nil, errors.New("neither a response nor an error")
}

func (openaiBatch) cancel(b *Batch, id string) string {
	return b.u.p.base + "/batches/" + url.PathEscape(id) + "/cancel"
}

// anthropicBatch takes batches as Anthropic does: all requests in one body
// (https://docs.anthropic.com/en/api/creating-message-batches).
type anthropicBatch struct{}

func (anthropicBatch) address(b *Batch) string {
	base := b.u.p.base
	if !strings.HasSuffix(base, "/v1") {
		base += "/v1"
	}
	return base + "/messages/batches"
}

func (a anthropicBatch) submit(ctx context.Context, b *Batch, ids []string, bodies [][]byte) (string, error) {
	type request struct {
		ID     string          `json:"custom_id"`
		Params json.RawMessage `json:"params"`
	}
	requests := make([]request, len(ids))
	for i := range ids {
		requests[i] = request{ids[i], bodies[i]}
	}
	body, err := json.Marshal(map[string]any{"requests": requests})
	if err != nil {
		return "", &model.Error{Kind: model.Internal, Op: "write batch", Err: err}
	}
	var made struct{ ID string }
	err = b.post(ctx, a.address(b), "application/json", body, &made)
	return made.ID, err
}

func (a anthropicBatch) poll(ctx context.Context, b *Batch, id string) (bool, []string, error) {
	var state struct {
		Status string `json:"processing_status"`
	}
	address := a.address(b) + "/" + url.PathEscape(id)
	if err := b.object(ctx, http.MethodGet, address, "", nil, &state); err != nil {
		return false, nil, err
	}
	switch state.Status {
	case "in_progress", "canceling":
		return false, nil, nil
	case "ended":
		return true, []string{address + "/results"}, nil // and not results_url: the key goes to nobody whom an answer names
	}
	return false, nil, b.broken(fmt.Errorf("a batch has the status %.40q", state.Status))
}

func (anthropicBatch) result(line []byte) (string, []byte, error) {
	var r struct {
		ID     string `json:"custom_id"`
		Result struct {
			Type    string
			Message json.RawMessage
			Error   json.RawMessage
		}
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return "", nil, err
	}
	if r.Result.Type == "succeeded" {
		return r.ID, r.Result.Message, nil
	}
	return r.ID, nil, fmt.Errorf("%.20s: %.200s", r.Result.Type, r.Result.Error)
}

func (a anthropicBatch) cancel(b *Batch, id string) string {
	return a.address(b) + "/" + url.PathEscape(id) + "/cancel"
}
