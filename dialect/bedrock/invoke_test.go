// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"testing"
)

func TestEvents(t *testing.T) {
	wrap := func(data string) string {
		return `{"bytes":"` + base64.StdEncoding.EncodeToString([]byte(data)) + `","p":"abc"}`
	}
	const first, last = `{"type":"message_start","message":{"id":"m"}}`, `{"type":"message_stop"}`
	whole := events(t, "chunk", wrap(first), "other", `{}`, "chunk", wrap(last))
	for name, tc := range map[string]struct {
		body       []byte
		want, fail string
	}{
		"whole":     {whole, "event: message_start\ndata: " + first + "\n\nevent: message_stop\ndata: " + last + "\n\n", ""},
		"exception": {event(t, "exception", "throttlingException", `{"message":"slow \"down\""}`), "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow \\\"down\\\"\"}}\n\n", ""},
		"cut":       {whole[:len(whole)-2], "event: message_start\ndata: " + first + "\n\n", "unexpected EOF"},
		"no base64": {events(t, "chunk", `{"bytes":"!"}`), "", "not base64"},
		"no JSON":   {events(t, "chunk", wrap("x")), "", "not JSON"},
	} {
		got, err := io.ReadAll(Events(bytes.NewReader(tc.body), 1<<20))
		failed := ""
		if err != nil {
			failed = err.Error()
		}
		if string(got) != tc.want || !strings.Contains(failed, tc.fail) || (failed == "") != (tc.fail == "") {
			t.Errorf("%s: got %q, %v; want %q, %q", name, got, err, tc.want, tc.fail)
		}
	}
}
