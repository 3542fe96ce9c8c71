// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
)

func TestResultsAreReadable(t *testing.T) {
	for raw, want := range map[string]string{
		`{"content": "21\u00b0C \ud83d\ude00 \u0000\n"}`: "{\"content\": \"21°C 😀 \\u0000\\n\"}",
		`{"a":[1.50,"x"],"b\"\u00e4":null}`:              `{"a":[1.50,"x"],"b\"ä":null}`,
		`{ "a" : "b" }`:                                  `{ "a" : "b" }`,
	} {
		if got := readable([]byte(raw)); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}

// TestManyCallsFindTheirResults reads a long conversation, with and without ids, in which results come in another order.
func TestManyCallsFindTheirResults(t *testing.T) {
	const n = 20000
	var calls, results strings.Builder
	for i := range n {
		id := ""
		if i%2 == 0 {
			id = `"id":"c` + strconv.Itoa(i) + `",`
		}
		calls.WriteString(`,{"functionCall":{` + id + `"name":"f"}}`)
	}
	for i := n - 2; i >= 0; i -= 2 {
		results.WriteString(`,{"functionResponse":{"id":"c` + strconv.Itoa(i) + `","name":"f"}}`)
	}
	for range n / 2 {
		results.WriteString(`,{"functionResponse":{"name":"f"}}`)
	}
	results.WriteString(`,{"functionResponse":{"name":"f"}}`)
	content, err := decode([]byte(`{"contents":[{"role":"model","parts":[` + calls.String()[1:] + `]},{"parts":[` + results.String()[1:] + `]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got := content.Messages[1].Blocks
	for i, want := range map[int]string{0: "c19998", n/2 - 1: "c0", n / 2: made + "1", n - 1: made + "19999", n: made + "20000"} {
		if got[i].CallID != want {
			t.Errorf("result %d is of %s, want %s", i, got[i].CallID, want)
		}
	}
}

// TestOneOfSeveralWords keeps a shape of answers that other dialects do not have, and says so there.
func TestOneOfSeveralWords(t *testing.T) {
	body := `{"contents":[{"role":"user","parts":[{"text":"q"}]}],"generationConfig":{"temperature":1,"responseMimeType":"text/x.enum",` +
		`"responseSchema":{"type":"STRING","enum":["a","b"]},"speechConfig":{"languageCode":"de"}}}`
	content, err := decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"format_schema", "generationConfig.speechConfig"},
		dialect.Unsaid(content, "other", dialect.Table{dialect.Text: dialect.Native, dialect.Temperature: dialect.Native})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	got, notes, err := Client{}.encode("m", content)
	if err != nil || notes != nil || string(got) != body {
		t.Errorf("got %s, %v, %v", got, notes, err)
	}
}
