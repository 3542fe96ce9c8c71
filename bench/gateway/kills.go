// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"retort/bench/internal/rig"
)

// seen is an answer that a client received to its end.
type seen struct{ trace, text string }

// kills kills the gateway many times under load, at random moments, and counts the answers that a client saw complete
// but that left no trace, or another's.
func kills(ctx context.Context, b *bench) error {
	up, err := startUpstream()
	if err != nil {
		return err
	}
	defer up.Close()
	config, err := b.retort.File("kills/retort.yaml", fmt.Appendf(nil, `
data: ./data
providers:
  mock: {dialect: openai, base_url: "http://%s/v1", retries: 0}
models:
  m: {provider: mock, price: {input: 1, output: 2}}
`, up.Addr))
	if err != nil {
		return err
	}
	key, err := b.retort.CreateKey(ctx, config)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	var complete []seen
	for i := range b.kills {
		life := time.Duration(20+rng.IntN(380)) * time.Millisecond
		got, err := b.oneLife(ctx, config, key, life)
		if err != nil {
			return fmt.Errorf("life %d: %w", i+1, err)
		}
		complete = append(complete, got...)
		if (i+1)%10 == 0 {
			fmt.Fprintf(os.Stderr, "  killed %d times, %d complete answers so far\n", i+1, len(complete))
		}
	}
	lost, wrong, err := b.account(ctx, config, complete)
	if err != nil {
		return err
	}
	b.result.Note("kills", float64(b.kills), "")
	b.result.Note("answers_seen_complete", float64(len(complete)), "")
	b.result.AtMost("traces_lost", float64(lost), "", 0)
	b.result.AtMost("traces_of_another_answer", float64(wrong), "", 0)
	if b.kills > 0 && len(complete) < b.kills {
		return fmt.Errorf("only %d answers in %d lives: that is no load", len(complete), b.kills)
	}
	return nil
}

// oneLife starts a gateway, loads it, kills it after a while, and returns what the clients saw complete.
func (b *bench) oneLife(ctx context.Context, config, key string, life time.Duration) ([]seen, error) {
	listen, err := rig.FreeAddress()
	if err != nil {
		return nil, err
	}
	g, err := b.retort.Serve(ctx, config, listen)
	if err != nil {
		return nil, err
	}
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: b.clients, DisableCompression: true}}
	defer c.CloseIdleConnections()
	var mu sync.Mutex
	var all []seen
	var refused atomic.Value
	var clients sync.WaitGroup
	for range b.clients {
		clients.Go(func() {
			mine, err := until(ctx, c, g.URL, key)
			if err != nil {
				refused.Store(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
		})
	}
	time.Sleep(life)
	g.Kill()
	clients.Wait()
	if err, ok := refused.Load().(error); ok {
		return nil, err
	}
	return all, ctx.Err()
}

// prompts numbers the requests of all lives, so that every answer differs.
var prompts atomic.Int64

// until asks one question after another until the connection breaks. Its error is an answer that should not be: a
// refusal by a living gateway.
func until(ctx context.Context, c *http.Client, url, key string) ([]seen, error) {
	var got []seen
	for {
		n := prompts.Add(1)
		stream := n%2 == 0
		req, err := chat(ctx, url, key, fmt.Appendf(nil, `{"model":"m","stream":%t,"messages":[{"role":"user","content":"question %d"}]}`, stream, n))
		if err != nil {
			return got, err
		}
		resp, err := c.Do(req)
		if err != nil {
			return got, nil
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || stream && !bytes.Contains(text, []byte("data: [DONE]")) {
			return got, nil
		}
		if resp.StatusCode != http.StatusOK {
			return got, fmt.Errorf("the gateway refused: %s: %.300s", resp.Status, text)
		}
		got = append(got, seen{resp.Header.Get("Retort-Trace"), answerTo(n)})
	}
}

// account compares what clients saw with what the store has.
func (b *bench) account(ctx context.Context, config string, complete []seen) (lost, wrong int, err error) {
	path := filepath.Join(b.folder, "kills", "traces.jsonl")
	if _, err := b.retort.Command(ctx, "traces", "export", "-o", path, "-c", config); err != nil {
		return 0, 0, err
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	stored := map[string][]byte{}
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if len(line) > 0 {
			var trace struct{ ID string }
			if err := json.Unmarshal(line, &trace); err != nil {
				return 0, 0, fmt.Errorf("read the exported traces: %w", err)
			}
			stored[trace.ID] = line
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, 0, err
		}
	}
	for _, s := range complete {
		line, found := stored[s.trace]
		switch {
		case !found:
			lost++
		case !bytes.Contains(line, []byte(s.text)):
			wrong++
		}
	}
	return lost, wrong, nil
}
