// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

const vendorAt = "https://api.openai.com/v1"

// asksForeign asks what differs in one way from a prompt of another dialect.
func asksForeign(t *testing.T, c Client, base string, set func(*model.Content)) (body map[string]any, dropped []string) {
	t.Helper()
	content := model.Prompt("q")
	content.Dialect = "anthropic"
	set(content)
	got, _, dropped := asks(t, c, base, model.NewRequest("m", content))
	return parsed(t, got).(map[string]any), dropped
}

func TestEndUserIsCut(t *testing.T) {
	user := strings.Repeat("u", 150)
	long := func(from string) string {
		body, dropped := asksForeign(t, Client{}, vendorAt, func(c *model.Content) { c.Dialect, c.User = from, user })
		if dropped != nil {
			t.Errorf("dropped %v", dropped)
		}
		return body["user"].(string)
	}
	if got := long("anthropic"); len(got) != 64 || got != long("openai") {
		t.Errorf("got %q", got)
	}
	if long(Name) != user {
		t.Error("the dialect's own is cut")
	}
	body, _ := asksForeign(t, Client{}, vendorAt, func(c *model.Content) { c.User = "ann" })
	if body["user"] != "ann" {
		t.Errorf("got %v", body)
	}
}

func TestServiceTiers(t *testing.T) {
	for asked, tc := range map[string]struct {
		from string
		want any // in the request
		said any // in an answer by it
	}{
		"standard_only":            {"anthropic", "default", "default"},
		"standard":                 {"anthropic", "default", "default"},
		"SERVICE_TIER_STANDARD":    {"gemini", "default", "default"},
		"priority":                 {"bedrock", "priority", "priority"},
		"reserved":                 {"bedrock", nil, nil},
		"fast":                     {"openai", "fast", "priority"},
		"some":                     {Name, "some", nil},
		"SERVICE_TIER_UNSPECIFIED": {"gemini", nil, nil},
	} {
		body, dropped := asksForeign(t, Client{}, vendorAt, func(c *model.Content) { c.Dialect, c.ServiceTier = tc.from, asked })
		if body["service_tier"] != tc.want || slices.Contains(dropped, "service_tier") != (tc.want == nil) {
			t.Errorf("%s: asks for %v, dropped %v", asked, body["service_tier"], dropped)
		}
		resp := model.Answer("m", "a")
		resp.ServiceTier = asked
		if got := answered(t, resp)["service_tier"]; got != tc.said {
			t.Errorf("%s: the answer says %v", asked, got)
		}
	}
}

// answered returns an answer as a client of the dialect gets it.
func answered(t *testing.T, resp *model.Response) map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := (Server{}).Answer(&out, request(t, `{"model":"m","input":"q","service_tier":"auto"}`)).Finish(resp); err != nil {
		t.Fatal(err)
	}
	return parsed(t, out.String()).(map[string]any)
}

func TestEfforts(t *testing.T) {
	for _, tc := range []struct{ asked, model, want string }{
		{"max", "gpt-5.6", "max"}, {"max", "deployment", "max"}, {"max", "gpt-5.4-mini", "xhigh"}, {"xhigh", "gpt-5.4", "xhigh"},
		{"max", "openai/gpt-5", "high"}, {"xhigh", "o3", "high"}, {"high", "o3", "high"}, {"max", "gpt-5.1-codex-max", "xhigh"},
		{"ultra", "gpt-6", "max"}, {"so so", "gpt-6", ""},
	} {
		e := &encoder{strict: true}
		got := e.effort(tc.asked, tc.model)
		if got != tc.want || (len(e.notes) == 1) != (tc.asked != tc.want) {
			t.Errorf("%s to %s: %q, noted %v", tc.asked, tc.model, got, e.notes)
		}
	}
	if got := (&encoder{}).effort("max", "gpt-5"); got != "max" {
		t.Errorf("a compatible server is asked for %q", got)
	}
	if got := (&encoder{strict: true, own: true}).effort("max", "gpt-5"); got != "max" {
		t.Errorf("the dialect's own became %q", got)
	}
}

func TestStrictWhereverItIs(t *testing.T) {
	system := func(c *model.Content) {
		c.Messages = append(c.Messages, model.Text(model.System, "now"), model.Text(model.User, "go"))
	}
	for _, tc := range []struct {
		c      Client
		base   string
		strict bool
	}{
		{Client{}, "http://proxy.example.com/v1", false}, {Client{Vendor: true}, "http://proxy.example.com/v1", true},
		{Client{}, "https://x.services.ai.azure.com/openai/v1", true}, {Client{}, "https://x.openai.azure.com/openai/v1", true},
		{Client{}, "https://services.ai.azure.com.example.com/v1", false},
	} {
		body, _ := asksForeign(t, tc.c, tc.base, system)
		role := body["input"].([]any)[1].(map[string]any)["role"]
		if (role == "developer") != tc.strict {
			t.Errorf("%+v at %s: role %v", tc.c, tc.base, role)
		}
	}
}

// TestDataURLs reads data URLs of all forms, writes them as they came, and others in the usual form.
func TestDataURLs(t *testing.T) {
	for part, want := range map[string]model.Media{
		`{"type":"input_image","image_url":"data:image/png;charset=utf-8;base64,aGk="}`:  {Type: "image/png", Data: []byte("hi")},
		`{"type":"input_image","image_url":"DATA:image/svg+xml,%3Csvg/%3E"}`:             {Type: "image/svg+xml", Data: []byte("<svg/>")},
		`{"type":"input_image","image_url":"data:image/png;BASE64,aGk%3D"}`:              {Type: "image/png", Data: []byte("hi")},
		`{"type":"input_file","filename":"f","file_data":"Data:text/plain;base64,aGk="}`: {Type: "text/plain", Data: []byte("hi"), Name: "f"},
		`{"type":"input_file","file_url":"data:text/plain,hi"}`:                          {Type: "text/plain", Data: []byte("hi")},
	} {
		body := `{"input":[{"content":[` + part + `],"role":"user","type":"message"}],"model":"m"}`
		content, err := request(t, body).Content()
		if err != nil {
			t.Fatal(err)
		}
		m := content.Messages[0].Blocks[0].Media
		if d := cmp.Diff(want, *m); d != "" {
			t.Errorf("%s: %s", part, d)
		}
		got, _, _ := asks(t, Client{}, vendorAt, model.NewRequest("m", content))
		if again := parsed(t, got).(map[string]any)["input"].([]any)[0]; cmp.Diff(parsed(t, body).(map[string]any)["input"].([]any)[0], again) != "" {
			t.Errorf("%s became %v", part, again)
		}
		*m = model.Media{Type: "image/png", Data: []byte("new")}
		if got, _, _ := asks(t, Client{}, vendorAt, model.NewRequest("m", content)); !strings.Contains(got, "data:image/png;base64,bmV3") {
			t.Errorf("another medium is not written: %s", got)
		}
	}
	for _, part := range []string{`{"type":"input_image","image_url":"data:image/png;base64,???"}`, `{"type":"input_file","file_url":"data:"}`} {
		if _, err := request(t, `{"model":"m","input":[{"role":"user","content":[`+part+`]}]}`).Content(); model.KindOf(err) != model.Invalid {
			t.Errorf("%s: %v", part, err)
		}
	}
	got, dropped := asksForeign(t, Client{}, vendorAt, func(c *model.Content) {
		for _, url := range []string{"data:text/plain,hi", "data:text/plain;base64,?", "https://h/f.pdf"} {
			c.Messages[0].Blocks = append(c.Messages[0].Blocks, model.Block{Kind: model.DocumentBlock, Media: &model.Media{URL: url}})
		}
	})
	want := parsed(t, `[{"type":"input_text","text":"q"},{"type":"input_file","file_data":"data:text/plain;base64,aGk=","filename":"document.txt"},`+
		`{"type":"input_file","file_url":"https://h/f.pdf"}]`)
	if d := cmp.Diff(want, got["input"].([]any)[0].(map[string]any)["content"]); d != "" || !slices.Contains(dropped, "messages[0].document_url") {
		t.Errorf("dropped %v: %s", dropped, d)
	}
}

// TestCitations holds that what has no address is noted, not made up, and that what is about a whole text says so.
func TestCitations(t *testing.T) {
	quote := model.Citation{Quote: "w", Title: "doc", Native: json.RawMessage(`{"type":"char_location","cited_text":"w"}`)}
	page := model.Citation{URL: "https://h", Title: "t"}
	for _, from := range []string{"anthropic", ""} {
		body, dropped := asksForeign(t, Client{}, vendorAt, func(c *model.Content) {
			c.Dialect = from
			c.Messages = append(c.Messages, model.Message{Role: model.Assistant, Blocks: []model.Block{
				{Kind: model.TextBlock, Text: "sö", Citations: []model.Citation{quote, page}}}})
		})
		said := body["input"].([]any)[1].(map[string]any)["content"].([]any)[0].(map[string]any)["annotations"]
		want := parsed(t, `[{"type":"url_citation","url":"https://h","title":"t","start_index":0,"end_index":2}]`)
		if d := cmp.Diff(want, said); d != "" || !slices.Contains(dropped, "messages[1].past_citations") {
			t.Errorf("from %q: dropped %v, %s", from, dropped, d)
		}
	}
}

// TestCitationsComeBack sends citations that came before their text, as some upstreams' streams have them.
func TestCitationsComeBack(t *testing.T) {
	for _, stream := range []string{"false", "true"} {
		var out bytes.Buffer
		a := Server{}.Answer(&out, request(t, `{"model":"m","input":"q","stream":`+stream+`}`))
		parts := []model.Part{
			{Kind: model.TextPart, Start: true, Detail: &model.Detail{Citations: []model.Citation{{URL: "https://a"}}}},
			{Kind: model.TextPart, Text: "whole"},
			{Kind: model.TextPart, Detail: &model.Detail{Citations: []model.Citation{{URL: "https://b", Start: 1, End: 3}, {Quote: "no address"}}}},
			{Kind: model.FinishPart, Finish: model.FinishStop},
		}
		var all model.Collector
		for i := range parts {
			if err := all.Add(&parts[i]); err != nil {
				t.Fatal(err)
			}
			if err := a.Part(parts[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Finish(&model.Response{Choices: all.Choices()}); err != nil {
			t.Fatal(err)
		}
		resp, _, err := readAs(a.ContentType(), out.String(), stream == "true")
		if err != nil {
			t.Fatal(err)
		}
		type span struct {
			url        string
			start, end int
		}
		var got []span
		for _, c := range resp.Choices[0].Message.Blocks[0].Citations {
			got = append(got, span{c.URL, c.Start, c.End})
		}
		slices.SortFunc(got, func(a, b span) int { return strings.Compare(a.url, b.url) })
		if !slices.Equal(got, []span{{"https://a", 0, 5}, {"https://b", 1, 3}}) {
			t.Errorf("stream %s: %v in %s", stream, got, out.String())
		}
	}
}

// TestPhase holds that what the dialect alone says of a message stays in it.
func TestPhase(t *testing.T) {
	const said = `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}],"phase":"commentary"}`
	body := `{"model":"m","input":[{"role":"user","content":"q"},` + said + `]}`
	if got, _, _ := asks(t, Client{}, vendorAt, request(t, body)); got != strings.Replace(body, `"m"`, `"theirs"`, 1) {
		t.Errorf("passed on as %s", got)
	}
	content, err := request(t, body).Content()
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := asks(t, Client{}, vendorAt, model.NewRequest("m", content)); !strings.Contains(got, `"phase":"commentary"`) {
		t.Errorf("written as %s", got)
	}
	const dotted = `{"role":"user","content":"q",".role":"x"}`
	if content, err := request(t, `{"model":"m","input":[`+dotted+`],".y":1}`).Content(); err != nil {
		t.Error(err)
	} else if got, _, _ := asks(t, Client{}, vendorAt, model.NewRequest("m", content)); !strings.Contains(got, `".role":"x"`) || !strings.Contains(got, `".y":1`) {
		t.Errorf("names that begin with a dot: %s", got)
	}
	content.Dialect = "other"
	if got, _, dropped := asks(t, Client{}, vendorAt, model.NewRequest("m", content)); strings.Contains(got, "phase") || dropped == nil {
		t.Errorf("another dialect's is written as %s, dropped %v", got, dropped)
	}
	data := `{"id":"r","status":"completed","output":[` + said + `]}`
	resp, _, err := readAs("application/json", data, false)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (Server{}).Answer(&out, request(t, `{"model":"m","input":"q"}`)).Finish(resp); err != nil || out.String() != data {
		t.Errorf("the answer is %s, %v", out.String(), err)
	}
}
