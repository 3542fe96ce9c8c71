// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"retort/internal/shareddata"
)

// customers are Banking77's first few intents: messages, in random order, with a teacher that answers as the set does.
type customers struct {
	texts  []string
	labels map[string]string
	names  []string
	asked  atomic.Int64
}

func newCustomers(t *testing.T, intents int) *customers {
	t.Helper()
	c := &customers{labels: map[string]string{}}
	known := map[string]bool{}
	for _, row := range shareddata.CSV(t, "banking77/train.csv") {
		if text, label := row[0], row[1]; known[label] || len(known) < intents {
			if !known[label] {
				known[label] = true
				c.names = append(c.names, label)
			}
			c.texts, c.labels[text] = append(c.texts, text), label
		}
	}
	rand.New(rand.NewPCG(1, 77)).Shuffle(len(c.texts), func(i, j int) { c.texts[i], c.texts[j] = c.texts[j], c.texts[i] })
	return c
}

func (c *customers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.asked.Add(1)
	var asked struct{ Messages []struct{ Content string } }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || len(asked.Messages) == 0 {
		http.Error(w, "want messages", http.StatusBadRequest)
		return
	}
	answer, err := json.Marshal(map[string]string{"label": c.labels[asked.Messages[len(asked.Messages)-1].Content]})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"id": "x", "object": "chat.completion", "model": "large",
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": string(answer)}}},
		"usage":   map[string]int{"prompt_tokens": 50, "completion_tokens": 5, "total_tokens": 55}})
}

// wheelFolder has a task that turns by itself and learns from a teacher.
func wheelFolder(t *testing.T, c *customers, wheel string) *folder {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	f := &folder{t.TempDir()}
	names, err := json.Marshal(c.names)
	if err != nil {
		t.Fatal(err)
	}
	f.write(t, "retort.yaml", `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: "`+server.URL+`/v1"}
models:
  large: {provider: up, price: {input: 10, output: 20}, distillation: {status: allowed, basis: its owner}}
tasks:
  bank:
    output: {enum: `+string(names)+`}
    teacher: large
    agreement: 0.9
    audit: {share: 0.4, per_day: 0, concurrent: 64}
    wheel: `+wheel+`
`)
	return f
}

// shownTask is what is read of retort tasks show --json.
type shownTask struct {
	Serving struct{ Student, Silent string }
	Wheel   struct {
		Paused *time.Time
		Labels int
		Next   int `json:"next_labels"`
		Due    string
		Turns  []shownTurn
	}
	Audits *struct{ Compared, Agreed int }
}

type shownTurn struct {
	ID, Trigger, Outcome, Says string
	Ended                      *time.Time
	Labels                     int
	Evidence                   struct {
		Verdict, Champion, Audit, Certificate string
		Compared                              int
	}
}

func (f *folder) task(t *testing.T, name string) *shownTask {
	t.Helper()
	var s shownTask
	if err := json.Unmarshal([]byte(f.run(t, "tasks", "show", name, "--json")), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// traffic puts messages to a task and returns how many a student answered, and how many of its answers were the teacher's.
func (c *customers) traffic(t *testing.T, g *gateway, texts []string) (byStudent, agreed int) {
	t.Helper()
	for _, text := range texts {
		a := g.ask(t, "bank", text)
		if a.status != http.StatusOK {
			t.Fatalf("got %d %s\n%s", a.status, a.text, g.log)
		}
		if strings.Contains(a.text, `"student/bank@`) || strings.HasPrefix(a.header.Get("Retort-Model"), "student/") {
			if byStudent++; a.label == c.labels[text] {
				agreed++
			}
		} else if a.label != c.labels[text] {
			t.Fatalf("the teacher answered %q to %q", a.label, text)
		}
	}
	return byStudent, agreed
}

// settled waits until nothing is due and returns how things stand.
func (f *folder) settled(t *testing.T, g *gateway, turns int) *shownTask {
	t.Helper()
	var s *shownTask
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if s = f.task(t, "bank"); len(s.Wheel.Turns) >= turns && s.Wheel.Turns[0].Ended != nil && s.Wheel.Due == "" {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("the task does not turn: %+v\n%s", s.Wheel, g.log)
		}
	}
}

// A task turns by itself: its first student is trained from traffic and serves; the next one is compared with it on what
// neither has learned from.
func TestWheelTurnsByItself(t *testing.T) {
	if testing.Short() {
		t.Skip("trains students from traffic")
	}
	c := newCustomers(t, 8)
	f := wheelFolder(t, c, "{first: 300, growth: 0.4, margin: 0.1}")
	g := f.serve(t)
	if n, _ := c.traffic(t, g, c.texts[:310]); n > 0 {
		t.Errorf("a student answered %d requests before there was one", n)
	}
	first := f.settled(t, g, 1)
	turn := first.Wheel.Turns[0]
	if turn.Outcome != "promoted" || turn.Trigger != "labels" || turn.Labels < 300 || turn.Evidence.Audit != "pass" || first.Serving.Student != turn.ID {
		t.Fatalf("the first turn: %+v, %+v\n%s", turn, first.Serving, g.log)
	}
	eventually(t, "the first student answers", func() bool {
		n, _ := c.traffic(t, g, c.texts[:5])
		return n > 0
	})
	var n, agreed int
	at := 310
	for ; at < len(c.texts) && len(f.task(t, "bank").Wheel.Turns) < 2; at += 50 {
		a, b := c.traffic(t, g, c.texts[at:min(at+50, len(c.texts))])
		n, agreed = n+a, agreed+b
	}
	t.Logf("of %d requests after the first turn the student answered %d, of which %d as the teacher", at-310, n, agreed)
	second := f.settled(t, g, 2)
	turn = second.Wheel.Turns[0]
	t.Logf("second turn: %+v", turn)
	if turn.Evidence.Champion != first.Serving.Student || turn.Evidence.Compared == 0 {
		t.Errorf("the second student was compared with %q on %d labels", turn.Evidence.Champion, turn.Evidence.Compared)
	}
	switch turn.Outcome {
	case "promoted":
		if second.Serving.Student != turn.ID || turn.Evidence.Verdict != "pass" {
			t.Errorf("%+v serves, %+v", second.Serving, turn)
		}
	case "candidate":
		if second.Serving.Student != first.Serving.Student || turn.Evidence.Verdict == "pass" || turn.Says == "" {
			t.Errorf("%+v serves, %+v", second.Serving, turn)
		}
	default:
		t.Errorf("the second turn: %+v", turn)
	}
	if runs := f.run(t, "runs", "list"); strings.Count(runs, "turn bank, by labels") != 2 {
		t.Errorf("runs:\n%s", runs)
	}
	if show := f.run(t, "runs", "show", turn.ID); !strings.Contains(show, "gate") || !strings.Contains(show, "audit") {
		t.Errorf("the run:\n%s", show)
	}
	f.run(t, "tasks", "pause", "bank")
	if text := f.run(t, "tasks", "show", "bank"); !strings.Contains(text, "paused since") {
		t.Errorf("paused:\n%s", text)
	}
	f.run(t, "tasks", "resume", "bank")
	if said := f.refuse(t, "tasks", "resume", "bank"); !strings.Contains(said, "was not taken out") {
		t.Errorf("resumed twice: %s", said)
	}
}

// A gateway that is killed while a task turns goes on with the turn when it comes back, and promotes its student once; a turn of which
// a person wants nothing more ends and promotes nothing.
func TestWheelOutlivesKills(t *testing.T) {
	if testing.Short() {
		t.Skip("trains students from traffic")
	}
	c := newCustomers(t, 8)
	f := wheelFolder(t, c, "{first: 300, growth: 5}")
	g := f.serve(t)
	c.traffic(t, g, c.texts[:310])
	under := func() string {
		var id string
		eventually(t, "a turn is under way", func() bool {
			for _, turn := range f.task(t, "bank").Wheel.Turns {
				if turn.Ended == nil {
					id = turn.ID
				}
			}
			return id != "" || len(f.task(t, "bank").Wheel.Turns) > 0
		})
		return id
	}
	id := under()
	kills := 0
	for ; kills < 4; kills++ {
		g.kill()
		turns := f.task(t, "bank").Wheel.Turns
		if len(turns) != 1 || id != "" && turns[0].ID != id {
			t.Fatalf("after %d kills: %+v, want the turn %s alone", kills, turns, id)
		}
		g = f.serve(t)
		if turns[0].Ended != nil {
			break
		}
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond) // when it is killed is chance
	}
	s := f.settled(t, g, 1)
	turn := s.Wheel.Turns[0]
	if len(s.Wheel.Turns) != 1 || turn.Outcome != "promoted" || s.Serving.Student != turn.ID {
		t.Fatalf("after %d kills: %+v, %+v\n%s", kills, s.Wheel.Turns, s.Serving, g.log)
	}
	f.run(t, "students", "rollback", "bank")
	if said := f.refuse(t, "students", "rollback", "bank"); !strings.Contains(said, "no champion") {
		t.Errorf("it was promoted more than once: %s", said)
	}
	g.kill()
	cmd := f.command("tasks", "turn", "bank")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }() // it has ended by then, unless the test failed
	var second string
	eventually(t, "a person's turn is under way", func() bool {
		turn := f.task(t, "bank").Wheel.Turns[0]
		if turn.ID != id && turn.Trigger == "person" {
			second = turn.ID
		}
		return second != "" && turn.ID == second
	})
	f.run(t, "runs", "cancel", second)
	err := cmd.Wait()
	turn = f.task(t, "bank").Wheel.Turns[0]
	if err == nil || turn.Outcome != "cancelled" || f.task(t, "bank").Serving.Student != "" {
		t.Errorf("cancelled: %v, %+v", err, turn)
	}
}
