// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import "strings"

// rules are what a vendor documents of its subset.
type rules struct {
	refused  map[string]bool // keywords outside the subset
	allowed  map[string]bool // or, where everything else is refused, those inside
	formats  map[string]bool // what format may say; nil: anything
	scalars  string          // the kinds of values that an enum may hold
	inline   bool            // no references at all
	lonely   bool            // a reference has nothing beside it but keywords that begin with $
	cyclic   bool            // a schema may refer to itself
	oneOf    bool
	constant bool // const
	closed   bool // objects must say that they have no further members
}

// words makes a set of the words in text.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		set[w] = true
	}
	return set
}

// Keywords by what they are about.
const (
	conditions = "not if then else dependentRequired dependentSchemas dependencies unevaluatedProperties unevaluatedItems " +
		"propertyNames patternProperties contains minContains maxContains $dynamicRef $recursiveRef "
	members  = "minProperties maxProperties "
	lengths  = "minLength maxLength "
	limits   = "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf "
	contents = "contentEncoding contentMediaType contentSchema "
	others   = "nullable example propertyOrdering " // of Gemini
)

const anyScalar = `"0tfn`

// silent says of a keyword that it constrains nothing: nobody needs to know that it was removed.
func silent(keyword string) bool {
	switch keyword {
	case "$schema", "$id", "$comment", "$anchor", "$defs", "definitions", "$vocabulary", "$dynamicAnchor", "id", "title",
		"examples", "example", "deprecated", "readOnly", "writeOnly", "propertyOrdering":
		return true
	}
	return false
}

// holds says what the value of a keyword is made of: 's' for a schema, 'm' for an object of schemas, 'l' for an array of
// schemas, 0 for no schemas.
func holds(keyword string, kind byte) byte {
	switch keyword {
	case "items":
		if kind == '[' {
			return 'l'
		}
		return 's'
	case "additionalProperties", "additionalItems", "not", "if", "then", "else", "contains", "propertyNames",
		"unevaluatedProperties", "unevaluatedItems", "contentSchema":
		return 's'
	case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas":
		return 'm'
	case "anyOf", "oneOf", "allOf", "prefixItems":
		return 'l'
	}
	return 0
}

// subsets are the rules of each; they are never changed.
var subsets = [...]rules{
	OpenAIStrict: {refused: words(conditions + members + lengths + contents + others + "uniqueItems prefixItems additionalItems default examples"),
		formats: words("date-time time date duration email hostname ipv4 ipv6 uuid"), scalars: anyScalar,
		lonely: true, cyclic: true, constant: true, closed: true},
	Anthropic: {refused: words(conditions + members + lengths + limits + contents + others + "uniqueItems prefixItems additionalItems maxItems"),
		formats: words("date-time time date duration email hostname uri ipv4 ipv6 uuid"), scalars: anyScalar,
		constant: true, closed: true},
	Function: {},
	Gemini: {refused: words(conditions + members + lengths + contents + "exclusiveMinimum exclusiveMaximum multipleOf uniqueItems additionalItems pattern nullable"),
		scalars: `"0`, lonely: true, cyclic: true, oneOf: true},
	OpenAPI: {allowed: words("type format title description nullable enum maxItems minItems properties required minProperties " +
		"maxProperties minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum"),
		formats: words("float double int32 int64 enum date-time"), scalars: `"`, inline: true},
	Ollama: {scalars: anyScalar + "{[", inline: true},
}
