// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"retort/bench/internal/rig"
)

// perStream is how many calls of each use are sent; of chat there are as many as make a fifth of all.
const perStream = 5000

// measureDiscovery sends the calls of four tasks and free chat through a gateway, shuffled together, and looks at what
// retort tasks discover makes of them.
func measureDiscovery(ctx context.Context, b *bench) error {
	uses, talk, err := streams()
	if err != nil {
		return err
	}
	calls, kept := shuffled(uses, talk, b.seed, nil)
	out, took, err := b.discover(ctx, "discovery", calls)
	if err != nil {
		return err
	}
	var found discovered
	if err := json.Unmarshal(out, &found); err != nil {
		return fmt.Errorf("read what was discovered: %w", err)
	}
	exact := 0
	var order []string
	for _, u := range uses {
		p := found.of(u)
		if p == nil {
			continue
		}
		if p.exact(kept[u.name]) {
			exact++
		}
		b.Note("discovered_"+u.name+"_calls", float64(p.Calls), "")
		b.Note("discovered_"+u.name+"_coverage", p.Coverage, "")
		b.Note("discovered_"+u.name+"_saves", p.Saved, "USD")
	}
	for _, p := range found.Proposals {
		order = append(order, fmt.Sprintf("%s $%.2f", p.Name, p.Saved))
	}
	fmt.Println("proposed, in this order:", strings.Join(order, ", "))
	b.Note("discovered_calls", float64(found.Calls), "")
	b.Note("discovery_seconds", took.Seconds(), "s")
	b.AtLeast("discovered_exactly", float64(exact), "tasks", float64(len(uses)))
	b.AtMost("discovered_otherwise", float64(len(found.Proposals)-exact), "tasks", 0)
	b.AtMost("discovered_out_of_order", float64(found.inversions()), "pairs", 0)
	return nil
}

// serve sends calls through a gateway.
func (b *bench) serve(ctx context.Context, config string, calls []call) error {
	listen, err := rig.FreeAddress()
	if err != nil {
		return err
	}
	g, err := b.retort.Serve(ctx, config, listen)
	if err != nil {
		return err
	}
	defer g.Kill()
	return send(ctx, g.URL, calls)
}

// discovered is what the command prints.
type discovered struct {
	Calls     int
	Proposals []proposal
	Others    []proposal
}

type proposal struct {
	Name     string
	Found    string `json:"found_by"`
	Why      string `json:"why_not"`
	Calls    int
	Template []struct{ Text string }
	Contract struct {
		Kind   string
		Labels []string
		Fields []struct {
			Name   string
			Labels []string
		}
	}
	Cost     float64 `json:"cost_usd"`
	Coverage float64
	Saved    float64 `json:"would_have_saved_usd"`
}

// of returns the proposal whose template is a use's own.
func (d *discovered) of(u *stream) *proposal {
	var own []string
	for _, m := range u.messages("\x00") {
		own = append(own, strings.Fields(strings.ReplaceAll(m.Content, "\x00", " "))...)
	}
	for i := range d.Proposals {
		var text strings.Builder
		for _, m := range d.Proposals[i].Template {
			text.WriteString(m.Text + " ")
		}
		if missing := slices.IndexFunc(own, func(w string) bool { return !strings.Contains(text.String(), w) }); missing < 0 {
			return &d.Proposals[i]
		}
	}
	return nil
}

// exact says whether a proposal has just the labels, or the fields, that were sent.
func (p *proposal) exact(answers []string) bool {
	if p.Contract.Kind == "labels" {
		return slices.Equal(slices.Sorted(slices.Values(p.Contract.Labels)), answers)
	}
	want := map[string]bool{}
	for _, a := range answers {
		var object map[string]any
		if json.Unmarshal([]byte(a), &object) != nil {
			return false
		}
		for name := range object {
			want[name] = true
		}
	}
	for _, f := range p.Contract.Fields {
		if !want[f.Name] {
			return false
		}
		delete(want, f.Name)
	}
	return len(want) == 0
}

// inversions counts pairs of proposals of which the later saves more, by their own cost and coverage.
func (d *discovered) inversions() int {
	n := 0
	for i := range d.Proposals {
		for j := range i {
			if d.Proposals[j].Cost*d.Proposals[j].Coverage < d.Proposals[i].Cost*d.Proposals[i].Coverage {
				n++
			}
		}
	}
	return n
}

// call is one request with its answer.
type call struct{ body, answer, use string }

// shuffled returns the calls of all uses in random order, and which answers each use had, sorted. sizes says how
// many calls of each; perStream where it does not.
func shuffled(uses []*stream, talk *stream, seed uint64, sizes map[string]int) (calls []call, kept map[string][]string) {
	rng := rand.New(rand.NewPCG(seed, 0))
	kept = map[string][]string{}
	take := func(s *stream, n int) {
		seen := map[string]bool{}
		for _, i := range rng.Perm(len(s.inputs))[:min(n, len(s.inputs))] {
			body, _ := json.Marshal(map[string]any{"model": "large", "messages": s.messages(s.inputs[i])}) // strings only
			if !seen[string(body)] {
				seen[string(body)] = true
				calls = append(calls, call{string(body), s.answers[i], s.name})
				kept[s.name] = append(kept[s.name], s.answers[i])
			}
		}
		kept[s.name] = slices.Compact(slices.Sorted(slices.Values(kept[s.name])))
	}
	for _, u := range uses {
		take(u, cmp.Or(sizes[u.name], perStream))
	}
	take(talk, len(calls)/4)
	rng.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
	return calls, kept
}

// teacher is an upstream that gives each request its recorded answer.
type teacher struct {
	url     string
	server  *http.Server
	answers map[string]string // by the request's messages
}

func startTeacher(calls []call) (*teacher, error) {
	t := &teacher{answers: map[string]string{}}
	for _, c := range calls {
		t.answers[messagesOf([]byte(c.body))] = c.answer
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t.url = "http://" + l.Addr().String()
	t.server = &http.Server{Handler: t}
	go t.server.Serve(l) // until stop
	return t, nil
}

func (t *teacher) stop() { t.server.Close() }

func messagesOf(body []byte) string {
	var r struct{ Messages []message }
	if json.Unmarshal(body, &r) != nil {
		return ""
	}
	key, _ := json.Marshal(r.Messages) // strings only
	return string(key)
}

// ServeHTTP answers in OpenAI's shape.
func (t *teacher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	answer, known := t.answers[messagesOf(body)]
	if err != nil || !known {
		http.Error(w, `{"error":{"message":"not recorded"}}`, http.StatusNotFound)
		return
	}
	complete(w, len(body), answer)
}

// complete answers a chat completion. Tokens are counted as a fourth of the bytes.
func complete(w http.ResponseWriter, asked int, answer string) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{ // a client that is gone is told nothing
		"id": "x", "object": "chat.completion", "created": 1, "model": "large",
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": message{"assistant", answer}}},
		"usage":   map[string]int{"prompt_tokens": asked / 4, "completion_tokens": 1 + len(answer)/4, "total_tokens": 1 + asked/4 + len(answer)/4},
	})
}

// send sends all calls, several at once.
func send(ctx context.Context, url string, calls []call) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	var group errgroup.Group
	group.SetLimit(16)
	var once sync.Once
	for _, c := range calls {
		group.Go(func() error {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", bytes.NewReader([]byte(c.body)))
			if err != nil {
				return err
			}
			req.Header.Set("Content-Type", "application/json")
			resp, err := client.Do(req)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err == nil && resp.StatusCode != http.StatusOK {
				once.Do(func() { fmt.Printf("%d: %.300s\n", resp.StatusCode, text) })
				err = fmt.Errorf("the gateway answered %s", resp.Status)
			}
			return err
		})
	}
	return group.Wait()
}
