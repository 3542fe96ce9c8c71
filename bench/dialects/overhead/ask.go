// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package overhead

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

type object = map[string]any

// ask returns the request of a client of a dialect.
func ask(base, model, dialect string, s scenario) (question, error) {
	const words = "Please tell me, in a few words, what the weather will be. "
	prompt := strings.Repeat(words, s.prompt/len(words)+1)[:s.prompt]
	message := []object{{"role": "user", "content": prompt}}
	q := question{header: http.Header{"Content-Type": {"application/json"}}, want: [2]string{"w99", ""}}
	var body object
	switch dialect {
	case "openai":
		q.url, body = base+"/chat/completions", object{"model": model, "messages": message, "stream": s.stream}
		if s.stream { // what the gateway asks of its upstreams
			body["stream_options"] = object{"include_usage": true}
			q.want[1] = "[DONE]"
		}
	case "responses":
		q.url, body = base+"/responses", object{"model": model, "input": message, "stream": s.stream, "store": false}
		if s.stream {
			q.want[1] = `"response.completed"`
		}
	case "anthropic":
		q.url, body = base+"/v1/messages", object{"model": model, "messages": message, "max_tokens": 1000, "stream": s.stream}
		q.header.Set("Anthropic-Version", "2023-06-01")
		if s.stream {
			q.want[1] = "message_stop"
		}
	case "gemini":
		method := ":generateContent"
		if s.stream {
			method = ":streamGenerateContent?alt=sse"
		}
		q.url, body = base+"/models/"+model+method, object{"contents": []object{{"role": "user", "parts": []object{{"text": prompt}}}}}
		q.want[1] = "STOP"
	case "ollama":
		q.url, body = base+"/api/chat", object{"model": model, "messages": message, "stream": s.stream}
		q.want[1] = `"done":true`
	case "bedrock":
		op := "/converse"
		if s.stream {
			op = "/converse-stream"
			q.want[1] = "messageStop"
		}
		q.url, body = base+"/model/"+model+op, object{"messages": []object{{"role": "user", "content": []object{{"text": prompt}}}}}
	default:
		return q, fmt.Errorf("there is no dialect %q", dialect)
	}
	var err error
	q.body, err = json.Marshal(body)
	return q, err
}
