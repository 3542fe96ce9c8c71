// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialecttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"retort/dialect"
	"retort/dialect/all"
	"retort/model"
)

// path returns where a dialect's requests go.
func path(d all.Entry) string {
	for _, r := range d.Server.Routes() {
		if r.Op == dialect.Generate {
			return strings.Replace(r.Path, "*", "m", 1)
		}
	}
	return "/"
}

// FuzzPairs reads bytes as a request of each dialect: what is understood can be said to every upstream, and what an
// upstream is told is valid in its dialect.
func FuzzPairs(f *testing.F) {
	for i, d := range served() {
		for seed := range uint64(6) {
			content := draw(d, seed).content()
			if e, err := encode(f, d, content, seed%2 == 0); err == nil {
				f.Add(uint8(i), e.body)
			}
		}
		for _, u := range uses() {
			if e, err := encode(f, d, u.asked(d), false); err == nil {
				f.Add(uint8(i), e.body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		from := served()[int(which)%len(served())]
		req, err := from.Server.Request(httptest.NewRequest("POST", path(from), bytes.NewReader(body)), body)
		if err != nil {
			if model.KindOf(err) != model.Invalid {
				t.Fatalf("%s: %v is of kind %v", from.Name, err, model.KindOf(err))
			}
			return
		}
		content, err := req.Content()
		if err != nil {
			return
		}
		for _, up := range all.All() {
			r, err := up.Client.Request(t.Context(), base(up.Name), upstream(up.Name), req)
			if err != nil {
				if model.KindOf(err) != model.Invalid {
					t.Fatalf("%s to %s: %v is of kind %v", from.Name, up.Name, err, model.KindOf(err))
				}
				continue
			}
			out, err := io.ReadAll(r.Body)
			if err != nil || !json.Valid(out) {
				t.Fatalf("%s to %s: %v; not JSON: %s", from.Name, up.Name, err, out)
			}
			if up.Server == nil || up.Name == from.Name || !asks(content) {
				continue
			}
			if _, _, err := decode(up, encoded{r: r, body: out}); err != nil {
				t.Fatalf("%s to %s: %v\nfrom %s", from.Name, up.Name, err, body)
			}
		}
	})
}

// asks says whether the user says anything: a conversation of which nothing is left is valid in no dialect.
func asks(c *model.Content) bool {
	return slices.ContainsFunc(c.Messages, func(m model.Message) bool {
		return m.Role == model.User && strings.TrimSpace(m.Text()) != ""
	})
}

// FuzzAnswers reads bytes as an answer of each dialect, whole or as a stream: what is understood can be told to clients
// of every dialect, if only as an error.
func FuzzAnswers(f *testing.F) {
	for i, d := range served() {
		for seed := range uint64(4) {
			resp, parts := draw(d, seed).response()
			if len(resp.Text()) < 500 {
				stream := seed%2 == 0
				_, body := answer(f, d, asking(f, d, stream), parts, resp)
				f.Add(uint8(i), stream, body)
			}
		}
		for _, stream := range natives()[d.Name] {
			f.Add(uint8(i), true, []byte(stream))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, stream bool, body []byte) {
		from := served()[int(which)%len(served())]
		kind := "application/json"
		if stream {
			kind = streamType(from)
		}
		resp, parts, err := collect(from, asking(t, from, stream), kind, bytes.NewReader(body))
		if (resp == nil) == (err == nil) {
			t.Fatalf("%s: response %v and error %v", from.Name, resp, err)
		}
		if err != nil {
			return
		}
		for _, d := range served() {
			out := answerTo(t, d, stream)
			for _, p := range parts {
				if err := out.Part(p); err != nil {
					t.Fatalf("%s to %s: %v", from.Name, d.Name, err)
				}
			}
			err := out.Finish(resp)
			if model.KindOf(err) == model.Upstream { // calls whose arguments cannot be said
				err = out.Fail(err)
			}
			if err != nil {
				t.Fatalf("%s to %s: %v", from.Name, d.Name, err)
			}
		}
	})
}

func answerTo(t *testing.T, d all.Entry, stream bool) dialect.Answer {
	return d.Server.Answer(io.Discard, asking(t, d, stream))
}
