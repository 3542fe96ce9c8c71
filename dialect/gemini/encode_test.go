// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

func text(role model.Role, s string) model.Message { return model.Text(role, s) }

func call(id, name, args string, seal *model.Seal) model.Block {
	return model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: id, Name: name, Arguments: args}, Seal: seal}
}

func result(id, text string, blocks ...model.Block) model.Message {
	return model.Message{Role: model.ToolRole, Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: id, Text: text, Blocks: blocks}}}
}

func ptr[T any](v T) *T { return &v }

// TestForeign writes requests of other dialects' clients.
func TestForeign(t *testing.T) {
	png := model.Block{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: []byte{0, 1, 2}, Name: "n", Detail: "high"}}
	seal := &model.Seal{Dialect: Name, Data: "U2ln"}
	tests := []struct {
		name    string
		model   string
		content model.Content
		want    string
		notes   []string
	}{
		{"results of parallel calls are one turn", "gemini-3-pro", model.Content{Messages: []model.Message{text(model.System, "s"), text(model.User, "q"),
			{Role: model.Assistant, Blocks: []model.Block{{Kind: model.TextBlock}, call("a", "f", `{"b":1,"a":2}`, nil), call("b", "g", ``, nil)}},
			result("a", "ok"), result("b", `{"x":1}`), text(model.System, "remember"), text(model.User, "go on")}},
			`{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{"b":1,"a":2}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"b","name":"g","args":{}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"output":"ok"}}},{"functionResponse":{"id":"b","name":"g","response":{"x":1}}},{"text":"remember"},{"text":"go on"}]}],` +
				`"systemInstruction":{"parts":[{"text":"s"}]}}`, nil},
		{"seals find their parts", "gemini-3-pro", model.Content{Messages: []model.Message{text(model.User, "q"), {Role: model.Assistant, Blocks: []model.Block{
			{Kind: model.ReasoningBlock, Text: "think"}, {Kind: model.ReasoningBlock, Seal: seal}, call("a", "f", "{}", nil), {Kind: model.ReasoningBlock, Seal: seal}}}}},
			`{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"think","thought":true},{"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"U2ln"},{"text":"","thoughtSignature":"U2ln"}]}]}`, nil},
		{"other dialects' seals stay out", "gemini-2.5-pro", model.Content{Messages: []model.Message{text(model.User, "q"), {Role: model.Assistant, Blocks: []model.Block{
			{Kind: model.ReasoningBlock, Seal: &model.Seal{Dialect: "x", Data: "y", Hidden: true}}, call("a", "f", "{}", nil)}}}},
			`{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{}}}]}]}`, nil},
		{"instructions alone are asked", "m", model.Content{Messages: []model.Message{text(model.System, "s")}}, `{"contents":[{"role":"user","parts":[{"text":"s"}]}]}`, nil},
		{"media of results, inside", "gemini-3-pro", model.Content{Messages: []model.Message{text(model.User, "q"), {Role: model.Assistant, Blocks: []model.Block{call("a", "f", "{}", seal)}}, result("a", "see", png)}},
			`{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"U2ln"}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"output":"see"},"parts":[{"inlineData":{"mimeType":"image/png","data":"AAEC"}}]}}]}]}`, nil},
		{"media of results, behind", "gemini-2.5-flash", model.Content{Messages: []model.Message{text(model.User, "q"), {Role: model.Assistant, Blocks: []model.Block{call("a", "f", "{}", seal), call("b", "f", "{}", nil)}}, result("a", "see", png), result("b", "")}},
			`{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"U2ln"},{"functionCall":{"id":"b","name":"f","args":{}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"output":"see"}}},{"functionResponse":{"id":"b","name":"f","response":{"output":""}}},{"inlineData":{"mimeType":"image/png","data":"AAEC"}}]}]}`, nil},
		{"files", "m", model.Content{Messages: []model.Message{{Role: model.User, Blocks: []model.Block{{Kind: model.ImageBlock, Media: &model.Media{FileID: "file-abc"}},
			{Kind: model.DocumentBlock, Media: &model.Media{URL: "https://a.example/x.txt?y"}}, {Kind: model.DocumentBlock, Media: &model.Media{FileID: "gs://b/c"}}}}}},
			`{"contents":[{"role":"user","parts":[{"fileData":{"mimeType":"text/plain","fileUri":"https://a.example/x.txt?y"}},{"fileData":{"mimeType":"application/pdf","fileUri":"gs://b/c"}}]}]}`, []string{"image_file"}},
		{"tools", "gemini-3-pro", model.Content{Messages: []model.Message{text(model.User, "q")}, Tools: []model.Tool{
			{Name: "1 f/x", Parameters: json.RawMessage(`{"type":"object","properties":{"a":{"type":"string","minLength":1}}}`)},
			{Name: "patch", Freeform: &model.Freeform{}}, {Name: "g", Namespace: &model.Namespace{Name: "ns"}}},
			ToolChoice: &model.ToolChoice{Mode: "auto", Allowed: []string{"g", "1 f/x"}}},
			`{"contents":[{"role":"user","parts":[{"text":"q"}]}],"tools":[{"functionDeclarations":[{"name":"_1_f_x_1el8f5l","parametersJsonSchema":{"type":"object","properties":{"a":{"type":"string"}}}},` +
				`{"name":"patch","parametersJsonSchema":{"type":"object","properties":{"input":{"type":"string","description":"The tool's input, as plain text."}},"required":["input"],"additionalProperties":false}},` +
				`{"name":"ns__g"}]}],"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED","allowedFunctionNames":["ns__g","_1_f_x_1el8f5l"]}}}`, []string{"tools[0].parameters.minLength"}},
		{"older models", "gemini-2.0-flash", model.Content{Messages: []model.Message{text(model.User, "q")}, Effort: "high",
			Tools:  []model.Tool{{Name: "f", Parameters: json.RawMessage(`{"type":"object","properties":{"a":{"type":["string","null"]}}}`)}, {Name: "g", Parameters: json.RawMessage(`{"type":"object","properties":{}}`)}},
			Format: &model.Format{Kind: "json"}},
			`{"contents":[{"role":"user","parts":[{"text":"q"}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true}}}},{"name":"g"}]}]}`,
			[]string{"effort", "format_json"}},
		{"settings", "gemini-2.5-flash", model.Content{Messages: []model.Message{text(model.User, "q")}, Temperature: ptr(3.0), FrequencyPenalty: ptr(0.0), PresencePenalty: ptr(2.0), TopK: ptr(0),
			Stop: []string{"1", "2", "3", "4", "5", "6"}, Seed: ptr(int64(1) << 33), N: 1, Effort: "medium", ServiceTier: "scale", TopLogprobs: 2,
			Format: &model.Format{Kind: "schema", Schema: json.RawMessage(`{"type":"string","pattern":"x"}`)}},
			`{"contents":[{"role":"user","parts":[{"text":"q"}]}],"generationConfig":{"temperature":2,"stopSequences":["1","2","3","4","5"],"presencePenalty":1.99,"responseLogprobs":true,"logprobs":2,` +
				`"responseMimeType":"application/json","responseJsonSchema":{"type":"string"},"thinkingConfig":{"thinkingBudget":8192}}}`,
			[]string{"format_schema.pattern", "seed", "service_tier", "stop", "temperature"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.content.Dialect = "other"
			got, notes, err := Client{}.encode(tt.model, &tt.content)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, string(got)); d != "" {
				t.Errorf("%s\n%s", got, d)
			}
			slices.Sort(notes)
			if !slices.Equal(notes, tt.notes) {
				t.Errorf("notes %v, want %v", notes, tt.notes)
			}
			if _, err := decode(got); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestThinking(t *testing.T) {
	on := &model.Reasoning{Mode: "on", Budget: ptr(100000)}
	tests := []struct {
		model, effort string
		r             *model.Reasoning
		want          string
	}{
		{"gemini-2.5-flash", "", on, `{"includeThoughts":true,"thinkingBudget":24576}`},
		{"gemini-2.5-pro", "none", nil, `{"thinkingBudget":128}`},
		{"gemini-2.5-flash", "", &model.Reasoning{Mode: "off"}, `{"thinkingBudget":0}`},
		{"gemini-2.5-flash-lite", "", &model.Reasoning{Mode: "adaptive", Summary: "none"}, `{"includeThoughts":false,"thinkingBudget":-1}`},
		{"gemini-3.5-flash", "xhigh", on, `{"includeThoughts":true,"thinkingLevel":"HIGH"}`},
		{"gemini-3-pro", "minimal", nil, `{"thinkingLevel":"LOW"}`},
		{"gemini-3-pro", "", &model.Reasoning{Mode: "off"}, `{"thinkingLevel":"LOW"}`},
		{"gemini-flash-latest", "none", nil, `{"thinkingLevel":"MINIMAL"}`},
		{"gemini-3-pro", "", on, `{"includeThoughts":true,"thinkingBudget":32768}`},
		{"gemini-3-pro", "", &model.Reasoning{Mode: "adaptive"}, `{"includeThoughts":true}`},
		{"gemini-2.0-flash", "low", on, ``},
	}
	for _, tt := range tests {
		c := model.Prompt("q")
		c.Effort, c.Reasoning, c.Dialect = tt.effort, tt.r, "other"
		body, _, err := Client{}.encode(tt.model, c)
		var got struct {
			GenerationConfig struct{ ThinkingConfig json.RawMessage }
		}
		if err != nil || json.Unmarshal(body, &got) != nil || string(got.GenerationConfig.ThinkingConfig) != tt.want {
			t.Errorf("%s, effort %q, %+v: %s, %v", tt.model, tt.effort, tt.r, body, err)
		}
	}
}

func TestStrictAndTrail(t *testing.T) {
	c := model.Prompt("q")
	c.Dialect, c.ParallelTools = "openai", ptr(false)
	c.Tools = []model.Tool{{Name: "f", Parameters: json.RawMessage(`{"type":"object","minProperties":1}`)}}
	req := model.NewRequest("m", c)
	trail := &model.Trail{}
	r, err := Client{}.Request(model.WithTrail(context.Background(), trail), generative, "gemini-3-pro", req)
	if sent(t, r, err); !slices.Equal(trail.Dropped(), []string{"parallel_tools", "tools[0].parameters.minProperties"}) {
		t.Errorf("dropped %v", trail.Dropped())
	}
	req.Strict = true
	if _, err := (Client{}).Request(context.Background(), generative, "gemini-3-pro", req); model.KindOf(err) != model.Invalid {
		t.Errorf("strict: %v", err)
	}
}

// TestGather reads a history whose client kept each event of a stream as a content of its own.
func TestGather(t *testing.T) {
	seal := carrySeal(&model.Seal{Dialect: "anthropic", Data: "s1"})
	hidden := carrySeal(&model.Seal{Dialect: "anthropic", Data: "s2", Hidden: true})
	content, err := decode([]byte(`{"contents":[{"parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"think","thought":true}]},{"role":"model","parts":[{"text":" hard","thought":true}]},
		{"role":"model","parts":[{"text":"","thought":true,"thoughtSignature":"` + seal + `"}]},{"role":"model","parts":[{"text":"","thought":true,"thoughtSignature":"` + hidden + `"}]},
		{"role":"model","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]},{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"` + unsignedForClient + `"}]},
		{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"r"}}}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []model.Message{text(model.User, "q"), {Role: model.Assistant, Blocks: []model.Block{
		{Kind: model.ReasoningBlock, Text: "think hard", Seal: &model.Seal{Dialect: "anthropic", Data: "s1"}},
		{Kind: model.ReasoningBlock, Seal: &model.Seal{Dialect: "anthropic", Data: "s2", Hidden: true}},
		{Kind: model.TextBlock, Text: "ab"}, call(made+"0", "f", "{}", nil)}}, result(made+"0", "r")}
	if d := cmp.Diff(want, content.Messages); d != "" {
		t.Error(d)
	}
}

// TestArray streams to a client that did not ask for events.
func TestArray(t *testing.T) {
	read := func(body string) (texts []string) {
		var all []struct {
			Error      *struct{ Status string }
			Candidates []struct {
				Content struct{ Parts []struct{ Text string } }
			}
		}
		if err := json.Unmarshal([]byte(body), &all); err != nil {
			t.Errorf("%v: %s", err, body)
		}
		for _, c := range all {
			if c.Error != nil {
				texts = append(texts, c.Error.Status)
			} else {
				texts = append(texts, c.Candidates[0].Content.Parts[0].Text)
			}
		}
		return texts
	}
	for _, own := range []bool{false, true} {
		for _, fails := range []bool{false, true} {
			var out strings.Builder
			req := asked(t, "/v1beta/models/m:streamGenerateContent", `{}`)
			a := Server{}.Answer(&out, req)
			for _, s := range []string{"a", "b"} {
				p := model.Part{Kind: model.TextPart, Text: s}
				if own {
					p.Event = model.Event{Dialect: Name, Data: []byte(`{"candidates":[{"content":{"parts":[{"text":"` + s + `"}]}}]}`)}
				}
				a.Part(p)
			}
			a.Part(model.Part{Event: model.Event{Dialect: Name}})
			want := []string{"a", "b"}
			if fails {
				a.Fail(&model.Error{Kind: model.Upstream})
				want = append(want, "UNAVAILABLE")
			} else {
				a.Finish(model.Answer("m", "ab"))
				if !own {
					want = append(want, "")
				}
			}
			if got := read(out.String()); !slices.Equal(got, want) || a.ContentType() != "application/json" {
				t.Errorf("own %v, fails %v: %q in %s", own, fails, got, out.String())
			}
		}
	}
}

func TestEmbedding(t *testing.T) {
	vertex := Client{Vertex: true}
	base := "https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu"
	req := &model.EmbedRequest{Inputs: []string{"a", "b"}, Dimensions: 3, Purpose: "document", Title: "T", Truncate: ptr(true), User: "u"}
	one := *req
	one.Inputs = req.Inputs[:1]
	tests := []struct {
		c         Client
		base      string
		name      string
		req       *model.EmbedRequest
		url, want string
		answer    string
		dropped   []string
	}{
		{Client{}, generative, "gemini-embedding-001", req, generative + "/v1beta/models/gemini-embedding-001:batchEmbedContents",
			`{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_DOCUMENT","title":"T","outputDimensionality":3},{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]},"taskType":"RETRIEVAL_DOCUMENT","title":"T","outputDimensionality":3}]}`,
			`{"embeddings":[{"values":[0.5,1]},{"values":[2]}]}`, []string{"user", "truncate"}},
		{vertex, base, "gemini-embedding-001", req, base + "/publishers/google/models/gemini-embedding-001:predict",
			`{"instances":[{"content":"a","task_type":"RETRIEVAL_DOCUMENT","title":"T"},{"content":"b","task_type":"RETRIEVAL_DOCUMENT","title":"T"}],"parameters":{"outputDimensionality":3,"autoTruncate":true}}`,
			`{"predictions":[{"embeddings":{"values":[0.5,1],"statistics":{"token_count":4,"truncated":false}}},{"embeddings":{"values":[2],"statistics":{"token_count":3}}}]}`, []string{"user"}},
		{vertex, base, "gemini-embedding-2", &one, base + "/publishers/google/models/gemini-embedding-2:embedContent",
			`{"content":{"parts":[{"text":"a"}]},"embedContentConfig":{"taskType":"RETRIEVAL_DOCUMENT","title":"T","outputDimensionality":3,"autoTruncate":true}}`,
			`{"embedding":{"values":[0.5,1]},"usageMetadata":{"promptTokenCount":7}}`, []string{"user"}},
	}
	for _, tt := range tests {
		trail := &model.Trail{}
		r, err := tt.c.EmbedRequest(model.WithTrail(context.Background(), trail), tt.base, tt.name, tt.req)
		if got := sent(t, r, err); got != tt.want || r.URL.String() != tt.url {
			t.Errorf("to %s: %s", r.URL, got)
		}
		if !slices.Equal(trail.Dropped(), tt.dropped) {
			t.Errorf("dropped %v", trail.Dropped())
		}
		e, err := tt.c.Embedded(tt.req, []byte(tt.answer))
		if err != nil || len(e.Vectors) != len(tt.req.Inputs) || !slices.Equal(e.Vectors[0], []float32{0.5, 1}) || tt.c.Vertex && e.Usage.Input != 7 {
			t.Errorf("%+v, %v", e, err)
		}
		if _, err := tt.c.Embedded(tt.req, []byte(`{"embeddings":[]}`)); model.KindOf(err) != model.Upstream {
			t.Errorf("without vectors: %v", err)
		}
	}
	wire := `{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]}},{"model":"models/m","content":{"parts":[{"inlineData":{"data":"AAEC"}}]},"x":1}]}`
	got, err := Server{}.EmbedRequest(httptest.NewRequest("POST", "/v1beta/models/m:batchEmbedContents", nil), []byte(wire))
	if err != nil || got.Inputs != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	r, err := Client{}.EmbedRequest(context.Background(), generative, "up", got)
	if s := sent(t, r, err); s != strings.ReplaceAll(wire, "models/m", "models/up") {
		t.Errorf("sent %s", s)
	}
	if _, err := vertex.EmbedRequest(context.Background(), base, "up", got); model.KindOf(err) != model.Invalid {
		t.Errorf("media to another API: %v", err)
	}
}

func TestCounting(t *testing.T) {
	wire := `{"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"a"}]}],"tools":[{"googleSearch":{}}]}}`
	req, err := Server{}.CountRequest(httptest.NewRequest("POST", "/v1beta/models/m:countTokens", nil), []byte(wire))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := req.Content(); err != nil || c.Messages[0].Text() != "a" || len(c.Tools) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	r, err := Client{}.CountRequest(context.Background(), generative, "up", req)
	if got := sent(t, r, err); got != strings.Replace(wire, "models/m", "models/up", 1) || !strings.HasSuffix(r.URL.Path, "/models/up:countTokens") {
		t.Errorf("sent %s", got)
	}
	r, err = Client{}.CountRequest(context.Background(), generative, "up", model.NewRequest("m", model.Prompt("q")))
	if got := sent(t, r, err); got != `{"generateContentRequest":{"model":"models/up","contents":[{"role":"user","parts":[{"text":"q"}]}]}}` {
		t.Errorf("sent %s", got)
	}
	r, err = Client{Vertex: true}.CountRequest(context.Background(), "https://x/v1/p", "up", model.NewRequest("m", model.Prompt("q")))
	if got := sent(t, r, err); got != `{"contents":[{"role":"user","parts":[{"text":"q"}]}]}` {
		t.Errorf("sent %s", got)
	}
	if n, err := (Client{}).Counted(Server{}.Counted(7)); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := (Client{}).Counted([]byte(`{}`)); model.KindOf(err) != model.Upstream {
		t.Error(err)
	}
}
