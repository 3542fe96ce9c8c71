// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"net/http"

	"retort/dialect/internal/oaierror"
	"retort/dialect/internal/reply"
	"retort/model"
)

// Error turns an upstream's response of a status other than 200 into an error.
func (Client) Error(status int, header http.Header, body []byte) *model.Error {
	return reply.Advise(failure(status, body), header, body)
}

// failure turns an error object, or whatever came in its place, into an error. Status 0 means that it came in place
// of an answer or within a stream.
func failure(status int, body []byte) *model.Error { return oaierror.Failure(Name, status, body) }

// Error renders err in the dialect's shape. An upstream's own error of this dialect is passed on as it came.
func (Server) Error(err error) []byte { return oaierror.Render(err, Name) }
