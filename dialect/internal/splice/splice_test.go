// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package splice

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

func TestEdits(t *testing.T) {
	const body = `{"model":"fast","stream":true}`
	at := func(part string) Span {
		i := strings.Index(body, part)
		return Span{i, i + len(part)}
	}
	for name, tc := range map[string]struct {
		edits []Edit
		want  string
	}{
		"none":         {nil, body},
		"one":          {[]Edit{{at(`"fast"`), []byte(`"m"`)}}, `{"model":"m","stream":true}`},
		"two":          {[]Edit{{at(`"fast"`), []byte(`"slow"`)}, {at("true"), []byte("false")}}, `{"model":"slow","stream":false}`},
		"an insertion": {[]Edit{{Span{1, 1}, []byte(`"a":1,`)}}, `{"a":1,"model":"fast","stream":true}`},
		"a removal":    {[]Edit{{at(`"model":"fast",`), nil}}, `{"stream":true}`},
		"all":          {[]Edit{{Span{0, len(body)}, []byte("x")}}, "x"},
		"as many as can be": {[]Edit{{Span{0, 1}, []byte("[")}, {at(`"model"`), []byte("1")}, {at(`"fast"`), []byte("2")}, {at("true}"), []byte("3]")}},
			`[1:2,"stream":3]`},
	} {
		b := New([]byte(body), tc.edits...)
		r, err := http.NewRequest(http.MethodPost, "http://h", nil)
		if err != nil {
			t.Fatal(err)
		}
		b.Send(r)
		if r.ContentLength != int64(len(tc.want)) {
			t.Errorf("%s: %d bytes announced, want %d", name, r.ContentLength, len(tc.want))
		}
		got, err := io.ReadAll(iotest.OneByteReader(r.Body))
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tc.want)
		}
		for range 2 { // a request is sent again after a redirect or on another connection
			again, err := r.GetBody()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(again); err != nil || string(got) != tc.want {
				t.Errorf("%s, again: %q, %v", name, got, err)
			}
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := iotest.TestReader(New([]byte(body), tc.edits...), []byte(tc.want)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSpanThere(t *testing.T) {
	if (Span{}).There() || !(Span{3, 3}).There() {
		t.Error("a span that was not found must differ from an empty one")
	}
}
