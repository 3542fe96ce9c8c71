// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"retort/dialect"
	"retort/dialect/all"
	"retort/internal/store"
	"retort/model"
)

// flush brings the store up to date with what has been recorded so far, by this process or another.
func (a *App) flush(ctx context.Context) error {
	if err := a.flushLedger(ctx); err != nil {
		return err
	}
	if g := a.serving.Load(); g != nil {
		return errors.Join(g.importer.Flush(ctx), a.store.CatchUpLedgers(ctx))
	}
	return a.store.CatchUp(ctx)
}

// Traces yields all whole traces that the filter chooses, the earliest first, with what was recorded up to now. Tenant
// may be left out of the filter.
func (a *App) Traces(ctx context.Context, f store.Filter) iter.Seq2[*model.Trace, error] {
	return func(yield func(*model.Trace, error) bool) {
		if err := a.flush(ctx); err != nil {
			yield(nil, err)
			return
		}
		f.Tenant = model.DefaultTenant
		a.store.Traces(ctx, f)(yield)
	}
}

// ListTraces returns a page of traces without content, the latest first, and where the next page begins.
func (a *App) ListTraces(ctx context.Context, f store.Filter) ([]*model.Trace, string, error) {
	if err := a.flush(ctx); err != nil {
		return nil, "", err
	}
	f.Tenant = model.DefaultTenant
	return a.store.List(ctx, f)
}

// Trace returns one whole trace and the feedback on it: that of an id, or of the beginning of one that no other shares.
func (a *App) Trace(ctx context.Context, id string) (*model.Trace, []store.Feedback, error) {
	if err := a.flush(ctx); err != nil {
		return nil, nil, err
	}
	id, err := a.store.Complete(ctx, model.DefaultTenant, id)
	if err != nil {
		return nil, nil, err
	}
	trace, err := a.store.Trace(ctx, model.DefaultTenant, id)
	if err != nil {
		return nil, nil, err
	}
	feedback, err := a.store.Feedback(ctx, model.DefaultTenant, id)
	return trace, feedback, err
}

var errNoContent = errors.New("the trace's content was not captured")

// TraceContent decodes what a trace's request asked.
func TraceContent(t *model.Trace) (*model.Content, error) {
	switch {
	case len(t.Body) == 0:
		return nil, errNoContent
	case t.Dialect == "":
		var content model.Content
		if err := json.Unmarshal(t.Body, &content); err != nil {
			return nil, fmt.Errorf("read the request of trace %s: %w", t.ID, err)
		}
		return &content, nil
	}
	d, ok := all.Named(t.Dialect)
	if !ok || d.Server == nil {
		return nil, fmt.Errorf("read the request of trace %s: unknown dialect %q", t.ID, t.Dialect)
	}
	return contentIn(d.Server, t.Model, t.Body)
}

// contentIn decodes a body that asked a model in a dialect. Dialects with several paths to ask at have several shapes of
// body, and a trace does not say at which one it came; but in the wrong shape none has any message.
func contentIn(d dialect.Server, name string, body []byte) (*model.Content, error) {
	content, err := &model.Content{}, error(nil)
	for _, route := range d.Routes() {
		if route.Op != dialect.Generate {
			continue
		}
		at := &url.URL{Path: strings.Replace(route.Path, "*", name, 1)}
		var req *model.Request
		if req, err = d.Request(&http.Request{Method: route.Method, URL: at, Header: http.Header{}}, body); err != nil {
			continue
		}
		if content, err = req.Content(); err == nil && len(content.Messages) > 0 {
			return content, nil
		}
	}
	return content, err
}

// traceInput returns the text that a trace's request put to its task.
func traceInput(t *model.Trace) (string, error) {
	content, err := TraceContent(t)
	if err != nil {
		return "", err
	}
	return model.InputText(content)
}
