// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"net/http"

	"retort/dialect"
	"retort/dialect/internal/object"
)

// Refusals returns where AWS's SDKs ask Bedrock, for a server: whoever asks there is told, as AWS tells things, that this
// dialect is for upstreams alone.
func Refusals() []dialect.Route {
	var all []dialect.Route
	for _, op := range [...]string{"converse", "converse-stream", "invoke", "invoke-with-response-stream", "count-tokens"} {
		all = append(all, dialect.Route{Method: http.MethodPost, Path: "/model/*/" + op, Op: dialect.Say, Say: refuse, Open: true})
	}
	return all
}

func refuse(w http.ResponseWriter, _ *http.Request) {
	body := &object.Writer{}
	mark := body.Open()
	body.Text("message", "Retort speaks Bedrock to upstreams only; ask it in another dialect, such as OpenAI's at /v1/chat/completions or Anthropic's at /v1/messages")
	body.Close(mark)
	w.Header()["Content-Type"] = []string{"application/json"}
	w.Header()["X-Amzn-Errortype"] = []string{"ResourceNotFoundException"}
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(body.B) // a client that has gone needs no error
}
