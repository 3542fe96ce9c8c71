// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package reply

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"

	"retort/model"
)

// Failure is the error for a response of a status other than 200; what is the upstream's own account of it, if it gave
// one. Status 0 means that it came in place of an answer or within a stream.
func Failure(kind model.Kind, status int, what string, body []byte) *model.Error {
	e := &model.Error{Kind: kind, Op: "ask upstream", Status: status}
	switch {
	case what != "" && status == 0:
		e.Err = errors.New(what)
	case what != "":
		e.Err = errors.New("status " + strconv.Itoa(status) + ": " + what)
	case status == 0:
		e.Err = errors.New("it reported an error: " + Excerpt(body))
	default:
		e.Err = errors.New("status " + strconv.Itoa(status) + " " + http.StatusText(status) + ": " + Excerpt(body))
	}
	return e
}

// Advise adds a hint to the error of a response, unless it has one.
func Advise(e *model.Error, header http.Header, body []byte) *model.Error {
	switch status := e.Status; {
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

// KindOf returns the kind of an error by its HTTP status alone: what a dialect's own codes refine.
func KindOf(status int) model.Kind {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
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
