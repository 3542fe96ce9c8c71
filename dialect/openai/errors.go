// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"retort/dialect/internal/scan"
	"retort/model"
)

// apiError is an upstream's own account of what went wrong.
type apiError struct {
	message, kind, param, code string
	shaped                     bool // it is an error object of this dialect
}

// Error turns an upstream's response of a status other than 200 into an error.
func (Client) Error(status int, header http.Header, body []byte) *model.Error {
	e := failure(status, body)
	switch {
	case e.Hint != "":
	case status >= 300 && status < 400:
		e.Hint = "check base_url: it redirects"
		if to := header.Get("Location"); to != "" {
			e.Hint += " to " + to
		}
	case bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		e.Hint = "check base_url: it answered a web page"
	case status == http.StatusUnauthorized:
		e.Hint = "check the provider's api_key"
	case status == http.StatusNotFound:
		e.Hint = "check the model's name and the provider's base_url"
	}
	return e
}

// failure turns an error object, or whatever came in its place, into an error. Status 0 means that it came in place
// of an answer or within a stream.
func failure(status int, body []byte) *model.Error {
	a := readError(body)
	e := &model.Error{Op: "ask upstream", Status: status, Field: a.param}
	if status == 0 {
		e.Kind = a.embedded()
	} else {
		e.Kind = a.kindOf(status)
	}
	switch {
	case a.message != "" && status == 0:
		e.Err = errors.New(a.message)
	case a.message != "":
		e.Err = errors.New("status " + strconv.Itoa(status) + ": " + a.message)
	case status == 0:
		e.Err = errors.New("it reported an error: " + excerpt(body))
	default:
		e.Err = errors.New("status " + strconv.Itoa(status) + " " + http.StatusText(status) + ": " + excerpt(body))
	}
	if a.shaped {
		e.Body = &model.Body{Dialect: Name, Data: bytes.Clone(body)}
	}
	return e
}

// readError reads the error objects that servers of this dialect are known to send: the vendor's, the same without
// its envelope, in an array, or a bare string.
func readError(body []byte) (a apiError) {
	d := &decoder{c: scan.New(body)}
	if d.c.Kind() == '[' {
		if d.c.Array(); d.c.Elem() {
			a = readError(d.c.Raw())
			a.shaped = false
		}
		return a
	}
	if d.c.Kind() != '{' {
		return a
	}
	var inner apiError
	wrapped := false
	d.c.Object()
	for key, ok := d.c.Field(); ok; key, ok = d.c.Field() {
		switch kind := d.c.Kind(); {
		case string(key) == "error" && kind == '{':
			wrapped = true
			inner.fields(d)
		case string(key) == "error" && kind == '"', string(key) == "detail" && kind == '"':
			a.message = d.c.String()
		default:
			a.field(d, key)
		}
	}
	if d.c.End() != nil {
		return apiError{}
	}
	if wrapped {
		inner.shaped = inner.message != ""
		return inner
	}
	return a
}

func (a *apiError) fields(d *decoder) {
	d.c.Object()
	for key, ok := d.c.Field(); ok; key, ok = d.c.Field() {
		a.field(d, key)
	}
}

func (a *apiError) field(d *decoder, key []byte) {
	kind := d.c.Kind()
	switch {
	case string(key) == "code" && kind == '0':
		a.code = string(d.c.Raw())
	case kind != '"':
		d.c.Skip()
	case string(key) == "message":
		a.message = d.c.String()
	case string(key) == "type":
		a.kind = d.c.String()
	case string(key) == "param":
		a.param = d.c.String()
	case string(key) == "code":
		a.code = d.c.String()
	default:
		d.c.Skip()
	}
}

// kindOf returns the kind of an error by its HTTP status and the upstream's code.
func (a *apiError) kindOf(status int) model.Kind {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if a.tooLong() {
			return model.TooLong
		}
		return model.Invalid
	case http.StatusUnauthorized:
		return model.Unauthenticated
	case http.StatusPaymentRequired:
		return model.Exhausted
	case http.StatusForbidden:
		return model.Forbidden
	case http.StatusNotFound:
		return model.NotFound
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return model.Timeout
	case http.StatusConflict, http.StatusTooEarly:
		return model.Unavailable
	case http.StatusRequestEntityTooLarge:
		return model.TooLarge
	case http.StatusTooManyRequests:
		if a.code == "insufficient_quota" || a.kind == "insufficient_quota" {
			return model.Exhausted
		}
		return model.RateLimited
	}
	switch {
	case status >= 500:
		return model.Unavailable
	case status >= 400:
		return model.Invalid
	}
	return model.Upstream
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

// excerpt returns the beginning of what an upstream sent, for people to recognise it by.
func excerpt(b []byte) string {
	const most = 120
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return "nothing"
	}
	cut := ""
	if len(b) > most {
		b, cut = b[:most], "…"
	}
	return strconv.Quote(strings.ToValidUTF8(string(b), "")) + cut
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
	outer := enc.open()
	enc.key("error")
	inner := enc.open()
	if e != nil && e.Hint != "" {
		message += " (hint: " + e.Hint + ")"
	}
	enc.text("message", message)
	enc.text("type", errorType(kind))
	if e != nil && e.Field != "" {
		enc.text("param", e.Field)
	} else {
		enc.null("param")
	}
	if e != nil && kind == model.NotFound && e.Field != "" && e.Field != "model" {
		enc.text("code", e.Field+"_not_found")
	} else {
		enc.text("code", errorCode(kind))
	}
	enc.close(inner)
	enc.close(outer)
	return enc.b
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
