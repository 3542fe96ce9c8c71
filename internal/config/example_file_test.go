// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// exampleFile is the configuration that shows everything.
func exampleFile(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "retort.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestExampleFile(t *testing.T) {
	env := func(name string) (string, bool) { return "sk-example", name == "OPENAI_API_KEY" }
	cfg, err := Parse("retort.yaml", exampleFile(t), env)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Providers["openai"].APIKey.Reveal() != "sk-example" || cfg.Tasks["support"].Teacher.Lead() != "steady" {
		t.Errorf("read %+v", cfg)
	}
}

func TestExampleFileShowsEveryKey(t *testing.T) {
	text := string(exampleFile(t))
	var missing func(reflect.Type)
	seen := map[reflect.Type]bool{}
	missing = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Map || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || isScalar(typ) || seen[typ] {
			return
		}
		seen[typ] = true
		for _, f := range fieldsOf(typ) {
			if !regexp.MustCompile(`\b` + f.name + `:`).MatchString(text) {
				t.Errorf("examples/retort.yaml does not show %s", f.name)
			}
			missing(f.typ)
		}
	}
	missing(reflect.TypeFor[Config]())
}

func TestSchema(t *testing.T) {
	schema := compile(t)
	if err := schema.Validate(asJSON(t, string(exampleFile(t)))); err != nil {
		t.Errorf("the example does not fit the schema: %v", err)
	}
	for path, archive := range fixtures(t, "good") {
		for _, file := range archive.Files {
			if strings.Contains(string(file.Data), "<<:") {
				continue // merged keys are YAML's own: a schema sees the key <<
			}
			if err := schema.Validate(asJSON(t, string(file.Data))); err != nil {
				t.Errorf("%s: %s does not fit the schema: %v", path, file.Name, err)
			}
		}
	}
	for _, name := range []string{
		"unknown_key_top", "unknown_key_nested", "secret_in_the_file", "dialect_unknown", "dialect_missing", "model_says_nothing",
		"model_two_kinds", "cascade_missing", "cascade_two_rules", "duration", "size", "number", "boolean", "task_without_teacher",
		"task_teachers", "task_student", "fallback_rule_kind", "fallback_rule_nameless", "balance_missing", "hedge_missing",
		"split_missing", "split_unknown", "shadow_missing", "section_is_a_list", "list_is_a_value",
	} {
		archive := fixtures(t, "bad")[filepath.Join("testdata", "bad", name+".txtar")]
		if schema.Validate(asJSON(t, string(archive.Files[0].Data))) == nil {
			t.Errorf("%s fits the schema", name)
		}
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("retort.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("retort.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// braces turns the masks back, which the YAML library writes as escapes.
var braces = strings.NewReplacer(`\ue000`, "{", `\ue001`, "}")

// asJSON reads YAML as editors do, which check a file against the schema.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	converted, err := yaml.YAMLToJSON([]byte(mask(text)))
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(converted)) == 0 || string(bytes.TrimSpace(converted)) == "null" {
		return map[string]any{}
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(braces.Replace(string(converted))))
	if err != nil {
		t.Fatalf("%v in %s", err, converted)
	}
	return value
}
