// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"retort/internal/capture"
	"retort/model"
)

// childEnv holds the folder and the round for a re-run of the test binary that records until it is killed.
const childEnv = "RETORT_STORE_CHILD"

func TestMain(m *testing.M) {
	dir, round, ok := strings.Cut(os.Getenv(childEnv), "\n")
	if !ok {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, recordForever(dir, round))
	os.Exit(1)
}

// recordForever records and imports as a server does, and says each trace's id once Record has returned.
func recordForever(dir, round string) error {
	ctx := context.Background()
	s, err := Open(ctx, dir)
	if err != nil {
		return err
	}
	// Small segments, so that some kills come while one begins.
	log, err := capture.Open(TracesDir(dir), capture.Options{SegmentBytes: 100_000, SyncEvery: 5 * time.Millisecond})
	if err != nil {
		return err
	}
	s.Import(log)
	failed := make(chan error)
	for w := range 8 {
		go func() {
			for n := 0; ; n++ {
				t := sample(fmt.Sprintf("%s-%d-%d", round, w, n), time.Duration(n)*time.Second)
				if n%16 == w {
					t.Body = []byte(strings.Repeat("x", 30_000))
				}
				if err := log.Record(ctx, t); err != nil {
					failed <- err
					return
				}
				fmt.Println(t.ID) // one write each, as an answer's end would be
			}
		}()
	}
	return <-failed
}

// TestKilled kills a process that records and imports, at random moments, over and over in one folder. Whatever it had
// acknowledged is in the store once, whole, after the next process has caught up.
func TestKilled(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 5
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	acknowledged := make(map[string]bool)
	for round := range rounds {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s\n%d", childEnv, dir, round))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		var begun sync.Once
		lines := bufio.NewReader(out)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				break // a line without its end was not said
			}
			acknowledged[strings.TrimSuffix(line, "\n")] = true
			begun.Do(func() {
				go func() {
					time.Sleep(rand.N(150 * time.Millisecond))
					_ = cmd.Process.Kill()
				}()
			})
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		begun.Do(func() { t.Fatalf("round %d: the child recorded nothing", round) })
		if round%5 == 4 {
			checkAll(t, dir, acknowledged)
		}
	}
	t.Logf("%d traces acknowledged in %d lives", len(acknowledged), rounds)
}

func checkAll(t *testing.T, dir string, acknowledged map[string]bool) {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for trace, err := range s.Traces(t.Context(), Filter{Tenant: tenant}) {
		if err != nil {
			t.Fatal(err)
		}
		if found[trace.ID] || len(trace.Body) == 0 || trace.Response.Text() == "" {
			t.Errorf("trace %s is there twice, or not whole", trace.ID)
		}
		found[trace.ID] = true
	}
	lost := 0
	for id := range acknowledged {
		if !found[id] {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged traces are lost", lost, len(acknowledged))
	}
}

func TestSecondServingProcess(t *testing.T) {
	s := serve(t)
	_, err := capture.Open(TracesDir(s.Dir()), capture.Options{})
	wantKind(t, err, model.Unavailable, "")
	// A command reads, changes and catches up beside it.
	command := opened(t, s.Dir())
	if err := s.log.Record(t.Context(), sample("a", 0)); err != nil {
		t.Fatal(err)
	}
	if err := command.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := command.Trace(t.Context(), tenant, "a"); err != nil || got.ID != "a" {
		t.Errorf("got %v, %v", got, err)
	}
}
