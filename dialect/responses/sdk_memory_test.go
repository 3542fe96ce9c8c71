// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses_test

import (
	"context"
	"errors"
	"testing"

	sdk "github.com/openai/openai-go/v3"
	api "github.com/openai/openai-go/v3/responses"

	"retort/dialect/responses"
	"retort/model"
)

// TestSDKMemory goes on from kept answers, whole and streamed, and manages them as the SDK does.
func TestSDKMemory(t *testing.T) {
	for name, stream := range map[string]bool{"whole": false, "streamed": true} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			m, asked := answering(full())
			c, _ := serveWith(t, responses.Server{Memory: responses.NewMemory(responses.MemoryOptions{})}, m)
			get := func(p api.ResponseNewParams) *api.Response {
				t.Helper()
				if !stream {
					r, err := c.Responses.New(ctx, p)
					if err != nil {
						t.Fatal(err)
					}
					return r
				}
				s := c.Responses.NewStreaming(ctx, p)
				var end *api.Response
				for s.Next() {
					if ev := s.Current(); ev.Type == "response.completed" {
						end = &ev.Response
					}
				}
				if s.Err() != nil || end == nil {
					t.Fatalf("the stream ends with %v", s.Err())
				}
				return end
			}
			first := get(ask(stream))
			outputs := api.ResponseInputParam{}
			for _, id := range []string{"c1", "c2"} {
				item := api.ResponseInputItemParamOfFunctionCallOutput("done")
				item.OfFunctionCallOutput.CallID = sdk.String(id)
				outputs = append(outputs, item)
			}
			second := get(api.ResponseNewParams{Model: "m", PreviousResponseID: sdk.String(first.ID), Input: api.ResponseNewParamsInputUnion{OfInputItemList: outputs}})
			third := get(api.ResponseNewParams{Model: "m", PreviousResponseID: sdk.String(second.ID), Input: api.ResponseNewParamsInputUnion{OfInputItemList: api.ResponseInputParam{
				api.ResponseInputItemParamOfItemReference(second.Output[1].ID), api.ResponseInputItemParamOfMessage("and?", "user")}}})
			if third.PreviousResponseID != second.ID || third.ID == second.ID {
				t.Errorf("got %s", third.RawJSON())
			}
			checkTurns(t, asked)
			checkKept(t, c, third)
		})
	}
}

// checkTurns checks what the model was asked at last.
func checkTurns(t *testing.T, asked *model.Content) {
	t.Helper()
	var roles []model.Role
	for _, m := range asked.Messages {
		roles = append(roles, m.Role)
	}
	want := []model.Role{model.User, model.Assistant, model.ToolRole, model.ToolRole, model.Assistant, model.User}
	if len(roles) != len(want) {
		t.Fatalf("asked by %v, want %v", roles, want)
	}
	for i := range want {
		if roles[i] != want[i] {
			t.Errorf("asked by %v, want %v", roles, want)
		}
	}
	said := asked.Messages[1].Blocks
	if len(said) != 5 || said[0].Seal == nil || said[0].Seal.Data != "sig==" || said[2].Seal == nil || said[2].Seal.Dialect != "gemini" {
		t.Errorf("seals are lost: %+v", said)
	}
	if n := len(asked.Messages[4].Blocks); n != 6 {
		t.Errorf("%d blocks with one that is referred to, want 6", n)
	}
}

// checkKept shows, lists and deletes an answer.
func checkKept(t *testing.T, c sdk.Client, r *api.Response) {
	t.Helper()
	ctx := context.Background()
	kept, err := c.Responses.Get(ctx, r.ID, api.ResponseGetParams{})
	if err != nil || kept.RawJSON() != r.RawJSON() {
		t.Errorf("kept %v, %v, want %s", kept, err, r.RawJSON())
	}
	page := c.Responses.InputItems.ListAutoPaging(ctx, r.ID, api.InputItemListParams{Order: "asc", Limit: sdk.Int(3)})
	n := 0
	for page.Next() {
		item := page.Current()
		if n++; item.ID == "" || item.Type == "" {
			t.Errorf("listed %s", item.RawJSON())
		}
	}
	if page.Err() != nil || n != 1+6+2+6+2 {
		t.Errorf("%d items are listed, %v", n, page.Err())
	}
	if err := c.Responses.Delete(ctx, r.ID); err != nil {
		t.Error(err)
	}
	var e *sdk.Error
	if _, err := c.Responses.Get(ctx, r.ID, api.ResponseGetParams{}); !errors.As(err, &e) || e.StatusCode != 404 {
		t.Errorf("got %v", err)
	}
}
