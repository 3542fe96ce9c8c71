// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"retort/model"
)

func request(body string) (*model.Request, error) {
	return Server{}.Request(httptest.NewRequest("POST", "/v1/chat/completions", nil), []byte(body))
}

// sentUpstream returns the body that goes to an upstream for one that came from a client.
func sentUpstream(t *testing.T, c Client, body string) string {
	t.Helper()
	req, err := request(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Request(t.Context(), "http://127.0.0.1:1/v1", `up/"name"`, req)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(got)) != r.ContentLength {
		t.Errorf("Content-Length %d, body of %d bytes", r.ContentLength, len(got))
	}
	again, err := r.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := io.ReadAll(again); string(second) != string(got) {
		t.Errorf("the second reading of the body gives %q", second)
	}
	if r.URL.String() != "http://127.0.0.1:1/v1/chat/completions" || r.Method != http.MethodPost {
		t.Errorf("asks %s %s", r.Method, r.URL)
	}
	return string(got)
}

func TestPassedOn(t *testing.T) {
	const name = `"up/\"name\""`
	for _, tc := range []struct{ what, in, want string }{
		{"the name alone changes",
			`{ "model" : "fast" , "messages":[{"role":"user","content":"hé\u00e9\n"}],"unknown":{"a":[1.0,1e9]},"n":1 }`,
			`{ "model" : ` + name + ` , "messages":[{"role":"user","content":"hé\u00e9\n"}],"unknown":{"a":[1.0,1e9]},"n":1 }`},
		{"a name with escapes", `{"messages":[],"model":"f\u0061st"}`, `{"messages":[],"model":` + name + `}`},
		{"an escaped key", `{"\u006dodel":"fast"}`, `{"\u006dodel":` + name + `}`},
		{"model within a message", `{"messages":[{"model":"x"}],"model":"fast"}`, `{"messages":[{"model":"x"}],"model":` + name + `}`},
		{"a stream is asked for its usage",
			`{"model":"fast","stream":true}`, `{"stream_options":{"include_usage":true},"model":` + name + `,"stream":true}`},
		{"usage is asked for already",
			`{"model":"fast","stream":true,"stream_options":{"include_usage":true}}`,
			`{"model":` + name + `,"stream":true,"stream_options":{"include_usage":true}}`},
		{"no usage wanted, after the model",
			`{"model":"fast","stream":true,"stream_options":{"include_usage": false ,"x":1}}`,
			`{"model":` + name + `,"stream":true,"stream_options":{"include_usage": true ,"x":1}}`},
		{"no usage wanted, before the model",
			`{"stream_options":{"include_usage":null},"stream":true,"model":"fast"}`,
			`{"stream_options":{"include_usage":true},"stream":true,"model":` + name + `}`},
		{"other options", `{"stream_options": { "x":1},"model":"fast","stream":true}`,
			`{"stream_options": {"include_usage":true, "x":1},"model":` + name + `,"stream":true}`},
		{"empty options", `{"model":"fast","stream_options":{},"stream":true}`,
			`{"model":` + name + `,"stream_options":{"include_usage":true},"stream":true}`},
		{"null options", `{"model":"fast","stream_options":null,"stream":true}`,
			`{"model":` + name + `,"stream_options":{"include_usage":true},"stream":true}`},
		{"no stream", `{"model":"fast","stream":false}`, `{"model":` + name + `,"stream":false}`},
	} {
		t.Run(tc.what, func(t *testing.T) {
			if got := sentUpstream(t, Client{}, tc.in); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	t.Run("an upstream that refuses stream_options", func(t *testing.T) {
		want := `{"model":` + name + `,"stream":true}`
		if got := sentUpstream(t, Client{NoUsage: true}, `{"model":"fast","stream":true}`); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestRequestReads(t *testing.T) {
	r := httptest.NewRequest("POST", "/v1/chat/completions", nil)
	r.Header.Set("OpenAI-Beta", "x=1")
	r.Header.Set("Authorization", "Bearer secret")
	req, err := Server{}.Request(r, []byte(`{"model":"fast","stream":true,"messages":[{"role":"user","content":"hi"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if req.Model != "fast" || !req.Stream || req.Tenant != model.DefaultTenant || req.Wire.Dialect != "openai" {
		t.Errorf("got %+v", req)
	}
	if len(req.Wire.Header) != 1 || req.Wire.Header.Get("OpenAI-Beta") != "x=1" {
		t.Errorf("headers %v: want the dialect's own and no credentials", req.Wire.Header)
	}
	out, err := Client{}.Request(t.Context(), "http://h/v1", "m", req)
	if err != nil || out.Header.Get("OpenAI-Beta") != "x=1" || out.Header.Get("Accept") != "text/event-stream" {
		t.Errorf("headers upstream %v, %v", out.Header, err)
	}
}

func TestRequestRefuses(t *testing.T) {
	for in, want := range map[string]string{
		``:                                 "the body is empty",
		"   ":                              "the body is empty",
		`[1]`:                              "not an object",
		`"x"`:                              "not an object",
		`hello`:                            "not JSON at byte 0",
		`{"model":"m"`:                     "not JSON at byte 12",
		`{"model":"m"} x`:                  "not JSON at byte 14",
		`{"model":"m","messages":[,]}`:     "not JSON at byte 25",
		`{}`:                               "model: is missing",
		`{"model":""}`:                     "model: is missing",
		`{"model":7}`:                      "model: must be a string",
		`{"model":null}`:                   "model: must be a string",
		`{"model":"a","model":"b"}`:        "model: is given twice",
		`{"model":"a","stream":"yes"}`:     "stream: must be true or false",
		`{"model":"a","stream":tru}`:       "not JSON",
		`{"model":"a","stream_options":1}`: "stream_options: must be an object",
		`{"model":"a","stream_options":{"include_usage":1}}`:      "stream_options.include_usage: must be true or false",
		`{"model":"a","stream_options":{},"stream_options":null}`: "stream_options: is given twice",
		strings.Repeat(`{"a":`, 5000):                             "not JSON",
	} {
		_, err := request(in)
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: error %v, want one of kind Invalid that says %q", in, err, want)
		}
	}
}

func FuzzRequest(f *testing.F) {
	for _, s := range []string{`{"model":"m","stream":true,"stream_options":{"include_usage":false,"a":[1]}}`, `{"stream_options":null,"model":"m"}`,
		`{"model":"\u006d","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`, `{"model":"a","model":"b"}`, `{"stream":null,"model":"x","x":"\ud83d"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := Server{}.Request(httptest.NewRequest("POST", "/", nil), body)
		if err != nil {
			if model.KindOf(err) != model.Invalid {
				t.Fatalf("%v: kind %v", err, model.KindOf(err))
			}
			return
		}
		r, err := Client{}.Request(t.Context(), "http://h/v1", "new", req)
		if err != nil {
			t.Fatalf("accepted, but not passed on: %v", err)
		}
		out, _ := io.ReadAll(r.Body)
		var before, after map[string]any
		if json.Unmarshal(body, &before) != nil || json.Unmarshal(out, &after) != nil {
			t.Fatalf("%q became %q", body, out)
		}
		if after["model"] != "new" || before["model"] != req.Model {
			t.Fatalf("model %v became %v", before["model"], after["model"])
		}
		if req.Stream {
			if o, _ := after["stream_options"].(map[string]any); o["include_usage"] != true {
				t.Fatalf("no usage asked for: %q", out)
			}
		}
		for _, m := range []map[string]any{before, after} {
			delete(m, "model")
			delete(m, "stream_options")
		}
		a, _ := json.Marshal(before)
		b, _ := json.Marshal(after)
		if string(a) != string(b) {
			t.Fatalf("%s became %s", a, b)
		}
		req.Content() // must not panic
	})
}

func BenchmarkRequest(b *testing.B) {
	const line = `func caf\u00e9(x int) string {\n\treturn \"naïve \\\\ text\" // keep <this> & that\n}\n`
	for name, size := range map[string]int{"1K": 1 << 10, "60K": 60 << 10} {
		b.Run(name, func(b *testing.B) {
			body := []byte(`{"model":"fast","messages":[{"role":"user","content":"` + strings.Repeat(line, size/len(line)) + `"}]}`)
			hr := httptest.NewRequest("POST", "/v1/chat/completions", nil)
			buf := make([]byte, 64<<10)
			b.ReportAllocs()
			for b.Loop() {
				req, err := Server{}.Request(hr, body)
				if err != nil {
					b.Fatal(err)
				}
				r, err := Client{}.Request(b.Context(), "http://127.0.0.1:9100/v1", "m", req)
				if err != nil {
					b.Fatal(err)
				}
				for {
					if _, err := r.Body.Read(buf); err != nil {
						break
					}
				}
			}
		})
	}
}
