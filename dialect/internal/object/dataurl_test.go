// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package object

import (
	"testing"
	"unicode/utf8"

	"retort/dialect/internal/scan"
)

func TestParseDataURL(t *testing.T) {
	for _, tc := range []struct {
		url, kind, data string
		plain           bool
	}{
		{"data:image/png;base64,aGk=", "image/png", "hi", true},
		{"data:text/plain;charset=utf-8;base64,aGk=", "text/plain", "hi", false},
		{"DATA:image/png;base64,aGk=", "image/png", "hi", false},
		{"data:image/png;BASE64,aGk=", "image/png", "hi", false},
		{"data:image/png;base64,aGk%3D", "image/png", "hi", false},
		{"data:;base64,aGk=", "", "hi", false},
		{"data:text/plain,h%20i+", "text/plain", "h i+", false},
		{"data:text/plain;charset=utf-8,hi", "text/plain", "hi", false},
		{"data:,a,b", "text/plain", "a,b", false},
	} {
		u, ok, err := ParseDataURL(tc.url)
		if !ok || err != nil || u.Type != tc.kind || string(u.Data) != tc.data || u.Plain != tc.plain {
			t.Errorf("%s: got %+v, %t, %v", tc.url, u, ok, err)
		}
		w := Writer{}
		if w.DataURL(u.Type, u.Data); u.Plain && string(w.B) != `"`+tc.url+`"` {
			t.Errorf("%s is written as %s", tc.url, w.B)
		}
	}
	for _, text := range []string{"data:", "data:image/png;base64", "data:image/png;base64,", "data:image/png;base64,a!", "data:,", "data:,%zz", "data:,a%2"} {
		if u, ok, err := ParseDataURL(text); !ok || err == nil {
			t.Errorf("%s: got %+v, %t, %v", text, u, ok, err)
		}
	}
	for _, text := range []string{"", "data", "https://a.example/data:x", "file-1"} {
		if _, ok, err := ParseDataURL(text); ok || err != nil {
			t.Errorf("%s is taken for a data URL: %v", text, err)
		}
	}
}

func FuzzParseDataURL(f *testing.F) {
	for _, seed := range []string{"data:image/png;base64,aGk=", "data:,a%20b", "DATA:;;base64;,x", "data:text/plain;base64,\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, ok, err := ParseDataURL(text)
		if !ok || err != nil || !u.Plain || !utf8.ValidString(text) {
			return
		}
		w := Writer{}
		w.DataURL(u.Type, u.Data)
		if c := scan.New(w.B); c.String() != text {
			t.Errorf("%q is written as %s", text, w.B)
		}
	})
}
