// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package oaierror reads and writes the error objects of OpenAI's APIs, which all dialects of that vendor share:
//
//	{"error": {"message": "…", "type": "invalid_request_error", "param": "model", "code": "model_not_found"}}
//
// Servers compatible with it vary the shape; what they are known to send is read too.
package oaierror

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/scan"
	"retort/model"
)

// Account is an error as the vendor's objects tell it.
type Account struct {
	Message, Type, Param, Code string

	Shaped bool // it came in the vendor's own shape, so that clients of the dialect can have it as it is
}

// Failure turns an error object, or whatever came in its place, into an error; name is the dialect's. Status 0 means
// that it came in place of an answer or within a stream.
func Failure(name string, status int, body []byte) *model.Error {
	a := Read(body)
	e := reply.Failure(a.Kind(status), status, a.Message, body)
	e.Field = a.Param
	if a.Shaped {
		e.Body = &model.Body{Dialect: name, Data: bytes.Clone(body)}
	}
	return e
}

// Read reads an error object: the vendor's, the same without its envelope, alone in an array, or a bare string. Of
// anything else it returns an empty Account.
func Read(body []byte) Account {
	c := scan.New(body)
	if c.Kind() == '[' {
		if c.Array(); !c.Elem() {
			return Account{}
		}
		a := Read(c.Raw())
		a.Shaped = false
		return a
	}
	var bare Account
	var inner *Account
	if !c.Object() {
		return bare
	}
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		switch kind := c.Kind(); {
		case string(key) == "error" && kind == '{':
			inner = &Account{}
			inner.members(&c)
		case kind == '"' && (string(key) == "error" || string(key) == "detail"):
			bare.Message = c.String()
		default:
			bare.member(&c, string(key))
		}
	}
	switch {
	case c.End() != nil:
		return Account{}
	case inner != nil:
		inner.Shaped = inner.Message != ""
		return *inner
	}
	return bare
}

func (a *Account) members(c *scan.Cursor) {
	c.Object()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		a.member(c, string(key))
	}
}

func (a *Account) member(c *scan.Cursor, key string) {
	if key == "code" && c.Kind() == '0' { // some servers repeat the status here
		a.Code = string(c.Raw())
		return
	}
	if c.Kind() != '"' {
		c.Skip()
		return
	}
	switch value := c.String(); key {
	case "message":
		a.Message = value
	case "type":
		a.Type = value
	case "param":
		a.Param = value
	case "code":
		a.Code = value
	}
}

// Kind returns the kind of the error, which came with an HTTP status; 0 when that was 200.
func (a *Account) Kind(status int) model.Kind {
	if n, err := strconv.Atoi(a.Code); status == 0 && err == nil && n >= 400 && n < 600 {
		status = n
	}
	kind := model.Upstream
	if status != 0 {
		kind = reply.KindOf(status)
	}
	switch kind {
	case model.Upstream, model.Invalid, model.RateLimited, model.TooLarge:
		if better, ok := a.named(); ok {
			return better
		}
	}
	return kind
}

// named returns the kind that the vendor's own words say.
func (a *Account) named() (model.Kind, bool) {
	switch {
	case a.tooLong():
		return model.TooLong, true
	case a.is("insufficient_quota"), a.is("usage_limit_reached"), a.is("billing_hard_limit_reached"):
		return model.Exhausted, true
	case a.is("rate_limit_exceeded"), strings.HasPrefix(a.Type, "rate_limit"):
		return model.RateLimited, true
	case a.is("server_error"), a.is("internal_error"), a.is("overloaded_error"), a.is("server_is_overloaded"), a.is("slow_down"),
		a.is("vector_store_timeout"):
		return model.Unavailable, true
	case a.is("model_not_found"):
		return model.NotFound, true
	case a.is("invalid_api_key"):
		return model.Unauthenticated, true
	case a.is("invalid_request_error"), a.is("invalid_prompt"), a.is("bio_policy"), a.is("cyber_policy"),
		a.is("content_policy_violation"), strings.Contains(a.Code, "image"):
		return model.Invalid, true
	}
	return 0, false
}

func (a *Account) is(code string) bool { return a.Code == code || a.Type == code }

// tooLong says whether the request exceeds the model's context, which several servers tell in words alone.
func (a *Account) tooLong() bool {
	return a.is("context_length_exceeded") || a.is("exceed_context_size_error") ||
		strings.Contains(a.Message, "maximum context length") || strings.Contains(a.Message, "exceeds the context window")
}

// Of returns how err is told to clients. The text of internal errors stays inside.
func Of(err error) Account {
	kind := model.KindOf(err)
	a := Account{Message: "an internal error; the server's log has the details", Type: kindType(kind), Code: kindCode(kind)}
	if kind != model.Internal {
		a.Message = err.Error()
	}
	var e *model.Error
	if !errors.As(err, &e) {
		return a
	}
	a.Param = e.Field
	if e.Hint != "" {
		a.Message += " (hint: " + e.Hint + ")"
	}
	if kind == model.NotFound && e.Field != "" && e.Field != "model" {
		a.Code = e.Field + "_not_found"
	}
	return a
}

// Render returns the error object that says err to clients of the dialect name. An upstream's own error of that
// dialect is passed on as it came.
func Render(err error, name string) []byte {
	var e *model.Error
	if errors.As(err, &e) && e.Body != nil && e.Body.Dialect == name {
		return e.Body.Data
	}
	a := Of(err)
	w := &object.Writer{Loose: true}
	mark := w.Open()
	w.Key("error")
	a.Write(w)
	w.Close(mark)
	return w.B
}

// Write writes the object without its envelope.
func (a *Account) Write(w *object.Writer) {
	mark := w.Open()
	w.Text("message", a.Message)
	w.Text("type", a.Type)
	w.Raw("param", a.param())
	w.Text("code", a.Code)
	w.Close(mark)
}

// param returns the wrong field's name as JSON.
func (a *Account) param() json.RawMessage {
	if a.Param == "" {
		return json.RawMessage("null")
	}
	return scan.Quote(nil, a.Param)
}

// kindType returns the vendor's type for a kind of error.
func kindType(k model.Kind) string {
	switch k {
	case model.Unauthenticated:
		return "authentication_error"
	case model.Forbidden:
		return "permission_error"
	case model.RateLimited:
		return "rate_limit_error"
	case model.Exhausted:
		return "insufficient_quota"
	case model.Invalid, model.TooLong, model.TooLarge, model.NotFound:
		return "invalid_request_error"
	}
	return "server_error"
}

// kindCode returns the vendor's code for a kind of error, or the kind's name where it has none.
func kindCode(k model.Kind) string {
	switch k {
	case model.Unauthenticated:
		return "invalid_api_key"
	case model.RateLimited:
		return "rate_limit_exceeded"
	case model.NotFound:
		return "model_not_found"
	case model.Exhausted:
		return "insufficient_quota"
	}
	return k.String()
}
