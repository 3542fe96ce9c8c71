// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package schema makes JSON Schemas fit what an upstream takes of them. Every vendor documents a subset of JSON Schema
// for the shape of answers and of tools' arguments and answers 400, or worse, to what lies outside.
//
// A schema that fits is never changed, not even in its spacing. In one that does not, what can be said in other words
// is: a reference becomes what it refers to, allOf one schema, oneOf the anyOf that it is in all but odd cases, const
// an enum of one. What cannot be said is removed and named; what is left allows more than it should, never less, but for
// objects that must not have further members. The order of members stays, since upstreams write answers in it.
package schema

import (
	"encoding/json"
	"slices"
)

// Subset is what an upstream takes of JSON Schema.
type Subset uint8

// The subsets.
const (
	// OpenAIStrict is that of OpenAI's strict structured outputs and strict functions: every object names all its members,
	// requires them and has no others. A schema with a member that may be left out, though it may not be null, or with
	// objects that have other members than those named, would change its meaning so: Fit returns it as it is, and says
	// "strict". Send it without asking for strictness.
	OpenAIStrict Subset = iota
	// Anthropic is that of Anthropic's structured outputs and strict tools: no references to itself, no limits of numbers
	// and strings, and objects without further members.
	Anthropic
	// Function is what OpenAI and Anthropic take of tools that are not strict: all of JSON Schema, as long as the root is
	// an object and no union.
	Function
	// Gemini is that of Gemini's responseJsonSchema and parametersJsonSchema.
	Gemini
	// OpenAPI is Gemini's older responseSchema and parameters: types in capitals, nullable, no references, and every
	// other keyword refused.
	OpenAPI
	// Ollama is what Ollama shows its models of tools' arguments: no references, and of conditions anyOf and enum alone.
	// Keywords that it does not look at stay, since it takes them.
	Ollama
)

// maxNodes and maxRefs bound what references can grow into.
const maxNodes, maxRefs = 20000, 32

// Fit returns raw as a schema of the subset and the names of what had to be removed, each once, such as "minLength".
// A raw that is not JSON, or far too large for a schema, comes back as it is.
func Fit(raw json.RawMessage, to Subset) (json.RawMessage, []string) {
	if plainly(raw, to) {
		return raw, nil
	}
	return fit(raw, to)
}

// fit takes a close look.
func fit(raw json.RawMessage, to Subset) (json.RawMessage, []string) {
	root := parse(raw)
	if root == nil || root.kind != '{' || root.size() > maxNodes {
		return raw, nil
	}
	f := &fitter{to: to, rules: subsets[to], raw: raw}
	root = f.root(root)
	switch {
	case f.impossible:
		return raw, []string{"strict"}
	case !f.changed:
		return raw, nil
	}
	return root.append(nil), f.removed
}

// fitter makes one schema fit.
type fitter struct {
	to         Subset
	rules      rules
	raw        []byte
	whole      *node // raw, where references point; nil until one is followed
	changed    bool
	impossible bool // the subset would change the schema's meaning
	removed    []string

	nodes  int      // copied so far
	within []string // references being resolved
}

// original returns the schema as it came, where references point.
func (f *fitter) original() *node {
	if f.whole == nil {
		f.whole = parse(f.raw)
	}
	return f.whole
}

// drop removes a keyword and names it.
func (f *fitter) drop(n *node, keyword string) {
	n.remove(keyword)
	f.note(keyword)
}

// note names what was removed.
func (f *fitter) note(keyword string) {
	f.changed = true
	if !slices.Contains(f.removed, keyword) {
		f.removed = append(f.removed, keyword)
	}
}

// put sets a keyword; that is a change of words, not of meaning.
func (f *fitter) put(n *node, keyword string, v *node) {
	n.set(keyword, v)
	f.changed = true
}

// root makes the whole schema fit.
func (f *fitter) root(n *node) *node {
	if f.to == Function {
		return f.function(n)
	}
	if !f.rules.inline && !f.rules.cyclic && f.cyclic(n) {
		f.rules.inline = true
	}
	if f.rules.inline && (n.get("$defs") != nil || n.get("definitions") != nil) {
		n.remove("$defs")
		n.remove("definitions")
		f.changed = true
	}
	n = f.schema(n)
	if f.to == OpenAIStrict && (!n.hasType("object") || n.get("anyOf") != nil) {
		f.impossible = true
	}
	return n
}
