// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"errors"
	"net/http"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/object"
)

// Models returns the list of models, all on one page.
func (Server) Models(_ *http.Request, all []dialect.Info) []byte {
	e := looseEncoder(nil)
	mark := e.Open()
	e.Array("models")
	for i := range all {
		e.Elem()
		e.info(&all[i])
	}
	e.EndArray()
	e.Close(mark)
	return e.B
}

// Named returns the name of the model that the URL asks about.
func (Server) Named(r *http.Request, _ []byte) (string, error) {
	name := modelIn(r.URL.Path)
	if name == "" {
		return "", object.Invalid("model", errors.New("is missing in the URL; want models/NAME"))
	}
	return name, nil
}

// Model returns one model.
func (Server) Model(m dialect.Info) []byte {
	e := looseEncoder(nil)
	e.info(&m)
	return append(e.B, '\n')
}

func (e *encoder) info(m *dialect.Info) {
	mark := e.Open()
	name := m.Name
	if !strings.HasPrefix(name, "tunedModels/") {
		name = "models/" + name
	}
	e.Text("name", name)
	e.Text("displayName", m.Name)
	e.Text("version", "001") // the field is not optional
	if m.Owner != "" {
		e.Text("description", "by "+m.Owner)
	}
	if m.Context > 0 {
		e.Whole("inputTokenLimit", int64(m.Context))
	}
	e.Key("supportedGenerationMethods")
	if m.Embeds {
		e.Strings([]string{"embedContent", "batchEmbedContents"})
	} else {
		e.Strings([]string{"generateContent", streamMethod, "countTokens"})
	}
	e.Close(mark)
}
