// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialecttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"retort/dialect"
	"retort/dialect/all"
	"retort/model"
)

// TestDescriptionsOfSchemas sends what an answer's schema is for to upstreams of every dialect.
func TestDescriptionsOfSchemas(t *testing.T) {
	for _, d := range all.All() {
		content := model.Prompt("hi")
		content.Dialect = elsewhere
		content.Format = &model.Format{Kind: "schema", Name: "n", Description: "which city it is about", Schema: schemaText}
		e, err := encode(t, d, content, false)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(e.body), "which city it is about"); n != 1 {
			t.Errorf("%s: said %d times in %s", d.Name, n, e.body)
		}
	}
}

// TestNothingIsAskedForNothing sends requests of which a dialect can say nothing: they are refused, by the name of what is
// lost. Those in which nothing was said are not.
func TestNothingIsAskedForNothing(t *testing.T) {
	native := model.Block{Kind: model.NativeBlock, Native: json.RawMessage(`{"type":"search_result"}`)}
	for _, d := range all.All() {
		for _, system := range []bool{false, true} {
			content := &model.Content{Dialect: elsewhere}
			if system {
				content.Messages = append(content.Messages, model.Text(model.System, "Be brief."))
			}
			last := len(content.Messages)
			content.Messages = append(content.Messages, model.Message{Role: model.User, Blocks: []model.Block{native}})
			if slices.Contains([]string{"anthropic", "gemini", "ollama", "bedrock"}, d.Name) {
				_, err := encode(t, d, content, false)
				var e *model.Error
				if !errors.As(err, &e) || e.Kind != model.Invalid || !strings.HasSuffix(e.Field, "].search_result") {
					t.Errorf("%s, system %v: %v", d.Name, system, err)
				}
			}
			content.Messages[last].Blocks[0] = text(" ")
			if _, err := encode(t, d, content, false); err != nil {
				t.Errorf("%s, system %v, blank: %v", d.Name, system, err)
			}
		}
	}
}

// TestSealsOfTextsComeBack gives clients a text that its upstream sealed, and takes what they send back.
func TestSealsOfTextsComeBack(t *testing.T) {
	d, _ := all.Named("anthropic")
	seal := &model.Seal{Dialect: "gemini", Data: "U2ln"}
	sealed := model.Block{Kind: model.TextBlock, Text: "a", Seal: seal}
	want := answered(model.FinishToolCalls, sealed, toolCall("c1", "{}"))
	for _, stream := range []bool{false, true} {
		var out bytes.Buffer
		a := d.Server.Answer(&out, asking(t, d, stream))
		if stream {
			if err := want.Emit(a.Part); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Finish(&want); err != nil {
			t.Fatal(err)
		}
		carried := `"signature":"retort.<`
		if n := strings.Count(out.String(), carried); n != 1 {
			t.Fatalf("streamed %v: carried %d times in %s", stream, n, out.String())
		}
		_, rest, _ := strings.Cut(out.String(), carried)
		signature, _, _ := strings.Cut(rest, `"`)
		body := `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"},` +
			`{"type":"thinking","thinking":"","signature":"retort.<` + signature + `"},{"type":"tool_use","id":"c1","name":"f","input":{}}]},` +
			`{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"done"}]}]}`
		req, err := d.Server.Request(httptest.NewRequest(http.MethodPost, path(d), nil), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		content, err := req.Content()
		if err != nil {
			t.Fatal(err)
		}
		said := content.Messages[1].Blocks
		if len(said) != 2 || said[0].Seal == nil || *said[0].Seal != *seal || said[1].Call == nil {
			t.Errorf("streamed %v: came back as %s", stream, show(content))
		}
		g, _ := all.Named("gemini")
		e, err := encode(t, g, content, false)
		if err != nil || !strings.Contains(string(e.body), `{"text":"a","thoughtSignature":"U2ln"}`) || mentioned(e.dropped, dialect.Seals) {
			t.Errorf("streamed %v: went on as %s, dropped %v, %v", stream, e.body, e.dropped, err)
		}
	}
}

// TestResultsOfSeveralTexts keeps the texts of a tool's result apart.
func TestResultsOfSeveralTexts(t *testing.T) {
	for _, d := range all.All() {
		content := &model.Content{Dialect: elsewhere}
		talk(content)
		content.Messages[2].Blocks[0].Text = ""
		content.Messages[2].Blocks[0].Blocks = []model.Block{text("r1"), text("r2")}
		e, err := encode(t, d, content, false)
		if err != nil || strings.Contains(string(e.body), "r1r2") {
			t.Errorf("%s: %v, %s", d.Name, err, e.body)
		}
	}
}

// TestDottedFields sends fields whose names look like notes that decoders leave: they are fields like any other.
func TestDottedFields(t *testing.T) {
	for _, d := range served() {
		content := model.Prompt("hi")
		content.Dialect = elsewhere
		e, err := encode(t, d, content, false)
		if err != nil {
			t.Fatal(err)
		}
		e.body = []byte(`{".hidden":6,` + string(e.body[1:]))
		_, got, err := decode(d, e)
		if err != nil {
			t.Fatal(err)
		}
		if lost := dialect.Unsaid(got, "other", d.Table); !slices.Contains(lost, ".hidden") {
			t.Errorf("%s: dropped %v of %s", d.Name, lost, e.body)
		}
		if d.Name == "anthropic" || d.Name == "gemini" || d.Name == "ollama" {
			if e, err = encode(t, d, got, false); err != nil || !strings.Contains(string(e.body), `".hidden":6`) {
				t.Errorf("%s: written again: %s, %v", d.Name, e.body, err)
			}
		}
	}
}
