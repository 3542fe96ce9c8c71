// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// Every answer that a client saw whole has its trace, however often and whenever the process is killed.
func TestKilledGatewayLosesNoTrace(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 4
	}
	f := newFolder(t)
	seen := map[string]bool{}
	for round := range kills {
		g := f.serve(t)
		for _, id := range loadUntilKilled(t, g, rand.IntN(300)) {
			seen[id] = true
		}
		if t.Failed() {
			t.Fatalf("round %d:\n%s", round, g.log)
		}
	}
	if len(seen) == 0 {
		t.Fatal("no client saw an answer: the test shows nothing")
	}
	lines := bufio.NewScanner(strings.NewReader(f.run(t, "traces", "export")))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var trace struct{ ID string }
		if err := json.Unmarshal(lines.Bytes(), &trace); err != nil {
			t.Fatal(err)
		}
		delete(seen, trace.ID)
	}
	if len(seen) > 0 {
		t.Errorf("%d traces of answers that clients saw are lost", len(seen))
	}
}

// loadUntilKilled asks from several clients at once, kills the gateway a moment after they have seen so many answers, and returns the trace
// ids of all answers that were seen whole.
func loadUntilKilled(t *testing.T, g *gateway, after int) []string {
	var mu sync.Mutex
	var seen []string
	enough, gone := make(chan struct{}), make(chan struct{})
	if after == 0 {
		close(enough)
	}
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for i := 0; ; i++ {
				a, err := g.chat(client, "desk", fmt.Sprintf("please refund order %d, I want my money back", (c+i)%40), "")
				if err != nil { // the gateway is gone
					return
				}
				if a.status != http.StatusOK || a.label != "refund" {
					t.Errorf("got %d %s", a.status, a.text)
					return
				}
				mu.Lock()
				if seen = append(seen, a.header.Get("Retort-Trace")); len(seen) == after {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	go func() { clients.Wait(); close(gone) }()
	select {
	case <-enough:
		time.Sleep(rand.N(5 * time.Millisecond))
	case <-gone: // each has met a fault
	}
	g.kill()
	<-gone
	return seen
}
