// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"retort/dialect"
	"retort/dialect/internal/object"
)

// Models returns the list of models, but for those that make vectors, which the API has not. It is in pages for those
// who ask for pages.
func (Server) Models(r *http.Request, all []dialect.Info) []byte {
	var list []dialect.Info
	for _, m := range all {
		if !m.Embeds {
			list = append(list, m)
		}
	}
	list, more := page(r, list)
	w := &object.Writer{Loose: true}
	mark := w.Open()
	w.Array("data")
	for _, m := range list {
		w.Elem()
		writeModel(w, m)
	}
	w.EndArray()
	w.Boolean("has_more", more)
	if len(list) > 0 {
		w.Text("first_id", list[0].Name)
		w.Text("last_id", list[len(list)-1].Name)
	} else {
		w.Null("first_id")
		w.Null("last_id")
	}
	w.Close(mark)
	return w.B
}

// page returns the part of a list that a request asks for, and whether there is more of it.
func page(r *http.Request, list []dialect.Info) (part []dialect.Info, more bool) {
	if r == nil || r.URL == nil || r.URL.RawQuery == "" {
		return list, false
	}
	q := r.URL.Query()
	most := len(list)
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n > 0 {
		most = n
	}
	before, after := q.Get("before_id"), q.Get("after_id")
	for i := range list {
		switch list[i].Name {
		case after:
			list = list[i+1:]
			return list[:min(most, len(list))], most < len(list)
		case before:
			return list[max(0, i-most):i], i > most
		}
	}
	return list[:min(most, len(list))], most < len(list)
}

// Model returns the body that shows one model.
func (Server) Model(m dialect.Info) []byte {
	w := &object.Writer{Loose: true}
	writeModel(w, m)
	return w.B
}

func writeModel(w *object.Writer, m dialect.Info) {
	mark := w.Open()
	w.Text("type", "model")
	w.Text("id", m.Name)
	w.Text("display_name", m.Name)
	created := m.Created
	if created.IsZero() {
		created = time.Unix(0, 0) // what the vendor says when it does not know
	}
	w.Text("created_at", created.UTC().Format(time.RFC3339))
	if m.Context > 0 {
		w.Whole("max_input_tokens", int64(m.Context))
	} else {
		w.Null("max_input_tokens")
	}
	w.Null("max_tokens")
	w.Text("lifecycle", "active")
	w.Close(mark)
}

// Named returns the name of the model that a request asks about.
func (Server) Named(r *http.Request, _ []byte) (string, error) {
	_, name, ok := strings.Cut(r.URL.Path, "/v1/models/")
	if !ok || name == "" {
		return "", object.Invalid("model", errors.New("is missing; give the name of a model in the path"))
	}
	return name, nil
}
