// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"retort/dialect/internal/reply"
	"retort/model"
)

// apiError is an upstream's own account of what went wrong.
type apiError struct {
	message, kind, param, code string
	shaped                     bool // it is an error object of this dialect
}

// Error turns an upstream's response of a status other than 200 into an error.
func (Client) Error(status int, header http.Header, body []byte) *model.Error {
	return reply.Advise(failure(status, body), header, body)
}

// failure turns an error object, or whatever came in its place, into an error. Status 0 means that it came in place
// of an answer or within a stream.
func failure(status int, body []byte) *model.Error {
	a := readError(body)
	kind := a.embedded()
	if status != 0 {
		kind = a.kindOf(status)
	}
	e := reply.Failure(kind, status, a.message, body)
	e.Field = a.param
	if a.shaped {
		e.Body = &model.Body{Dialect: Name, Data: bytes.Clone(body)}
	}
	return e
}

// readError reads the error objects that servers of this dialect are known to send: the vendor's, the same without
// its envelope, in an array, or a bare string.
func readError(body []byte) (a apiError) {
	d := newDecoder(body)
	if d.Kind() == '[' {
		if d.Array(); d.Elem() {
			a = readError(d.Raw())
			a.shaped = false
		}
		return a
	}
	if d.Kind() != '{' {
		return a
	}
	var inner apiError
	wrapped := false
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		switch kind := d.Kind(); {
		case string(key) == "error" && kind == '{':
			wrapped = true
			inner.fields(d)
		case string(key) == "error" && kind == '"', string(key) == "detail" && kind == '"':
			a.message = d.String()
		default:
			a.field(d, key)
		}
	}
	if d.End() != nil {
		return apiError{}
	}
	if wrapped {
		inner.shaped = inner.message != ""
		return inner
	}
	return a
}

func (a *apiError) fields(d *decoder) {
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		a.field(d, key)
	}
}

func (a *apiError) field(d *decoder, key []byte) {
	kind := d.Kind()
	switch {
	case string(key) == "code" && kind == '0':
		a.code = string(d.Raw())
	case kind != '"':
		d.Skip()
	case string(key) == "message":
		a.message = d.String()
	case string(key) == "type":
		a.kind = d.String()
	case string(key) == "param":
		a.param = d.String()
	case string(key) == "code":
		a.code = d.String()
	default:
		d.Skip()
	}
}

// kindOf returns the kind of an error by its HTTP status and the upstream's code.
func (a *apiError) kindOf(status int) model.Kind {
	kind := reply.KindOf(status)
	switch {
	case kind == model.Invalid && a.tooLong():
		return model.TooLong
	case kind == model.RateLimited && (a.code == "insufficient_quota" || a.kind == "insufficient_quota"):
		return model.Exhausted
	}
	return kind
}

// tooLong says whether the request exceeds the model's context. The vendor has a code for it; of the compatible
// servers several tell it in words alone, and a model with a longer context may depend on it being understood.
func (a *apiError) tooLong() bool {
	return a.code == "context_length_exceeded" || a.kind == "exceed_context_size_error" ||
		strings.Contains(a.message, "maximum context length")
}

// embedded returns the kind of an error that came with status 200.
func (a *apiError) embedded() model.Kind {
	if status, err := strconv.Atoi(a.code); err == nil && status >= 400 && status < 600 {
		return a.kindOf(status)
	}
	switch {
	case a.tooLong():
		return model.TooLong
	case a.code == "rate_limit_exceeded", strings.HasPrefix(a.kind, "rate_limit"):
		return model.RateLimited
	case a.code == "insufficient_quota", a.kind == "insufficient_quota":
		return model.Exhausted
	case a.kind == "invalid_request_error":
		return model.Invalid
	case a.kind == "server_error", a.kind == "overloaded_error":
		return model.Unavailable
	}
	return model.Upstream
}

// Error renders err in the dialect's shape. An upstream's own error of this dialect is passed on as it came.
func (Server) Error(err error) []byte {
	var e *model.Error
	if errors.As(err, &e) && e.Body != nil && e.Body.Dialect == Name {
		return e.Body.Data
	}
	kind := model.KindOf(err)
	message := "an internal error; the server's log has the details"
	if kind != model.Internal {
		message = err.Error()
	}
	enc := &encoder{}
	outer := enc.Open()
	enc.Key("error")
	inner := enc.Open()
	if e != nil && e.Hint != "" {
		message += " (hint: " + e.Hint + ")"
	}
	enc.Text("message", message)
	enc.Text("type", errorType(kind))
	if e != nil && e.Field != "" {
		enc.Text("param", e.Field)
	} else {
		enc.Null("param")
	}
	if e != nil && kind == model.NotFound && e.Field != "" && e.Field != "model" {
		enc.Text("code", e.Field+"_not_found")
	} else {
		enc.Text("code", errorCode(kind))
	}
	enc.Close(inner)
	enc.Close(outer)
	return enc.B
}

func errorType(k model.Kind) string {
	switch k {
	case model.Invalid, model.TooLong, model.TooLarge, model.NotFound:
		return "invalid_request_error"
	case model.Unauthenticated:
		return "authentication_error"
	case model.Forbidden:
		return "permission_error"
	case model.RateLimited:
		return "rate_limit_error"
	case model.Exhausted:
		return "insufficient_quota"
	}
	return "server_error"
}

// errorCode returns the vendor's code where it has one, else the kind's name.
func errorCode(k model.Kind) string {
	switch k {
	case model.Unauthenticated:
		return "invalid_api_key"
	case model.NotFound:
		return "model_not_found"
	case model.RateLimited:
		return "rate_limit_exceeded"
	case model.Exhausted:
		return "insufficient_quota"
	}
	return k.String()
}
