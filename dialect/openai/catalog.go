// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"errors"
	"net/http"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/object"
)

const modelsPath = "/v1/models"

// Models returns the list of models in the dialect's shape.
func (Server) Models(_ *http.Request, all []dialect.Info) []byte {
	e := looseEncoder(nil)
	mark := e.Open()
	e.Text("object", "list")
	e.Array("data")
	for i := range all {
		e.Elem()
		e.info(&all[i])
	}
	e.EndArray()
	e.Close(mark)
	return e.B
}

// Named returns what the path names behind that of the list. Names may contain slashes.
func (Server) Named(r *http.Request, _ []byte) (string, error) {
	name, ok := strings.CutPrefix(r.URL.Path, modelsPath+"/")
	if !ok || name == "" {
		return "", object.Invalid("model", errors.New("is missing; give the name of a model in the path"))
	}
	return name, nil
}

// Model returns one model in the dialect's shape.
func (Server) Model(m dialect.Info) []byte {
	e := looseEncoder(nil)
	e.info(&m)
	return e.B
}

func (e *encoder) info(m *dialect.Info) {
	owner, created := m.Owner, int64(0)
	if owner == "" {
		owner = "retort"
	}
	if !m.Created.IsZero() {
		created = m.Created.Unix()
	}
	mark := e.Open()
	e.Text("id", m.Name)
	e.Text("object", "model")
	e.Whole("created", created)
	e.Text("owned_by", owner)
	e.Close(mark)
}
