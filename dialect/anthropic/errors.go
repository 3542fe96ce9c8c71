// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"bytes"
	"errors"
	"net/http"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/model"
)

// apiError is an upstream's own account of what went wrong.
type apiError struct {
	message, kind, code string
	shaped              bool // it is an error object of this dialect
}

// Error turns an upstream's response of a status other than 200 into an error.
func (Client) Error(status int, header http.Header, body []byte) *model.Error {
	return reply.Advise(failure(status, body), header, body)
}

// failure turns an error object, or whatever came in its place, into an error. Status 0 means that it came in place of
// an answer or within a stream.
func failure(status int, body []byte) *model.Error {
	a := readError(body)
	kind := reply.KindOf(status)
	if by := a.kindOf(); by != model.Internal {
		kind = by
	} else if status == 0 {
		kind = model.Upstream
	}
	e := reply.Failure(kind, status, a.message, body)
	if a.shaped {
		e.Body = &model.Body{Dialect: Name, Data: bytes.Clone(body)}
	}
	return e
}

// readError reads the error objects of the vendor and of the clouds it is on, which say message without an envelope.
func readError(body []byte) (a apiError) {
	d := newDecoder(body)
	if d.Kind() == '[' { // as Google's streams have it
		if d.Array(); d.Elem() {
			a = readError(d.Raw())
			a.shaped = false
		}
		return a
	}
	if d.Kind() != '{' {
		return a
	}
	outer, wrapped := "", false
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		switch kind := d.Kind(); {
		case string(key) == "error" && kind == '{':
			wrapped = true
			a.fields(d)
		case string(key) == "error" && kind == '"', (string(key) == "message" || string(key) == "Message") && kind == '"':
			a.message = d.String()
		case string(key) == "type" && kind == '"':
			outer = d.String()
		default:
			d.Skip()
		}
	}
	if d.End() != nil {
		return apiError{}
	}
	a.shaped = wrapped && outer == "error" && a.kind != ""
	return a
}

func (a *apiError) fields(d *decoder) {
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		kind := d.Kind()
		switch {
		case string(key) == "message" && kind == '"':
			a.message = d.String()
		case (string(key) == "type" || string(key) == "status") && kind == '"':
			a.kind = d.String()
		case string(key) == "details" && kind == '{':
			a.details(d)
		default:
			d.Skip()
		}
	}
}

func (a *apiError) details(d *decoder) {
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		if string(key) == "error_code" && d.Kind() == '"' {
			a.code = d.String()
		} else {
			d.Skip()
		}
	}
}

// kindOf returns the kind of an error by what the upstream says of it; Internal when that says nothing.
func (a *apiError) kindOf() model.Kind {
	switch a.kind {
	case "invalid_request_error", "INVALID_ARGUMENT":
		switch {
		case a.tooLong():
			return model.TooLong
		case strings.Contains(a.message, "credit balance is too low"):
			return model.Exhausted
		}
		return model.Invalid
	case "authentication_error", "UNAUTHENTICATED":
		return model.Unauthenticated
	case "billing_error":
		return model.Exhausted
	case "permission_error", "PERMISSION_DENIED":
		return model.Forbidden
	case "not_found_error", "NOT_FOUND":
		return model.NotFound
	case "request_too_large":
		return model.TooLarge
	case "rate_limit_error", "RESOURCE_EXHAUSTED":
		if strings.HasSuffix(a.code, "_spend_limit_reached") {
			return model.Exhausted
		}
		return model.RateLimited
	case "overloaded_error", "api_error", "UNAVAILABLE", "INTERNAL":
		return model.Unavailable
	case "timeout_error", "DEADLINE_EXCEEDED":
		return model.Timeout
	}
	return model.Internal
}

// tooLong says whether the request exceeds the model's context. The API tells it in words alone, and a model with a
// longer context may depend on it being understood.
func (a *apiError) tooLong() bool {
	return strings.Contains(a.message, "prompt is too long") || strings.Contains(a.message, "exceed context limit") ||
		strings.Contains(a.message, "exceeds the maximum context")
}

// TraceHeader returns the header in which clients look for the id of a request.
func (Server) TraceHeader() string { return "Request-Id" }

// Error renders err in the dialect's shape. An upstream's own error of this dialect is passed on as it came.
func (s Server) Error(err error) []byte { return s.TracedError(err, "") }

// TracedError renders err as Error does, with the id of the request.
func (Server) TracedError(err error, trace string) []byte {
	var e *model.Error
	if errors.As(err, &e) && e.Body != nil && e.Body.Dialect == Name {
		return e.Body.Data
	}
	kind := model.KindOf(err)
	message := "an internal error; the server's log has the details"
	if kind != model.Internal {
		message = err.Error()
	}
	if e != nil && e.Hint != "" {
		message += " (hint: " + e.Hint + ")"
	}
	if kind == model.TooLong && !strings.Contains(message, "prompt is too long") {
		message = "prompt is too long: " + message // by these words coding agents know that they must compact
	}
	w := &object.Writer{Loose: true}
	outer := w.Open()
	w.Text("type", "error")
	w.Key("error")
	inner := w.Open()
	w.Text("type", errorType(kind))
	w.Text("message", message)
	w.Close(inner)
	if trace == "" {
		w.Null("request_id")
	} else {
		w.Text("request_id", trace)
	}
	w.Close(outer)
	return w.B
}

func errorType(k model.Kind) string {
	switch k {
	case model.Invalid, model.TooLong:
		return "invalid_request_error"
	case model.TooLarge:
		return "request_too_large"
	case model.Unauthenticated:
		return "authentication_error"
	case model.Forbidden:
		return "permission_error"
	case model.NotFound:
		return "not_found_error"
	case model.RateLimited:
		return "rate_limit_error"
	case model.Exhausted:
		return "billing_error"
	case model.Unavailable:
		return "overloaded_error"
	case model.Timeout:
		return "timeout_error"
	}
	return "api_error"
}
