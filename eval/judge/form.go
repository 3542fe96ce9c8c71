// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"retort/compose"
	"retort/model"
)

// Match returns a verifier that gives 1 to answers whose text the expression matches, anywhere unless it says
// otherwise, and 0 to others.
func Match(expression *regexp.Regexp) compose.Verifier {
	return each(func(_ context.Context, _ *model.Request, c *model.Choice) (float64, error) {
		return passes(expression.MatchString(c.Message.Text())), nil
	})
}

// JSON returns a verifier that gives 1 to answers whose text is one JSON value and, where the request asks for a schema,
// is valid by it; 0 to others. A schema that is none, or refers to other documents, is an error.
func JSON() compose.Verifier {
	return each(func(_ context.Context, req *model.Request, c *model.Choice) (float64, error) {
		content, err := req.Content()
		if err != nil {
			return 0, err
		}
		text := c.Message.Text()
		if content.Format == nil || len(content.Format.Schema) == 0 {
			return passes(json.Valid([]byte(text))), nil
		}
		schema, err := compileSchema(content.Format.Schema)
		if err != nil {
			return 0, err
		}
		return passes(validBy(schema, text)), nil
	})
}

// Schema returns a verifier that gives 1 to answers whose text is JSON and valid by a JSON Schema (draft 2020-12 unless
// it says otherwise), and 0 to others. References to other documents are not followed: they are an error.
func Schema(document []byte) (compose.Verifier, error) {
	schema, err := compileSchema(document)
	if err != nil {
		return nil, err
	}
	return each(func(_ context.Context, _ *model.Request, c *model.Choice) (float64, error) {
		return passes(validBy(schema, c.Message.Text())), nil
	}), nil
}

var errElsewhere = errors.New("refers to another document; put all of the schema into one")

// nowhere loads no documents: schemas come from clients too, and must not read files or ask servers.
type nowhere struct{}

func (nowhere) Load(string) (any, error) { return nil, errElsewhere }

func compileSchema(document []byte) (*jsonschema.Schema, error) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, fmt.Errorf("read JSON Schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	const name = "memory:///schema.json" // relative references start from it
	if err = c.AddResource(name, parsed); err == nil {
		var schema *jsonschema.Schema
		if schema, err = c.Compile(name); err == nil {
			return schema, nil
		}
	}
	return nil, fmt.Errorf("compile JSON Schema: %w", err)
}

func validBy(schema *jsonschema.Schema, text string) bool {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	return err == nil && schema.Validate(value) == nil
}
