// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/oaierror"
)

// place is where clients ask.
const place = "/v1/responses"

// itemsOf is the end of the path at which the input of an answer is listed.
const itemsOf = "/input_items"

// stored returns the answer that the path of a request names, and says why there is none where it is not kept.
func (s Server) stored(w http.ResponseWriter, r *http.Request) *kept {
	id := strings.TrimPrefix(r.URL.Path, place+"/")
	if id = strings.TrimSuffix(id, itemsOf); s.Memory != nil {
		if k := s.Memory.find(dialect.TenantOf(r.Context()), id); k != nil {
			return k
		}
	}
	s.notStored(w, id)
	return nil
}

func (s Server) notStored(w http.ResponseWriter, id string) {
	why := ": answers are not kept (hint: send the whole conversation with each request)"
	if s.Memory != nil {
		why = ": answers made here are kept for " + brief(s.Memory.ttl) + ", in the memory of one instance, unless the request said store: false " +
			"(hint: send the whole conversation with each request)"
	}
	say(w, http.StatusNotFound, oaierror.Account{Type: "invalid_request_error", Param: "response_id", Code: "response_not_found",
		Message: "there is no stored response " + id + why})
}

// show answers with an answer.
func (s Server) show(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("stream") == "true" {
		wrong(w, "stream", "answers that are kept are shown whole: leave it out")
		return
	}
	k := s.stored(w, r)
	if k == nil {
		return
	}
	b := append(make([]byte, 0, k.weight()), k.rest[0]...)
	for i, p := range k.output {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, p.raw...)
	}
	b = append(append(append(b, k.rest[1]...), k.echo.raw...), k.rest[2]...)
	write(w, b)
}

// forget answers that an answer is no longer kept.
func (s Server) forget(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, place+"/")
	if s.Memory == nil || !s.Memory.forget(dialect.TenantOf(r.Context()), id) {
		s.notStored(w, id)
		return
	}
	e := newEncoder(nil)
	mark := e.Open()
	e.Text("id", id)
	e.Text("object", "response")
	e.Boolean("deleted", true)
	e.Close(mark)
	write(w, e.B)
}

// list answers with a page of the items that an answer answers, those of the responses before it included.
func (s Server) list(w http.ResponseWriter, r *http.Request) {
	k := s.stored(w, r)
	if k == nil {
		return
	}
	q := r.URL.Query()
	limit, order := 20, q.Get("order")
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			wrong(w, "limit", "must be a whole number from 1 to 100")
			return
		}
		limit = n
	}
	items := slices.Clone(k.input)
	switch order {
	case "", "desc":
		slices.Reverse(items)
	case "asc":
	default:
		wrong(w, "order", `must be "asc" or "desc"`)
		return
	}
	items, ok := behind(items, q)
	if !ok {
		wrong(w, "after", "is no item of this response's input")
		return
	}
	page := items[:min(limit, len(items))]
	e := newEncoder(nil)
	mark := e.Open()
	e.Text("object", "list")
	e.Array("data")
	for _, p := range page {
		e.Elem()
		e.listed(p)
	}
	e.EndArray()
	if len(page) > 0 {
		e.Text("first_id", page[0].id)
		e.Text("last_id", page[len(page)-1].id)
	} else {
		e.Null("first_id")
		e.Null("last_id")
	}
	e.Boolean("has_more", len(page) < len(items))
	e.Close(mark)
	write(w, e.B)
}

// behind returns the items that follow the one after which the page begins.
func behind(items []*piece, q url.Values) ([]*piece, bool) {
	after := q.Get("after")
	if after == "" {
		return items, true
	}
	i := slices.IndexFunc(items, func(p *piece) bool { return p.id == after })
	return items[i+1:], i >= 0
}

// listed writes an item as lists show it: with what a client may leave out.
func (e *encoder) listed(p *piece) {
	var item map[string]json.RawMessage
	if json.Unmarshal(p.raw, &item) != nil || item == nil { // cannot be: it has been answered
		e.B = append(e.B, "{}"...)
		return
	}
	item["id"] = quote(p.id)
	if lookAt(p.raw).kind == "" {
		item["type"] = quote("message")
	}
	if content := item["content"]; len(content) > 0 && content[0] == '"' {
		kind := "input_text"
		if string(item["role"]) == `"assistant"` {
			kind = "output_text"
		}
		part := newEncoder([]byte{'['})
		mark := part.Open()
		part.Text("type", kind)
		part.Raw("text", content)
		part.Close(mark)
		item["content"] = append(part.B, ']')
	}
	if _, ok := item["status"]; !ok && item["summary"] == nil {
		item["status"] = quote("completed")
	}
	mark := e.Open()
	e.Sorted(item)
	e.Close(mark)
}

func write(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(body) // a client that went away is no concern here
}

func wrong(w http.ResponseWriter, field, why string) {
	say(w, http.StatusBadRequest, oaierror.Account{Type: "invalid_request_error", Param: field, Code: "invalid_value", Message: field + " " + why})
}
