// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

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
	message string
	status  int  // where it came with status 200
	shaped  bool // it is an error object of this dialect
}

// Error turns an upstream's response of a status other than 200 into an error.
func (Client) Error(status int, header http.Header, body []byte) *model.Error {
	return reply.Advise(failure(status, body), header, body)
}

// failure turns an error object, or whatever came in its place, into an error. Status 0 means that it came in place of
// an answer or within a stream.
func failure(status int, body []byte) *model.Error {
	a := readError(body)
	said := status
	if said == 0 {
		said = a.status
	}
	kind := model.Upstream
	if said != 0 {
		kind = reply.KindOf(said)
	}
	if tooLong(a.message) && (kind == model.Invalid || kind == model.Upstream || said == http.StatusInternalServerError) {
		kind = model.TooLong
	}
	e := reply.Failure(kind, status, a.message, body)
	if a.shaped {
		e.Body = &model.Body{Dialect: Name, Data: bytes.Clone(body)}
	}
	return e
}

// tooLong says whether the request exceeds the model's context. There is no code for it, and a model with a longer
// context may depend on it being understood.
func tooLong(message string) bool {
	return strings.Contains(message, "exceed") && strings.Contains(message, "context")
}

// readError reads the dialect's error object, and the one of OpenAI's, which proxies before Ollama send.
func readError(body []byte) (a apiError) {
	d := newDecoder(body)
	if d.Kind() != '{' {
		return a
	}
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		kind := d.Kind()
		switch name := string(key); {
		case name == "error" && kind == '"':
			a.message = d.String()
			a.shaped = a.message != ""
		case name == "error" && kind == '{':
			a.message = messageIn(d)
		case name == "status" && kind == '0':
			if n := d.Float(); n >= 400 && n < 600 {
				a.status = int(n)
			}
		default:
			d.Skip()
		}
	}
	if d.End() != nil {
		return apiError{}
	}
	return a
}

func messageIn(d *decoder) (message string) {
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		if string(key) == "message" && d.Kind() == '"' {
			message = d.String()
		} else {
			d.Skip()
		}
	}
	return message
}

// Error renders err in the dialect's shape: one string. An upstream's own error of this dialect is passed on as it came.
func (Server) Error(err error) []byte {
	var e *model.Error
	if errors.As(err, &e) && e.Body != nil && e.Body.Dialect == Name {
		return e.Body.Data
	}
	message := "an internal error; the server's log has the details"
	if model.KindOf(err) != model.Internal {
		message = err.Error()
	}
	if e != nil && e.Hint != "" {
		message += " (hint: " + e.Hint + ")"
	}
	w := &object.Writer{Loose: true}
	mark := w.Open()
	w.Text("error", message)
	w.Close(mark)
	return w.B
}
