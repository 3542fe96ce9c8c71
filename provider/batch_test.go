// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"retort/dialect"
	"retort/dialect/anthropic"
	"retort/dialect/openai"
	"retort/internal/scripted"
	"retort/model"
	"retort/provider"
)

// batched starts a server that takes batches, and returns it with what asks it.
func batched(t *testing.T, name string, s *scripted.Batches) *provider.Batch {
	t.Helper()
	s.Dialect, s.Say = name, func(user string) string { return strings.ToUpper(user) }
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	client := map[string]dialect.Client{"openai": openai.Client{}, "anthropic": anthropic.Client{}}[name]
	p, err := provider.New(provider.Options{Name: "up", Dialect: client, BaseURL: server.URL + "/v1", Key: "sk-secret-key", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	b, ok := p.Batch(provider.Spec{Name: "large", Price: model.Price{Input: 10, Output: 20}})
	if !ok {
		t.Fatalf("%s has no batches", name)
	}
	return b
}

func requests(texts ...string) []provider.BatchRequest {
	out := make([]provider.BatchRequest, len(texts))
	for i, text := range texts {
		most := 50
		content := model.Prompt(text)
		content.MaxTokens = &most
		content.Messages = append([]model.Message{model.Text(model.System, "Shout.")}, content.Messages...)
		out[i] = provider.BatchRequest{ID: fmt.Sprintf("key-%d", i), Request: model.NewRequest("x", content)}
	}
	return out
}

func TestBatchIsAnswered(t *testing.T) {
	for _, name := range []string{"openai", "anthropic"} {
		t.Run(name, func(t *testing.T) {
			s := &scripted.Batches{Polls: 2, Fate: func(user string) string {
				return map[string]string{"b": "errored", "c": "expired"}[user]
			}}
			b := batched(t, name, s)
			asked := requests("a", "b", "c", "grüß dich \"<x>\"")
			id, err := b.Submit(t.Context(), asked)
			if err != nil {
				t.Fatal(err, s.Faults)
			}
			polls := 0
			for ended := false; !ended; polls++ {
				if ended, err = b.Ended(t.Context(), id); err != nil || polls > 5 {
					t.Fatal(err, polls)
				}
			}
			got := map[string]string{}
			err = b.Results(t.Context(), id, func(key string, body []byte, err error) {
				if err != nil {
					got[key] = "error: " + err.Error()
					return
				}
				resp, err := b.Read(asked[0].Request, body)
				if err != nil {
					t.Fatal(err)
				}
				got[key] = fmt.Sprintf("%s %s $%s", resp.Model, resp.Text(), resp.Cost)
			})
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range map[string]string{"key-0": "up/large A $0.00055", "key-3": "up/large GRÜSS DICH \"<X>\" $0.00055", "key-1": "error: ", "key-2": "error: "} {
				if want == "up/large GRÜSS DICH \"<X>\" $0.00055" {
					want = "up/large " + strings.ToUpper("grüß dich \"<x>\"") + " $0.00055"
				}
				if got[key] != want && !(want == "error: " && strings.HasPrefix(got[key], want)) {
					t.Errorf("%s: got %q, want %q", key, got[key], want)
				}
			}
			if len(s.Faults) > 0 || s.HandedIn != 1 || s.Batched != 2 || s.Direct != 0 || polls < 2 {
				t.Errorf("faults %v, %d batches, %d answers, %d direct", s.Faults, s.HandedIn, s.Batched, s.Direct)
			}
		})
	}
}

func TestBatchIsCanceled(t *testing.T) {
	for _, name := range []string{"openai", "anthropic"} {
		t.Run(name, func(t *testing.T) {
			s := &scripted.Batches{Polls: 1000}
			b := batched(t, name, s)
			id, err := b.Submit(t.Context(), requests("a", "b"))
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Cancel(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				ended, err := b.Ended(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if !ended {
					continue
				}
				failed := 0
				err = b.Results(t.Context(), id, func(_ string, _ []byte, err error) {
					if err != nil {
						failed++
					}
				})
				if err != nil || failed != 2 || len(s.Faults) > 0 {
					t.Errorf("%v; %d requests failed; faults %v", err, failed, s.Faults)
				}
				return
			}
			t.Error("a canceled batch does not end")
		})
	}
}

func TestBatchFailures(t *testing.T) {
	for _, name := range []string{"openai", "anthropic"} {
		t.Run(name, func(t *testing.T) {
			b := batched(t, name, &scripted.Batches{None: true})
			_, err := b.Submit(t.Context(), requests("a"))
			if model.KindOf(err) != model.NotFound {
				t.Errorf("an upstream without batches: %v", err)
			}
			b = batched(t, name, &scripted.Batches{})
			if _, err := b.Submit(t.Context(), []provider.BatchRequest{{ID: "no good", Request: requests("a")[0].Request}}); model.KindOf(err) != model.Invalid {
				t.Errorf("a bad id: %v", err)
			}
			if _, err := b.Ended(t.Context(), "../../other?x"); model.KindOf(err) != model.NotFound || strings.Contains(err.Error(), "sk-secret-key") {
				t.Errorf("an unknown batch: %v", err)
			}
		})
	}
}
