// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package preset

import (
	"net/url"
	"strings"
	"testing"
)

func TestPresetsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	fields := map[string]string{"resource": "mine", "region": "eu-central-1", "project": "p-1", "location": "global"}
	for _, p := range All() {
		if seen[p.Name] || p.Name != strings.ToLower(p.Name) {
			t.Errorf("%s stands there twice, or is no name", p.Name)
		}
		seen[p.Name] = true
		if got, ok := Named(p.Name); !ok || got.Title != p.Title || p.Title == "" || !strings.HasPrefix(p.Source, "https://") {
			t.Errorf("%s: %+v", p.Name, p)
		}
		if p.Port == 0 && len(p.Keys) == 0 && p.Auth == "" {
			t.Errorf("%s needs no credential", p.Name)
		}
		for _, s := range p.Speaks {
			base, err := p.BaseURL(s.Dialect, fields)
			u, parsed := url.Parse(base)
			if err != nil || parsed != nil || strings.ContainsAny(base, "${}") || strings.HasSuffix(base, "/") || u.Scheme != "https" && p.Port == 0 {
				t.Errorf("%s in %s: %s, %v", p.Name, s.Dialect, base, err)
			}
		}
	}
	for _, name := range []string{"openai", "azure", "anthropic", "gemini", "bedrock", "vertex", "vertex-anthropic", "vllm", "llamacpp", "ollama",
		"mistral", "deepseek", "groq", "together", "fireworks", "openrouter", "xai", "lmstudio"} {
		if !seen[name] {
			t.Errorf("there is no preset %s", name)
		}
	}
	if _, ok := Named("none"); ok || len(Names()) != len(seen) {
		t.Error("the names are not those of the presets")
	}
}

func TestBaseURL(t *testing.T) {
	for _, tc := range []struct {
		preset, dialect string
		fields          map[string]string
		want, fail      string
	}{
		{"bedrock", "bedrock", map[string]string{"region": "cn-north-1"}, "https://bedrock-runtime.cn-north-1.amazonaws.com.cn", ""},
		{"vertex", "gemini", map[string]string{"project": "p"}, "https://aiplatform.googleapis.com/v1/projects/p/locations/global", ""},
		{"vertex", "gemini", map[string]string{"project": "p", "location": "eu"}, "https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu", ""},
		{"vertex-anthropic", "anthropic", map[string]string{"project": "p", "location": "us-east5"}, "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5", ""},
		{"vertex", "gemini", nil, "", "project: is missing"},
		{"azure", "openai", map[string]string{"resource": "evil.example.com/#"}, "", "resource: "},
		{"bedrock", "bedrock", map[string]string{"region": "x@evil.example.com"}, "", "region: "},
		{"groq", "gemini", nil, "", "dialect: the preset groq speaks openai, responses"},
	} {
		p, _ := Named(tc.preset)
		got, err := p.BaseURL(tc.dialect, tc.fields)
		if got != tc.want || (err == nil) != (tc.fail == "") || err != nil && !strings.HasPrefix(err.Error(), tc.fail) {
			t.Errorf("%s %v: got %s, %v", tc.preset, tc.fields, got, err)
		}
	}
}
