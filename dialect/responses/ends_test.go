// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"retort/model"
)

func TestEndings(t *testing.T) {
	for finish, want := range map[model.Finish]string{
		"": "completed ", model.FinishStop: "completed ", model.FinishToolCalls: "completed ", "eos": "completed ",
		model.FinishLength: "incomplete max_output_tokens", model.FinishPause: "incomplete max_output_tokens",
		"model_context_window_exceeded": "incomplete max_output_tokens",
		model.FinishFilter:              "incomplete content_filter", model.FinishRefusal: "incomplete content_filter",
		"guardrail_intervened": "incomplete content_filter", "MALFORMED_FUNCTION_CALL": "failed ", "abort": "failed ",
	} {
		resp := model.Answer("m", "a")
		resp.Choices[0].Finish = finish
		for _, stream := range []string{"false", "true"} {
			var out bytes.Buffer
			s, _ := remembering(MemoryOptions{})
			req := request(t, `{"model":"m","input":"q","stream":`+stream+`}`)
			req.Trace = "t"
			a := s.Answer(&out, req)
			if err := resp.Emit(a.Part); err != nil {
				t.Fatal(err)
			}
			if err := a.Finish(resp); err != nil {
				t.Fatal(err)
			}
			status, why, _ := strings.Cut(want, " ")
			text := out.String()
			if stream == "true" {
				text = text[strings.LastIndex(text, "event: "):]
				if !strings.HasPrefix(text, "event: response."+status+"\n") {
					t.Errorf("%q: the stream ends with %s", finish, text)
				}
			}
			details := `"incomplete_details":null`
			if why != "" {
				details = `"incomplete_details":{"reason":"` + why + `"}`
			}
			if !strings.Contains(text, `"status":"`+status+`"`) || !strings.Contains(text, details) ||
				strings.Contains(text, `"error":null`) != (status != failed) {
				t.Errorf("%q: got %s", finish, text)
			}
			if kept := s.Memory.find(req.Tenant, "resp_t") != nil; kept != (status != failed) {
				t.Errorf("%q: kept %t", finish, kept)
			}
			if _, _, err := readAs(a.ContentType(), out.String(), stream == "true"); (err != nil) != (status == failed) {
				t.Errorf("%q: read with %v", finish, err)
			}
		}
	}
}

// TestInBackground passes the answer that is yet to come to whoever asked for it.
func TestInBackground(t *testing.T) {
	const data = `{"id":"r","status":"queued","output":[]}`
	for body, ok := range map[string]bool{`{"model":"m","input":"q","background":true}`: true, `{"model":"m","input":"q","background":false}`: false} {
		r := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(data)), ContentLength: -1}
		resp, err := Client{}.Response(r, request(t, body), 1<<20, func(model.Part) error { return nil })
		if ok && (err != nil || string(resp.Body.Data) != data) || !ok && model.KindOf(err) != model.Upstream {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestOpenReasoningComesBack holds that what nobody sealed can be told from what the vendor keeps.
func TestOpenReasoningComesBack(t *testing.T) {
	resp := model.Answer("m", "a")
	resp.Choices[0].Message.Blocks = []model.Block{{Kind: model.ReasoningBlock, Text: "hm"}, {Kind: model.TextBlock, Text: "a"}}
	output := answered(t, resp)["output"].([]any)
	thought := output[0].(map[string]any)
	if thought["encrypted_content"] != "retort.none." {
		t.Fatalf("got %v", thought)
	}
	const item = `{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"retort.none."}`
	const bare = `{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}]}`
	const rest = `{"role":"user","content":"q"}],"model":"m"}`
	req := request(t, `{"input":[`+item+`,`+rest)
	got, _, dropped := asks(t, Client{}, vendorAt, req)
	if want := `{"input":[` + strings.Replace(rest, `"m"`, `"theirs"`, 1); got != want || len(dropped) != 1 {
		t.Errorf("the vendor is sent %s, dropped %v", got, dropped)
	}
	got, _, dropped = asks(t, Client{}, "http://h/v1", req)
	if want := `{"input":[` + bare + `,` + strings.Replace(rest, `"m"`, `"theirs"`, 1); got != want || dropped != nil {
		t.Errorf("others are sent %s, dropped %v", got, dropped)
	}
	content, err := req.Content()
	if err != nil {
		t.Fatal(err)
	}
	if b := content.Messages[0].Blocks[0]; b.Text != "hm" || b.Seal != nil {
		t.Errorf("read as %+v", b)
	}
	for base, kept := range map[string]bool{vendorAt: false, "http://h/v1": true} {
		body, notes, err := Client{}.encode(asked{base: base, name: "m"}, content)
		if err != nil || strings.Contains(string(body), `"hm"`) != kept || strings.Contains(string(body), "retort.") || (notes == nil) != kept {
			t.Errorf("%s is sent %s, noted %v, %v", base, body, notes, err)
		}
	}
}
