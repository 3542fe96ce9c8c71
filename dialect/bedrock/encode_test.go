// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"retort/model"
)

var update = flag.Bool("update", false, "write what was got into the golden files")

// TestRequests encodes the requests of testdata/requests: a model's name on the first line of the comment, and the
// content as the model package has it.
func TestRequests(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "requests", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, _, _ := strings.Cut(string(archive.Comment), "\n")
			var content model.Content
			if err := json.Unmarshal(archive.Files[0].Data, &content); err != nil {
				t.Fatal(err)
			}
			content.Dialect = "openai"
			body, dropped := encoded(t, name, &content)
			got := indented(t, body)
			if len(dropped) > 0 {
				got += "dropped: " + strings.Join(dropped, " ") + "\n"
			}
			if *update {
				archive.Files = []txtar.File{archive.Files[0], {Name: "body", Data: []byte(got)}}
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// encoded returns the body that asks name for content, and what was dropped on the way.
func encoded(t *testing.T, name string, content *model.Content) ([]byte, []string) {
	t.Helper()
	trail := &model.Trail{}
	r, err := Client{}.Request(model.WithTrail(t.Context(), trail), "https://b", name, model.NewRequest("m", content))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || !json.Valid(body) {
		t.Fatalf("%v in %s", err, body)
	}
	return body, trail.Dropped()
}

func indented(t *testing.T, body []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.String() + "\n"
}

func TestRequestLine(t *testing.T) {
	for name, want := range map[string]string{
		"anthropic.claude-3-5-sonnet-20241022-v2:0":                                 "https://b/model/anthropic.claude-3-5-sonnet-20241022-v2%3A0/converse",
		"arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/k3x8": "https://b/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Aapplication-inference-profile%2Fk3x8/converse",
		"näh%2F": "https://b/model/n%C3%A4h%252F/converse",
	} {
		req := model.NewRequest("m", model.Prompt("hi"))
		r, err := Client{}.Request(t.Context(), "https://b", name, req)
		if err != nil || r.URL.String() != want || r.Method != http.MethodPost || r.Header.Get("Accept") != "application/json" {
			t.Errorf("%s: got %v, %v", name, r, err)
		}
		req.Stream = true
		r, err = Client{}.Request(t.Context(), "https://b", name, req)
		if err != nil || r.URL.String() != want+"-stream" || r.Header.Get("Accept") != EventType {
			t.Errorf("%s, streamed: got %v, %v", name, r, err)
		}
	}
}

func TestStrictRefuses(t *testing.T) {
	req := model.NewRequest("m", &model.Content{N: 2, Messages: model.Prompt("hi").Messages})
	req.Strict = true
	_, err := Client{}.Request(t.Context(), "https://b", "x", req)
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Invalid || e.Field != "n" {
		t.Errorf("got %v", err)
	}
}

func TestFamilies(t *testing.T) {
	for name, want := range map[string]family{
		"anthropic.claude-3-haiku-20240307-v1:0":                      {"claude", 300},
		"us.anthropic.claude-3-7-sonnet-20250219-v1:0":                {"claude", 307},
		"anthropic.claude-sonnet-4-20250514-v1:0":                     {"claude", 400},
		"eu.anthropic.claude-opus-4-1-20250805-v1:0":                  {"claude", 401},
		"global.anthropic.claude-sonnet-4-5-20250929-v1:0":            {"claude", 405},
		"anthropic.claude-opus-4-7":                                   {"claude", 407},
		"anthropic.claude-opus-5":                                     {"claude", 500},
		"anthropic.claude-v2:1":                                       {"claude", 200},
		"anthropic.claude-mythos-preview":                             {"claude", newest},
		"amazon.nova-pro-v1:0":                                        {"nova", 100},
		"us.amazon.nova-2-lite-v1:0":                                  {"nova", 200},
		"openai.gpt-oss-120b-1:0":                                     {"gpt-oss", 0},
		"mistral.mistral-large-2402-v1:0":                             {"mistral", 0},
		"arn:aws:bedrock:us-east-1:1:application-inference-profile/x": {},
	} {
		if got := familyOf(name); got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

func TestCallIDs(t *testing.T) {
	for id, keeps := range map[string]bool{"call_1-A": true, "": false, "fc.1": false, strings.Repeat("x", 65): false, "naïve": false} {
		got := callID(id)
		if (got == id) != keeps || len(got) > 64 || got == "" || strings.ContainsAny(got, ".ï") || got != callID(id) {
			t.Errorf("%q became %q", id, got)
		}
	}
	if callID("a.b") == callID("a:b") {
		t.Error("two ids became one")
	}
}

// FuzzEncode puts any content to the encoder: what it writes is JSON, with turns that alternate.
func FuzzEncode(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "requests", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		name, _, _ := strings.Cut(string(archive.Comment), "\n")
		f.Add(name, archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		var content model.Content
		if json.Unmarshal(data, &content) != nil {
			t.Skip()
		}
		content.Dialect = "openai"
		r, err := Client{}.Request(t.Context(), "https://b", name, model.NewRequest("m", &content))
		if err != nil {
			if model.KindOf(err) != model.Invalid {
				t.Fatal(err)
			}
			return
		}
		body, _ := io.ReadAll(r.Body)
		var sent struct {
			Messages []struct {
				Role    string
				Content []map[string]json.RawMessage
			}
		}
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		for i, m := range sent.Messages {
			if want := []string{"user", "assistant"}[i%2]; m.Role != want || len(m.Content) == 0 {
				t.Fatalf("message %d is of role %s, with %d blocks: %s", i, m.Role, len(m.Content), body)
			}
		}
	})
}
