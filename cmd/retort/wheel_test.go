// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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

	mu    sync.Mutex
	other map[string]string // labels that mean another now
}

// means has the teacher say other labels than the set's.
func (c *customers) means(other map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.other = other
}

// label is what the teacher says to a text.
func (c *customers) label(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other, ok := c.other[c.labels[text]]; ok {
		return other
	}
	return c.labels[text]
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
	answer, err := json.Marshal(map[string]string{"label": c.label(asked.Messages[len(asked.Messages)-1].Content)})
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
		// Serving is how it stands where it serves.
		Serving struct {
			Champion, Canary, Challenger string
			Out                          []string `json:"classes_out"`
			Events                       []struct{ Kind, Student, Class, Says string }
		}
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
			if byStudent++; a.label == c.label(text) {
				agreed++
			}
		} else if a.label != c.label(text) {
			t.Fatalf("the teacher answered %q to %q", a.label, text)
		}
	}
	return byStudent, agreed
}

// reign puts messages from one on to a task until a student is the champion, and returns the next one and what students answered.
func (c *customers) reign(t *testing.T, f *folder, g *gateway, at int, student string) (next, byStudent, agreed int) {
	t.Helper()
	for tries := 0; f.task(t, "bank").Serving.Student != student; tries++ {
		if tries > 100 {
			t.Fatalf("student %s does not become the champion: %+v\n%s", student, f.task(t, "bank"), g.log)
		}
		texts := make([]string, 25)
		for i := range texts {
			texts[i] = c.texts[at%len(c.texts)]
			at++
		}
		n, right := c.traffic(t, g, texts)
		byStudent, agreed = byStudent+n, agreed+right
	}
	return at, byStudent, agreed
}

// settled waits until nothing is due and returns how things stand.
func (f *folder) settled(t *testing.T, g *gateway, turns int) *shownTask {
	t.Helper()
	var s *shownTask
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
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
	if turn.Outcome != "canary" || turn.Trigger != "labels" || turn.Labels < 300 || turn.Evidence.Audit != "pass" || first.Serving.Student != "" {
		t.Fatalf("the first turn: %+v, %+v\n%s", turn, first.Serving, g.log)
	}
	at, n, agreed := c.reign(t, f, g, 310, turn.ID)
	if n == 0 || n == at-310 {
		t.Errorf("of %d requests %d were answered by a student that was the canary", at-310, n)
	}
	if first = f.task(t, "bank"); first.Wheel.Turns[0].Outcome != "promoted" || first.Wheel.Serving.Champion != turn.ID || first.Wheel.Serving.Canary != "" {
		t.Errorf("got %+v", first.Wheel)
	}
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
	case "canary", "promoted":
		if turn.Evidence.Verdict != "pass" {
			t.Errorf("%+v serves, %+v", second.Serving, turn)
		}
		if _, n, _ := c.reign(t, f, g, at, turn.ID); n == 0 {
			t.Error("nobody answers while there is a canary")
		}
	case "candidate", "challenger":
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
	f.run(t, "students", "rollback", "bank")
	f.run(t, "students", "promote", first.Serving.Student) // what its gate let through needs no force
}

// A teacher that comes to say something else ends that a student answers; what it says from then on teaches the next one, which serves in
// its place. When one label alone changes, that label is left to the teacher, and the rest is answered.
func TestWheelFollowsItsTeacher(t *testing.T) {
	if testing.Short() {
		t.Skip("trains students from traffic")
	}
	c := newCustomers(t, 8)
	f := wheelFolder(t, c, "{first: 300, growth: 5, margin: 0.1}")
	g := f.serve(t)
	c.traffic(t, g, c.texts[:310])
	first := f.settled(t, g, 1).Wheel.Turns[0]
	at, _, _ := c.reign(t, f, g, 310, first.ID)
	put := func(n int) (byStudent, agreed int) {
		t.Helper()
		texts := make([]string, n)
		for i := range texts {
			texts[i] = c.texts[at%len(c.texts)]
			at++
		}
		return c.traffic(t, g, texts)
	}
	c.means(map[string]string{c.names[0]: c.names[1]})
	for n := 0; len(f.task(t, "bank").Wheel.Serving.Out) == 0; n += 20 {
		if put(20); n > 1500 {
			t.Fatalf("the label that changed is still answered: %+v", f.task(t, "bank").Wheel)
		}
	}
	s := f.task(t, "bank")
	if out := s.Wheel.Serving.Out; len(out) != 1 || out[0] != c.names[0] || s.Serving.Student != first.ID || s.Serving.Silent != "" {
		t.Errorf("taken out: %+v, %+v", out, s.Serving)
	}
	if n, agreed := put(100); n < 30 || agreed < n*85/100 {
		t.Errorf("without the label %d of 100 are answered, %d of them as the teacher", n, agreed)
	}
	turned := map[string]string{}
	for i, name := range c.names {
		turned[name] = c.names[(i+3)%len(c.names)]
	}
	c.means(turned)
	for n := 0; f.task(t, "bank").Serving.Silent == ""; n += 20 {
		if put(20); n > 600 {
			t.Fatalf("the student still answers: %+v", f.task(t, "bank").Wheel)
		}
	}
	if n, _ := put(20); n > 0 {
		t.Errorf("a student that is out answers %d of 20", n)
	}
	var second shownTurn
	byDrift := false
	for n := 0; second.ID == "" || second.Outcome == "candidate"; n += 20 {
		if put(20); n > 3000 {
			t.Fatalf("no other student comes: %+v\n%s", f.task(t, "bank").Wheel, g.log)
		}
		if turns := f.task(t, "bank").Wheel.Turns; turns[0].ID != first.ID {
			second = f.settled(t, g, len(turns)).Wheel.Turns[0]
			byDrift = byDrift || second.Trigger == "drift"
		}
	}
	at, _, _ = c.reign(t, f, g, at, second.ID)
	if n, agreed := put(200); !byDrift || n < 60 || agreed < n*85/100 {
		t.Errorf("the second student, by %s: %d of 200 are answered, %d of them as the teacher", second.Trigger, n, agreed)
	}
	if text := f.run(t, "tasks", "show", "bank"); !strings.Contains(text, "alarm_class") && !strings.Contains(text, "no longer agree") {
		t.Errorf("what happened is not shown:\n%s", text)
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
	if len(s.Wheel.Turns) != 1 || turn.Outcome != "canary" || s.Serving.Student != "" {
		t.Fatalf("after %d kills: %+v, %+v\n%s", kills, s.Wheel, s.Serving, g.log)
	}
	eventually(t, "the student is the canary", func() bool { return f.task(t, "bank").Wheel.Serving.Canary == turn.ID })
	c.traffic(t, g, c.texts[310:320])
	g.kill()
	g = f.serve(t)
	c.reign(t, f, g, 320, turn.ID)
	f.run(t, "students", "rollback", "bank")
	if said := f.refuse(t, "students", "rollback", "bank"); !strings.Contains(said, "no champion") {
		t.Errorf("it was promoted more than once: %s", said)
	}
	eventually(t, "the gateway knows", func() bool { return f.task(t, "bank").Wheel.Serving.Champion == "" })
	if n, _ := c.traffic(t, g, c.texts[:50]); n > 0 || f.task(t, "bank").Serving.Student != "" {
		t.Errorf("a student that was rolled back answered %d requests", n)
	}
	g.kill()
	cmd := f.command("tasks", "turn", "bank")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { // it has ended by then, unless the test failed
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Logf("the command said: %s", &said)
	}()
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
