// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package preset knows the upstreams that people have: for each its dialects and where they are spoken, what its address
// is made of, which variable of the environment holds its key, and what its terms say about learning from its answers.
// It is data alone; package config fills configurations with it, and package provider/account makes clients of it.
package preset

import (
	"fmt"
	"slices"
	"strings"
)

// Preset is a vendor, or a kind of server that one runs oneself.
type Preset struct {
	Name   string // in configurations, such as "groq"
	Title  string // for people, such as "Groq"
	Speaks []Speech
	Keys   []string // variables of the environment that hold its key, the first that is set counts
	BaseIn string   // the variable that the vendor's own clients take the base URL from
	Needs  []Field  // what the address is made of
	Auth   string   // how requests are authorised without a key, or with one in another way than the dialect's; see Auths
	Port   int      // of a server on this machine; 0 for vendors
	Notes  string   // what is worth knowing, for the documentation
	Terms  Terms
	Source string // the vendor's own documentation
}

// Speech is a dialect and where it is spoken; the first of a preset is the usual one. BaseURL may have fields in it, as
// in https://${resource}.openai.azure.com/openai/v1.
type Speech struct{ Dialect, BaseURL string }

// Field is a part of the address.
type Field struct {
	Name    string   // of the configuration's key: "region", "project", "location" or "resource"
	Vars    []string // that hold it usually
	Default string
}

// Terms are a hint, no judgement: what the vendor's terms say about learning from answers, and where to read it.
type Terms struct{ Basis, Source string }

// The ways to authorise requests.
const (
	AuthKey    = "key"     // the key, where the dialect puts it
	AuthBearer = "bearer"  // the key as a bearer token
	AuthAPIKey = "api-key" // the key in the header api-key
	AuthAWS    = "aws"     // AWS's signature
	AuthGoogle = "google"  // an access token of Google Cloud
)

// All returns the presets in the order in which the documentation shows them.
func All() []Preset { return slices.Concat(vendors(), clouds(), hosts(), locals()) }

// Named returns the preset of that name.
func Named(name string) (Preset, bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// Names returns the names of all presets.
func Names() []string {
	all := All()
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	return names
}

// Dialect returns the usual dialect.
func (p *Preset) Dialect() string { return p.Speaks[0].Dialect }

// Dialects returns all that it speaks.
func (p *Preset) Dialects() []string {
	names := make([]string, len(p.Speaks))
	for i, s := range p.Speaks {
		names[i] = s.Dialect
	}
	return names
}

// Field is the part of an address that a placeholder stands for.
func (p *Preset) Field(name string) (Field, bool) {
	for _, f := range p.Needs {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// BaseURL returns where a dialect is spoken, with the fields of the address filled in. The error names the field that is
// missing or that no host name can hold, or the dialect that is not spoken.
func (p *Preset) BaseURL(dialect string, fields map[string]string) (string, error) {
	i := slices.IndexFunc(p.Speaks, func(s Speech) bool { return s.Dialect == dialect })
	if i < 0 {
		return "", fmt.Errorf("dialect: the preset %s speaks %s", p.Name, strings.Join(p.Dialects(), ", "))
	}
	base := p.Speaks[i].BaseURL
	for _, f := range p.Needs {
		value := fields[f.Name]
		if value == "" {
			value = f.Default
		}
		if value == "" {
			return "", fmt.Errorf("%s: is missing; it is part of the address of %s", f.Name, p.Title)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return !nameRune(r) }) {
			return "", fmt.Errorf("%s: %q cannot be part of an address; give letters, digits, - and . alone", f.Name, value)
		}
		base = strings.ReplaceAll(base, "${"+f.Name+"}", value)
		switch f.Name {
		case "region":
			base = strings.ReplaceAll(base, "${aws}", awsDomain(value))
		case "location":
			base = strings.ReplaceAll(base, "${host}", vertexHost(value))
		}
	}
	return base, nil
}

func nameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.'
}

// awsDomain returns the domain of AWS's hosts in a region.
func awsDomain(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// vertexHost returns the host of Vertex AI for a location: one of the regions, of the two multi-regions, or of all.
func vertexHost(location string) string {
	switch location {
	case "global":
		return "aiplatform.googleapis.com"
	case "us", "eu":
		return "aiplatform." + location + ".rep.googleapis.com"
	}
	return location + "-aiplatform.googleapis.com"
}

// same returns dialects that are spoken at one address.
func same(base string, dialects ...string) []Speech {
	all := make([]Speech, len(dialects))
	for i, d := range dialects {
		all[i] = Speech{d, base}
	}
	return all
}

// local returns a server on this machine.
func local(name, title string, port int, source string, dialects ...string) Preset {
	return Preset{Name: name, Title: title, Port: port, Terms: weightsTerms, Source: source,
		Speaks: same(fmt.Sprintf("http://127.0.0.1:%d/v1", port), dialects...)}
}
