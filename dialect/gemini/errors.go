// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"retort/dialect"
	"retort/dialect/internal/reply"
	"retort/model"
)

// apiError is an upstream's own account of what went wrong.
type apiError struct {
	code    int
	status  string // such as "INVALID_ARGUMENT"
	message string
	reason  string        // such as "API_KEY_INVALID"
	field   string        // that is wrong
	quota   string        // the id of the quota that is spent
	wait    time.Duration // until it is worth asking again
	shaped  bool          // it is an error object of this dialect
}

// Error turns an upstream's response of a status other than 200 into an error.
func (Client) Error(status int, header http.Header, body []byte) *model.Error {
	return reply.Advise(failure(status, body), header, body)
}

// failure turns an error object, or whatever came in its place, into an error. Status 0 means that it came in place
// of an answer or within a stream.
func failure(status int, body []byte) *model.Error {
	a := readError(body)
	e := reply.Failure(a.kind(status), status, a.message, body)
	e.Field, e.RetryAfter = a.field, a.wait
	if a.reason == "API_KEY_INVALID" {
		e.Hint = "check the provider's api_key"
	}
	if a.shaped {
		e.Body = &model.Body{Dialect: Name, Data: bytes.Clone(body)}
	}
	return e
}

// readError reads an error object; requests that stream without events get it in an array.
func readError(body []byte) (a apiError) {
	d := newDecoder(body)
	if d.Kind() == '[' {
		if d.Array(); d.Elem() {
			a = readError(d.Raw())
			a.shaped = false
		}
		return a
	}
	wrapped := false
	err := d.members(func(key string) error {
		switch {
		case key == "error" && d.Kind() == '{':
			wrapped = true
			return d.members(func(key string) error { return a.member(d, key) })
		case key == "error" && d.Kind() == '"' && a.message == "", key == "message" && d.Kind() == '"' && a.message == "":
			a.message = d.String()
		default:
			d.Skip()
		}
		return nil
	})
	if d.Done(err) != nil {
		return apiError{}
	}
	a.shaped = wrapped && a.message != ""
	return a
}

func (a *apiError) member(d *decoder, key string) error {
	switch kind := d.Kind(); {
	case key == "code" && kind == '0':
		a.code = int(d.Float())
	case key == "status" && kind == '"':
		a.status = d.String()
	case key == "message" && kind == '"':
		a.message = d.String()
	case key == "details" && kind == '[':
		return d.Elems(func(int) error { return a.detail(d) })
	default:
		d.Skip()
	}
	return nil
}

// detail reads one of google.rpc's messages; what it is follows from its fields.
func (a *apiError) detail(d *decoder) error {
	if d.Kind() != '{' {
		d.Skip()
		return nil
	}
	return d.members(func(key string) error {
		switch kind := d.Kind(); {
		case key == "reason" && kind == '"':
			a.reason = d.String()
		case key == "retryDelay" && kind == '"':
			if wait, err := time.ParseDuration(d.String()); err == nil && wait > 0 {
				a.wait = wait
			}
		case (key == "fieldViolations" || key == "violations") && kind == '[':
			return d.Elems(func(int) error { return a.violation(d) })
		default:
			d.Skip()
		}
		return nil
	})
}

func (a *apiError) violation(d *decoder) error {
	if d.Kind() != '{' {
		d.Skip()
		return nil
	}
	return d.members(func(key string) error {
		switch kind := d.Kind(); {
		case key == "field" && kind == '"' && a.field == "":
			a.field = d.String()
		case key == "quotaId" && kind == '"':
			a.quota += d.String() + " "
		default:
			d.Skip()
		}
		return nil
	})
}

// kind returns the kind of an error by its HTTP status and what the vendor says of it.
func (a *apiError) kind(status int) model.Kind {
	embedded := status == 0
	if embedded {
		if status = a.code; status < 400 || status > 599 {
			status = statusOf(a.status)
		}
	}
	kind := reply.KindOf(status)
	switch {
	case a.reason == "API_KEY_INVALID" || a.reason == "API_KEY_MISSING":
		return model.Unauthenticated
	case kind == model.Invalid && a.tooLong():
		return model.TooLong
	case a.status == "FAILED_PRECONDITION" && kind == model.Invalid: // a place or an account, not the request
		return model.Forbidden
	case kind == model.RateLimited && (strings.Contains(a.quota, "PerDay") || strings.Contains(a.message, "check your plan and billing") && a.wait == 0):
		return model.Exhausted
	case status == 499:
		return model.Unavailable
	case embedded && kind == model.Upstream && a.status == "":
		return model.Upstream
	}
	return kind
}

// tooLong says whether the request exceeds the model's context, which the vendor tells in words alone.
func (a *apiError) tooLong() bool {
	return strings.Contains(a.message, "exceeds the maximum number of tokens") ||
		strings.Contains(a.message, "input token count") && strings.Contains(a.message, "exceed")
}

// statusOf returns the HTTP status that one of google.rpc's codes stands for.
func statusOf(code string) int {
	switch code {
	case "INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE":
		return http.StatusBadRequest
	case "UNAUTHENTICATED":
		return http.StatusUnauthorized
	case "PERMISSION_DENIED":
		return http.StatusForbidden
	case "NOT_FOUND":
		return http.StatusNotFound
	case "ABORTED", "ALREADY_EXISTS":
		return http.StatusConflict
	case "RESOURCE_EXHAUSTED":
		return http.StatusTooManyRequests
	case "CANCELLED":
		return 499
	case "UNAVAILABLE", "INTERNAL", "DATA_LOSS", "UNKNOWN":
		return http.StatusServiceUnavailable
	case "DEADLINE_EXCEEDED":
		return http.StatusGatewayTimeout
	}
	return http.StatusOK
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
	if e != nil && e.Hint != "" {
		message += " (hint: " + e.Hint + ")"
	}
	enc := &encoder{}
	outer := enc.Open()
	enc.Key("error")
	inner := enc.Open()
	enc.Whole("code", int64(dialect.StatusOf(err)))
	enc.Text("message", message)
	enc.Text("status", codeOf(kind))
	if e != nil {
		enc.details(kind, e)
	}
	enc.Close(inner)
	enc.Close(outer)
	return enc.B
}

// details writes what clients of the dialect look for: which field is wrong, and when to ask again.
func (e *encoder) details(kind model.Kind, err *model.Error) {
	field := err.Field != "" && (kind == model.Invalid || kind == model.TooLong)
	if !field && err.RetryAfter <= 0 && kind != model.Unauthenticated {
		return
	}
	e.Array("details")
	if kind == model.Unauthenticated {
		e.Elem()
		mark := e.Open()
		e.Text("@type", "type.googleapis.com/google.rpc.ErrorInfo")
		e.Text("reason", "API_KEY_INVALID")
		e.Close(mark)
	}
	if field {
		e.Elem()
		mark := e.Open()
		e.Text("@type", "type.googleapis.com/google.rpc.BadRequest")
		e.Array("fieldViolations")
		e.Elem()
		inner := e.Open()
		e.Text("field", err.Field)
		if err.Err != nil {
			e.Text("description", err.Err.Error())
		}
		e.Close(inner)
		e.EndArray()
		e.Close(mark)
	}
	if err.RetryAfter > 0 {
		e.Elem()
		mark := e.Open()
		e.Text("@type", "type.googleapis.com/google.rpc.RetryInfo")
		e.Text("retryDelay", strconv.FormatFloat(err.RetryAfter.Seconds(), 'f', -1, 64)+"s")
		e.Close(mark)
	}
	e.EndArray()
}

// codeOf returns the google.rpc code of a kind of error.
func codeOf(k model.Kind) string {
	switch k {
	case model.Invalid, model.TooLong, model.TooLarge:
		return "INVALID_ARGUMENT"
	case model.Unauthenticated:
		return "UNAUTHENTICATED"
	case model.Forbidden:
		return "PERMISSION_DENIED"
	case model.NotFound:
		return "NOT_FOUND"
	case model.RateLimited, model.Exhausted:
		return "RESOURCE_EXHAUSTED"
	case model.Timeout:
		return "DEADLINE_EXCEEDED"
	case model.Canceled:
		return "CANCELLED"
	case model.Internal:
		return "INTERNAL"
	}
	return "UNAVAILABLE"
}
