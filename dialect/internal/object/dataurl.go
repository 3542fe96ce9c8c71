// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package object

import (
	"net/url"
	"strings"
)

// DataURL is what a data URL holds, as RFC 2397 has it.
type DataURL struct {
	Type  string // the MIME type without its parameters; empty where base64 data come without one
	Data  []byte
	Plain bool // Writer.DataURL of Type and Data writes the URL as it was
}

// ParseDataURL unpacks a data URL, in base64 or percent-encoded; ok is false for every other URL. Errors are those of
// Wrong.
func ParseDataURL(text string) (u DataURL, ok bool, err error) {
	const scheme = "data:"
	if len(text) < len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) {
		return u, false, nil
	}
	head, data, found := strings.Cut(text[len(scheme):], ",")
	if !found {
		return u, true, Wrong(`must be a URL such as "data:image/png;base64,iVBORw0K"`)
	}
	kind, parameters, _ := strings.Cut(head, ";")
	u.Type = strings.TrimSpace(kind)
	last := parameters[strings.LastIndexByte(parameters, ';')+1:]
	coded := strings.EqualFold(strings.TrimSpace(last), "base64")
	u.Plain = coded && text[:len(scheme)] == scheme && kind != "" && kind == u.Type && parameters == "base64" &&
		strings.IndexByte(data, '%') < 0 && strings.IndexByte(data, '\n') < 0 && strings.IndexByte(data, '\r') < 0
	if strings.IndexByte(data, '%') >= 0 {
		if data, err = url.PathUnescape(data); err != nil {
			return u, true, Wrong("is a data URL with a broken percent-encoding")
		}
	}
	switch {
	case coded:
		u.Data, err = Base64(data)
	case data == "":
		err = Wrong("is missing its data")
	default:
		if u.Data = []byte(data); u.Type == "" {
			u.Type = "text/plain"
		}
	}
	return u, true, err
}
