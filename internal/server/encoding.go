// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"retort/model"
)

// encodings are what a request's body may be compressed with.
const encodings = "gzip, deflate"

// inflate undoes the compression of a request's body, which may not grow beyond what a plain one may have.
func (s *Server) inflate(r *http.Request, buf *[]byte) error {
	encoding := first(r.Header, "Content-Encoding")
	if encoding == "" {
		return nil
	}
	var reader io.Reader
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "identity":
		return nil
	case "gzip", "x-gzip":
		reader, err = gzip.NewReader(bytes.NewReader(*buf))
	case "deflate":
		reader, err = zlib.NewReader(bytes.NewReader(*buf))
	default:
		return &statusError{&model.Error{Kind: model.Invalid, Op: "read body", Field: "Content-Encoding",
			Err:  fmt.Errorf("%s is not supported", strconv.Quote(short(encoding))),
			Hint: "send the body as it is, or compressed with one of: " + encodings}, http.StatusUnsupportedMediaType}
	}
	var plain []byte
	if err == nil {
		plain, err = io.ReadAll(io.LimitReader(reader, s.options.MaxBody+1))
	}
	switch {
	case err != nil:
		return &model.Error{Kind: model.Invalid, Op: "read body", Field: "Content-Encoding", Err: fmt.Errorf("the body is no %s: %w", short(encoding), err)}
	case int64(len(plain)) > s.options.MaxBody:
		return s.tooLarge()
	}
	*buf = plain
	r.Header.Del("Content-Encoding")
	return nil
}
