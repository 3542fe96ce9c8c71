// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"retort/dialect"
	"retort/dialect/internal/object"
)

// latest is the tag of names that have none. Ollama lists names with it, and several clients add it before they look a
// name up in the list.
const latest = ":latest"

// tagged returns a name as Ollama lists it.
func tagged(name string) string {
	if strings.Contains(name, ":") {
		return name
	}
	return name + latest
}

// family is the architecture that models are said to have: clients look for the length of a context under its name.
const family = "retort"

// Models returns the list of models. What is known of a file alone is empty: its size, its format, how it is quantised.
// A model's digest is one of its name.
func (Server) Models(_ *http.Request, all []dialect.Info) []byte {
	w := &object.Writer{Loose: true}
	mark := w.Open()
	w.Array("models")
	for i := range all {
		w.Elem()
		inner := w.Open()
		name := tagged(all[i].Name)
		w.Text("name", name)
		w.Text("model", name)
		w.Text("modified_at", modified(&all[i]))
		w.Whole("size", 0)
		digest := sha256.Sum256([]byte(all[i].Name))
		w.Text("digest", hex.EncodeToString(digest[:]))
		details(w, &all[i])
		capabilities(w, &all[i])
		w.Close(inner)
	}
	w.EndArray()
	w.Close(mark)
	return w.B
}

func modified(m *dialect.Info) string { return m.Created.UTC().Format(time.RFC3339Nano) }

func details(w *object.Writer, m *dialect.Info) {
	w.Key("details")
	mark := w.Open()
	w.Text("parent_model", "")
	w.Text("format", "")
	w.Text("family", family)
	w.Key("families")
	w.Strings([]string{family})
	w.Text("parameter_size", "")
	w.Text("quantization_level", "")
	if m.Context > 0 {
		w.Whole("context_length", int64(m.Context))
	}
	w.Close(mark)
}

// capabilities writes what a model can do. Of one that nothing is known of all is said that this dialect can ask, since
// clients hide what is not said, and a model that is asked too much refuses.
func capabilities(w *object.Writer, m *dialect.Info) {
	can := []string{"completion"}
	if m.Embeds {
		can = []string{"embedding"}
	}
	for _, a := range dialect.Abilities() { // which are called so here
		if m.May(a) {
			can = append(can, string(a))
		}
	}
	w.Key("capabilities")
	w.Strings(can)
}

// Named returns the name of the model that a request to /api/show asks about.
func (Server) Named(_ *http.Request, body []byte) (string, error) {
	d := newDecoder(body)
	if d.Kind() != '{' {
		return "", object.NotObject(&d.Cursor, body)
	}
	var name, old string
	err := d.Members(func(key string) error {
		switch key {
		case "model":
			return d.Str(&name)
		case "name":
			return d.Str(&old)
		}
		d.Skip()
		return nil
	})
	if err = d.Done(err); err != nil {
		return "", object.Refused(err)
	}
	if name == "" {
		name = old
	}
	if name == "" {
		return "", object.Invalid("model", errors.New("is missing; give the name of a model"))
	}
	return name, nil
}

// template is what models are said to have for one: some clients look in it for the word that says whether a model
// takes tools.
const template = plainTemplate + " {{ .Tools }}"

const plainTemplate = "{{ .System }} {{ .Messages }}"

// Model returns what /api/show says of a model.
func (Server) Model(m dialect.Info) []byte {
	w := &object.Writer{Loose: true}
	mark := w.Open()
	w.Text("license", "")
	w.Text("modelfile", "FROM "+m.Name+"\n")
	w.Text("parameters", parameters(&m))
	w.Text("template", templateOf(&m))
	details(w, &m)
	w.Key("model_info")
	info := w.Open()
	w.Text("general.architecture", family)
	w.Text("general.basename", m.Name)
	w.TextIf("general.organization", m.Owner)
	if m.Context > 0 {
		w.Whole(family+".context_length", int64(m.Context))
	}
	w.Close(info)
	capabilities(w, &m)
	w.Text("modified_at", modified(&m))
	w.Close(mark)
	return w.B
}

func parameters(m *dialect.Info) string {
	if m.Context == 0 {
		return ""
	}
	return fmt.Sprintf("%-30s %d", "num_ctx", m.Context)
}

func templateOf(m *dialect.Info) string {
	if m.Embeds {
		return "{{ .Prompt }}"
	}
	if !m.May(dialect.CanTools) {
		return plainTemplate
	}
	return template
}
