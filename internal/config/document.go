// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// Document is a value that the file holds and others know the shape of, such as a JSON Schema. The zero value is none.
type Document struct {
	tree any // pairs, list, string, bool, int64, uint64, float64, or nil for null
}

var documentType = reflect.TypeFor[Document]()

// NewDocument returns the document that is a text.
func NewDocument(text string) Document { return Document{text} }

// IsZero reports whether there is no document.
func (d Document) IsZero() bool { return d.tree == nil }

// Equal reports whether two documents hold the same.
func (d Document) Equal(other Document) bool {
	return d.IsZero() == other.IsZero() && d.Text() == other.Text()
}

// Text returns a text as it is, and what is more than that as JSON, keys in the order of the file.
func (d Document) Text() string {
	if text, ok := d.tree.(string); ok {
		return text
	}
	return string(appendJSON(nil, d.tree))
}

func appendJSON(dst []byte, tree any) []byte {
	switch x := tree.(type) {
	case pairs:
		dst = append(dst, '{')
		for i, p := range x {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(append(appendJSON(dst, p.key), ':'), p.value)
		}
		return append(dst, '}')
	case list:
		dst = append(dst, '[')
		for i, item := range x {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, item)
		}
		return append(dst, ']')
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(tree) // finite numbers, texts and truth values always encode
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// document decodes a node of any shape. At the top a single value is a text, as it is written.
func (d *decoder) document(path string, n ast.Node, v reflect.Value, depth int) {
	var text string
	if _, single := textOf(n); single {
		d.scalar(path, n, reflect.ValueOf(&text).Elem(), field{})
		v.Set(reflect.ValueOf(NewDocument(text)))
		return
	}
	v.Set(reflect.ValueOf(Document{d.branch(path, n, depth)}))
}

// branch decodes a node inside a document.
func (d *decoder) branch(path string, n ast.Node, depth int) any {
	if !d.enter(path, depth) {
		return nil
	}
	n, ok := d.resolve(path, n)
	if !ok {
		return nil
	}
	switch x := n.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.MappingNode, *ast.MappingValueNode:
		tree := pairs{}
		d.pairs(path, n, depth, func(key string, value ast.Node) {
			tree = append(tree, pair{key, d.branch(join(path, key), value, depth+1)})
		})
		return tree
	case *ast.SequenceNode:
		items := make(list, len(x.Values))
		for i, item := range x.Values {
			if tk := item.GetToken(); tk != nil {
				d.places[index(path, i)] = tk.Position
			}
			items[i] = d.branch(index(path, i), item, depth+1)
		}
		return items
	case *ast.BoolNode:
		return x.Value
	case *ast.IntegerNode:
		return x.Value
	case *ast.FloatNode:
		return x.Value
	case *ast.InfinityNode, *ast.NanNode:
		d.fail(path, "%s is no number that JSON has", describe(n))
		return nil
	}
	var text string
	d.scalar(path, n, reflect.ValueOf(&text).Elem(), field{})
	return text
}

// documentTree turns a document into what the emitter writes, with references where it has them.
func (c *Config) documentTree(path string, tree any) any {
	if text, ok := c.written[path]; ok {
		return text
	}
	switch x := tree.(type) {
	case pairs:
		out := make(pairs, len(x))
		for i, p := range x {
			out[i] = pair{p.key, c.documentTree(join(path, p.key), p.value)}
		}
		return out
	case list:
		out := make(list, len(x))
		for i := range x {
			out[i] = c.documentTree(index(path, i), x[i])
		}
		return out
	case string:
		return escape(x)
	case float64:
		return unquoted(floatText(x))
	case nil:
		return unquoted("null")
	}
	return tree
}

// unquoted is written as it is.
type unquoted string

// floatText writes a number so that YAML reads one with a fraction again.
func floatText(x float64) string {
	if text := strconv.FormatFloat(x, 'f', -1, 64); bytes.ContainsRune([]byte(text), '.') {
		return text
	}
	return fmt.Sprintf("%.1f", x)
}
