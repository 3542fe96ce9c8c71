// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/model"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

func remembering(o MemoryOptions) (Server, *clock) {
	c := &clock{at: time.Unix(1e9, 0)}
	o.Now = c.now
	return Server{Memory: NewMemory(o)}, c
}

// reads reads a body as a server does for a tenant.
func (s Server) reads(tenant, body string) (*model.Request, error) {
	req, err := s.Request(httptest.NewRequest("POST", place, nil), []byte(body))
	if err != nil {
		return nil, err
	}
	req.Tenant = tenant
	return s.Recall(req)
}

// says answers a body, as the trace with that name, and returns what the client gets.
func (s Server) says(t *testing.T, tenant, trace, body string, resp *model.Response) string {
	t.Helper()
	req, err := s.reads(tenant, body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := req.Content(); err != nil {
		t.Fatal(err)
	}
	req.Trace = trace
	var out bytes.Buffer
	a := s.Answer(&out, req)
	if err := errors.Join(resp.Emit(a.Part), a.Finish(resp)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// hears returns the texts of the messages that a body comes to.
func (s Server) hears(tenant, body string) ([]string, error) {
	req, err := s.reads(tenant, body)
	if err != nil {
		return nil, err
	}
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range content.Messages {
		out = append(out, string(content.Messages[i].Role)+": "+content.Messages[i].Text())
	}
	return out, nil
}

// get asks for what is kept.
func (s Server) get(tenant, method, path string) (int, string) {
	for _, route := range slices.Backward(s.Routes()) {
		prefix, suffix, _ := strings.Cut(route.Path, "*")
		bare, _, _ := strings.Cut(path, "?")
		if route.Method == method && route.Say != nil && strings.HasPrefix(bare, prefix) && strings.HasSuffix(bare, suffix) {
			w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, nil)
			route.Say(w, r.WithContext(dialect.WithTenant(r.Context(), tenant)))
			return w.Code, w.Body.String()
		}
	}
	return 0, ""
}

func TestChain(t *testing.T) {
	s, _ := remembering(MemoryOptions{})
	s.says(t, "a", "1", `{"model":"m","instructions":"old","input":"q1"}`, model.Answer("m", "a1"))
	s.says(t, "a", "2", `{"previous_response_id":"resp_1","model":"m","input":[{"role":"user","content":"q2"}],"stream":true}`, model.Answer("m", "a2"))
	for body, want := range map[string][]string{
		`{"model":"m","input":"q3","previous_response_id":"resp_2"}`:                        {"user: q1", "assistant: a1", "user: q2", "assistant: a2", "user: q3"},
		`{"model":"m","previous_response_id":"resp_1","input":"fork","instructions":"new"}`: {"system: new", "user: q1", "assistant: a1", "user: fork"},
		`{"model":"m","previous_response_id":"resp_2"}`:                                     {"user: q1", "assistant: a1", "user: q2", "assistant: a2"},
		`{"model":"m","previous_response_id":"resp_1","input":[]}`:                          {"user: q1", "assistant: a1"},
		`{"input":[{"type":"item_reference","id":"msg_2_0"},{"id":"msg_1_0"},{"role":"user","content":"x"}],"model":"m"}`: {
			"assistant: a2a1", "user: x"},
		`{"model":"m","input":[{"id":"msg_2_0"}],"previous_response_id":"resp_1"}`: {"user: q1", "assistant: a1a2"},
	} {
		req, err := s.reads("a", body)
		if err != nil {
			t.Fatal(err)
		}
		if bare, err := (Server{}).hears("", string(req.Wire.Body)); !slices.Equal(bare, want) { // as traces are read later
			t.Errorf("without the memory: %v, %v", bare, err)
		}
		got, err := s.hears("a", body)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %v\n%s", body, err, d)
		}
	}
	if len(s.Memory.shelves["a"].items) != 4 {
		t.Errorf("%d items are kept", len(s.Memory.shelves["a"].items))
	}
}

func TestUnknownIsRefused(t *testing.T) {
	s, _ := remembering(MemoryOptions{})
	s.says(t, "a", "1", `{"model":"m","input":"q1"}`, model.Answer("m", "a1"))
	s.says(t, "a", "2", `{"model":"m","input":"q1","store":false}`, model.Answer("m", "a1"))
	for _, c := range []struct{ tenant, body, field string }{
		{"b", `{"model":"m","input":"q","previous_response_id":"resp_1"}`, "previous_response_id"},
		{"b", `{"model":"m","input":[{"type":"item_reference","id":"msg_1_0"}]}`, "input[0]"},
		{"a", `{"model":"m","input":"q","previous_response_id":"resp_2"}`, "previous_response_id"},
		{"a", `{"model":"m","input":[{"type":"item_reference","id":"msg_1_0"},{"type":"item_reference","id":"msg_2_0"}]}`, "input[1]"},
		{"a", `{"model":"m","input":"q","previous_response_id":""}`, "previous_response_id"},
		{"a", `{"model":"m","input":"q","previous_response_id":3}`, "previous_response_id"},
	} {
		_, err := s.hears(c.tenant, c.body)
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Invalid || e.Field != c.field || !strings.Contains(e.Hint, "kept for 1 h") {
			t.Errorf("%s: %v", c.body, err)
		}
	}
	for _, body := range []string{`{"model":"m","input":"q","conversation":"c"}`, `{"model":"m","input":"q","background":true}`, `{"model":"m","input":"q","prompt":{}}`} {
		var e *model.Error
		if _, err := s.hears("a", body); !errors.As(err, &e) || e.Kind != model.Invalid || strings.Contains(e.Hint, "kept for") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestStored(t *testing.T) {
	s, _ := remembering(MemoryOptions{})
	first := s.says(t, "a", "1", `{"model":"m","metadata":{"k":"v"},"store":true,"input":"q1"}`, model.Answer("m", "a1"))
	if status, body := s.get("a", "GET", "/v1/responses/resp_1"); status != 200 || body != first || !strings.Contains(first, `"store":true`) {
		t.Errorf("got %d %s, want %s", status, body, first)
	}
	stream := s.says(t, "a", "2", `{"model":"m","stream":true,"previous_response_id":"resp_1","input":[{"type":"message","role":"user","content":"q2"},`+
		`{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"o"}]}`, model.Answer("m", "a2"))
	_, second := s.get("a", "GET", "/v1/responses/resp_2")
	if !strings.Contains(stream, `"response":`+second+"}\n\n") || !strings.Contains(second, `"previous_response_id":"resp_1"`) || !json.Valid([]byte(second)) {
		t.Errorf("got %s, streamed %s", second, stream)
	}
	type page struct {
		Data []struct {
			ID, Type, Status string
			Content          []struct{ Type, Text string }
		}
		First string `json:"first_id"`
		Last  string `json:"last_id"`
		More  bool   `json:"has_more"`
	}
	var all []string
	after := ""
	for range 3 {
		status, body := s.get("a", "GET", "/v1/responses/resp_2/input_items?order=asc&limit=2&after="+after)
		var p page
		if err := json.Unmarshal([]byte(body), &p); err != nil || status != 200 || len(p.Data) == 0 || p.First != p.Data[0].ID {
			t.Fatalf("%d %s: %v", status, body, err)
		}
		for _, item := range p.Data {
			text := item.Type + " " + item.Status
			if len(item.Content) > 0 {
				text += " " + item.Content[0].Type + " " + item.Content[0].Text
			}
			all = append(all, text)
		}
		if after = p.Last; p.More != (len(all) < 5) {
			t.Errorf("more: %v after %d", p.More, len(all))
		}
	}
	want := []string{"message completed input_text q1", "message completed output_text a1", "message completed input_text q2",
		"function_call completed", "function_call_output completed"}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
	for path, want := range map[string]int{"resp_2/input_items": 200, "resp_9": 404, "resp_2/input_items?limit=0": 400, "resp_2/input_items?order=up": 400,
		"resp_2/input_items?after=x": 400, "resp_9/input_items": 404, "resp_2?stream=true": 400} {
		if status, body := s.get("a", "GET", "/v1/responses/"+path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for _, c := range []struct {
		tenant, method, path string
		status               int
	}{{"b", "GET", "resp_1", 404}, {"b", "GET", "resp_1/input_items", 404}, {"b", "DELETE", "resp_1", 404}, {"a", "DELETE", "resp_1", 200},
		{"a", "DELETE", "resp_1", 404}, {"a", "GET", "resp_1", 404}, {"a", "GET", "resp_2", 200}, {"a", "DELETE", "resp_2", 200}} {
		if status, body := s.get(c.tenant, c.method, "/v1/responses/"+c.path); status != c.status {
			t.Errorf("%v: %d %s", c, status, body)
		}
	}
	if m := s.Memory; m.size != 0 || len(m.shelves) != 0 {
		t.Errorf("%d bytes on %d shelves are left", m.size, len(m.shelves))
	}
}

func TestMemoryHasAnEnd(t *testing.T) {
	s, clock := remembering(MemoryOptions{TTL: time.Minute})
	known := func(tenant, id string) bool { return s.Memory.find(tenant, id) != nil }
	s.says(t, "a", "1", `{"model":"m","input":"q1"}`, model.Answer("m", "a1"))
	clock.pass(50 * time.Second)
	s.says(t, "b", "3", `{"model":"m","input":"q3"}`, model.Answer("m", "a3"))
	s.says(t, "a", "2", `{"model":"m","input":"q2","previous_response_id":"resp_1"}`, model.Answer("m", "a2"))
	clock.pass(10 * time.Second)
	if known("a", "resp_1") || !known("a", "resp_2") || !known("b", "resp_3") {
		t.Error("only the first answer is too old")
	}
	if got, err := s.hears("a", `{"model":"m","input":[{"id":"msg_1_0"}]}`); err != nil || !slices.Equal(got, []string{"assistant: a1"}) {
		t.Errorf("what the second refers to is gone with the first: %v, %v", got, err)
	}
	clock.pass(time.Hour)
	s.says(t, "c", "4", `{"model":"m","input":"q4"}`, model.Answer("m", "a4"))
	if m := s.Memory; len(m.shelves) != 1 || m.shelves["c"].size != m.size {
		t.Errorf("%d bytes on %d shelves are left", m.size, len(m.shelves))
	}
}

// TestMemoryIsBounded lets one tenant fill it, who does not push out another.
func TestMemoryIsBounded(t *testing.T) {
	const most = 100 << 10
	s, _ := remembering(MemoryOptions{Bytes: most})
	s.says(t, "small", "s", `{"model":"m","input":"q"}`, model.Answer("m", "a"))
	text := strings.Repeat("word ", 1000)
	for i := range 60 {
		s.says(t, "large", fmt.Sprint(i), fmt.Sprintf(`{"model":"m","input":"%d %s"}`, i, text), model.Answer("m", "a"))
		if s.Memory.size > most {
			t.Fatalf("%d bytes", s.Memory.size)
		}
	}
	if s.Memory.find("small", "resp_s") == nil || s.Memory.find("large", "resp_0") != nil || s.Memory.find("large", "resp_59") == nil {
		t.Error("the wrong answers were dropped")
	}
	s.says(t, "large", "huge", `{"model":"m","input":"`+strings.Repeat(text, 30)+`"}`, model.Answer("m", "a"))
	if s.Memory.find("large", "resp_huge") != nil || s.Memory.find("large", "resp_59") == nil {
		t.Error("an answer that is too large was kept, or others were dropped for it")
	}
	refs := `{"model":"m","input":[` + strings.Repeat(`{"id":"msg_s_0"},`, 2000) + `{"role":"user","content":"x"}]}`
	if _, err := s.reads("small", refs); model.KindOf(err) != model.Invalid {
		t.Errorf("a body of %d bytes may grow without bound: %v", len(refs), err)
	}
	held := map[string]int64{}
	for tenant, shelf := range s.Memory.shelves {
		seen := map[*piece]bool{}
		for _, k := range shelf.answers {
			held[tenant] += k.size
			for _, p := range slices.Concat(k.input, k.output, []*piece{k.echo}) {
				if !seen[p] {
					held[tenant] += p.weight()
				}
				seen[p] = true
			}
		}
		if held[tenant] != shelf.size {
			t.Errorf("%s holds %d bytes, counted as %d", tenant, held[tenant], shelf.size)
		}
	}
	if held["small"]+held["large"] != s.Memory.size {
		t.Errorf("%v are held, %d counted", held, s.Memory.size)
	}
}

// TestMemoryShares sends the whole conversation with each turn, as most clients do: it is kept once.
func TestMemoryShares(t *testing.T) {
	s, _ := remembering(MemoryOptions{})
	var items []string
	word := strings.Repeat("word ", 200)
	for i := range 50 {
		items = append(items, fmt.Sprintf(`{"role":"user","content":"%d %s"}`, i, word))
		s.says(t, "a", fmt.Sprint(i), `{"model":"m","tools":[{"type":"function","name":"f","description":"`+strings.Repeat(word, 20)+`"}],"input":[`+
			strings.Join(items, ",")+`]}`, model.Answer("m", word))
		items = append(items, fmt.Sprintf(`{"type":"item_reference","id":"msg_%d_0"}`, i))
	}
	if s.Memory.size > 300<<10 {
		t.Errorf("50 turns of 2 KB take %d bytes", s.Memory.size)
	}
}

// TestPassOnRecalled sends what is kept here to an upstream of the dialect, and leaves to it what it keeps.
func TestPassOnRecalled(t *testing.T) {
	s, _ := remembering(MemoryOptions{})
	const trace = "01890a5d-ac96-774b-bcce-b302099a8057"
	resp := model.Answer("m", "a1")
	resp.Choices[0].Message.Blocks = slices.Insert(resp.Choices[0].Message.Blocks, 0, model.Block{Kind: model.ReasoningBlock, Text: "hm"})
	s.says(t, "a", trace, `{"model":"m","input":"q1"}`, resp)
	const ours = `{"input":[{"id":"rs_theirs","type":"item_reference"},{"role":"user","content":"q2"}],"model":"m","previous_response_id":"resp_` + trace + `"}`
	req, err := s.reads("a", ours)
	if err != nil {
		t.Fatal(err)
	}
	msg := `{"id":"msg_` + trace + `_1","type":"message","status":"completed","role":"assistant",` +
		`"content":[{"type":"output_text","text":"a1","annotations":[],"logprobs":[]}]}`
	end := msg + `,{"id":"rs_theirs","type":"item_reference"},{"role":"user","content":"q2"}],"model":"theirs","previous_response_id":null}`
	got, _, dropped := asks(t, Client{}, "https://api.openai.com/v1", req)
	if want := `{"input":[{"role":"user","content":"q1"},` + end; got != want || len(dropped) != 1 {
		t.Errorf("got %s, dropped %v", got, dropped)
	}
	got, _, _ = asks(t, Client{}, "http://h/v1", req)
	if want := `{"input":[{"role":"user","content":"q1"},{"id":"rs_` + trace + `_0","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},` + end; got != want {
		t.Errorf("got %s", got)
	}
	const theirs = `{"model":"theirs","input":[{"id":"msg_x"}],"previous_response_id":"resp_x"}`
	if req, err = s.reads("a", theirs); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := asks(t, Client{}, "https://api.openai.com/v1", req); got != theirs {
		t.Errorf("got %s", got)
	}
	passed := model.Answer("m", "a")
	passed.Body = &model.Body{Dialect: Name, Data: []byte(`{"id":"resp_up"}`)}
	if got := s.says(t, "a", "p", `{"model":"m","input":"q"}`, passed); got != `{"id":"resp_up"}` || s.Memory.find("a", "resp_p") != nil {
		t.Errorf("an upstream's answer was kept, or changed: %s", got)
	}
}

// TestStoreIsMet holds that the wish to store is nothing that gets lost where answers are kept.
func TestStoreIsMet(t *testing.T) {
	s, _ := remembering(MemoryOptions{})
	for _, store := range []string{`,"store":true`, `,"store":false`, ""} {
		body := `{"model":"m","input":"x"` + store + `}`
		req, err := s.reads("a", body)
		if err != nil {
			t.Fatal(err)
		}
		content, err := req.Content()
		if err != nil {
			t.Fatal(err)
		}
		if lost := dialect.Unsaid(content, "other", Features()); lost != nil {
			t.Errorf("%s: %v", body, lost)
		}
		got, _, err := Client{}.encode(asked{base: "http://h", name: "n"}, content)
		if err != nil || !strings.HasSuffix(string(got), store+"}") || strings.Contains(string(got), "store") != (store != "") {
			t.Errorf("%s: got %s, %v", body, got, err)
		}
	}
}

func TestMemoryTogether(t *testing.T) {
	s, clock := remembering(MemoryOptions{Bytes: 64 << 10, TTL: time.Minute})
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			tenant := fmt.Sprint(g % 3)
			for i := range 60 {
				id := fmt.Sprint(g, "-", i)
				s.says(t, tenant, id, `{"model":"m","input":"q `+strings.Repeat("word ", i)+`"}`, model.Answer("m", "a"))
				if _, err := s.hears(tenant, `{"model":"m","input":[{"id":"msg_`+id+`_0"}],"previous_response_id":"resp_`+id+`"}`); model.KindOf(err) != model.Invalid && err != nil {
					t.Error(err)
				}
				s.get(tenant, "GET", "/v1/responses/resp_"+id+"/input_items")
				if i%4 == 0 {
					s.get(tenant, "DELETE", "/v1/responses/resp_"+id)
				}
				clock.pass(time.Second)
			}
		})
	}
	all.Wait()
	if s.Memory.size > s.Memory.most {
		t.Errorf("%d bytes", s.Memory.size)
	}
}

// FuzzRecall refers to what is kept in any way: what comes out is JSON, and an error is the client's.
func FuzzRecall(f *testing.F) {
	f.Add([]byte(`{"model":"m","input":"q3","previous_response_id":"resp_1"}`))
	f.Add([]byte(` { "previous_response_id":"resp_1","model":"m"}`))
	f.Add([]byte(`{"model":"m","input":[{"type":"item_reference","id":"msg_1_0"},{"id":"msg_1_0","type":null},3,[]],"store":false}`))
	f.Add([]byte(`{"model":"m","input":{},"previous_response_id":"resp_1","previous_response_id":"resp_1","input":[]}`))
	s, _ := remembering(MemoryOptions{})
	req, err := s.reads("a", `{"model":"m","input":"q"}`)
	if err != nil {
		f.Fatal(err)
	}
	req.Trace = "1"
	if err := s.Answer(&bytes.Buffer{}, req).Finish(model.Answer("m", "a")); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := s.Request(httptest.NewRequest("POST", place, nil), body)
		if err != nil {
			return
		}
		first.Tenant = "a"
		req, err := s.Recall(first)
		if err == nil {
			if !json.Valid(req.Wire.Body) {
				t.Fatalf("%s became %s", body, req.Wire.Body)
			}
			_, err = req.Content()
		}
		if err != nil && model.KindOf(err) != model.Invalid {
			t.Fatal(err)
		}
		if err == nil {
			req.Trace = "2"
			if err := s.Answer(&bytes.Buffer{}, req).Finish(model.Answer("m", "b")); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"", itemsOf} {
				if status, text := s.get("a", "GET", "/v1/responses/resp_2"+path); !json.Valid([]byte(text)) || status != 200 && status != 404 {
					t.Fatalf("%d %s", status, text)
				}
			}
			s.Memory.forget("a", "resp_2")
		}
	})
}
