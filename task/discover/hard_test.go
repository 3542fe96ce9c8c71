// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// mixed are calls of several kinds, shuffled.
type mixed struct {
	calls []Call
	of    []string
}

func (m *mixed) add(kind string, messages []Message, answer string) {
	m.calls = append(m.calls, Call{Messages: messages, Answer: answer})
	m.of = append(m.of, kind)
}

func (m *mixed) shuffle() {
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(m.calls), func(i, j int) {
		m.calls[i], m.calls[j] = m.calls[j], m.calls[i]
		m.of[i], m.of[j] = m.of[j], m.of[i]
	})
}

// kinds says of which kind the calls of a group are, with what they keep to.
func (m *mixed) kinds(g *Group) string {
	var kinds []string
	for _, c := range g.Calls {
		kinds = append(kinds, m.of[c])
	}
	return string(g.Contract.Kind) + " " + strings.Join(slices.Compact(slices.Sorted(slices.Values(kinds))), "+")
}

// Four templates and free chat behind one long preamble; where they differ first, none of them has most of the calls.
func TestTemplatesBehindOnePreamble(t *testing.T) {
	sets := []set{
		table(t, "banking77", "banking77/train.csv", "text", "category"),
		table(t, "clinc150", "clinc150/data_full.csv", "text", "intent"),
		table(t, "headlines", "headlines/train.csv", "headline", "label"),
		snips(t),
	}
	talk := chat(t)
	const preamble = "You are the assistant of a large company. Follow its policy at all times. Be polite and do not make things up."
	for _, sizes := range [][4]int{{2000, 2000, 2000, 2000}, {9000, 1200, 100, 100}} {
		var m mixed
		for i, s := range sets {
			for j := range min(sizes[i], len(s.inputs)) {
				k := j * 7919 % len(s.inputs)
				m.add(s.name, []Message{{"system", preamble}, {"user", "Sort this of " + about[s.name] + " and answer with the label alone: " + s.inputs[k]}}, s.answers[k])
			}
		}
		for j := range 500 {
			m.add("chat", []Message{{"system", preamble}, {"user", talk.inputs[j]}}, talk.answers[j])
		}
		m.shuffle()
		var got []string
		groups := find(t, m.calls, Options{})
		for i := range groups {
			got = append(got, m.kinds(&groups[i]))
		}
		slices.Sort(got)
		if want := []string{"labels banking77", "labels clinc150", "labels headlines", "objects snips", "text chat"}; !slices.Equal(got, want) {
			t.Errorf("%v calls: found %q", sizes, got)
		}
	}
}

// A conversation is put in as a task's input has it: a line of its role for each turn.
func TestConversationsArePutInByTurns(t *testing.T) {
	s, talk := table(t, "banking77", "banking77/train.csv", "text", "category"), chat(t)
	answered := talk
	answered.inputs, answered.answers = nil, nil
	for i := range talk.inputs {
		if strings.TrimSpace(talk.answers[i]) != "" {
			answered.add(talk.inputs[i], talk.answers[i])
		}
	}
	talk = answered
	var m mixed
	var want []string
	for i := range 3000 {
		messages, turns := []Message{{"system", "You sort messages to a bank. Answer with the intent."}}, ""
		for turn := range i % 3 {
			ask, answer := strings.TrimSpace(talk.inputs[i+turn]), strings.TrimSpace(talk.answers[i+turn])
			messages = append(messages, Message{"user", ask}, Message{"assistant", answer})
			turns += "user: " + ask + "\nassistant: " + answer + "\n"
		}
		if turns != "" {
			turns += "user: "
		}
		m.add("banking77", append(messages, Message{"user", s.inputs[i]}), s.answers[i])
		want = append(want, turns+strings.TrimSpace(s.inputs[i]))
	}
	groups := find(t, m.calls, Options{})
	if len(groups) != 1 || len(groups[0].Calls) != 3000 || groups[0].Contract.Kind != Labels {
		t.Fatalf("found %d groups", len(groups))
	}
	for i, input := range groups[0].Inputs {
		if input != want[i] {
			t.Fatalf("call %d put in %q, want %q", i, input, want[i])
		}
	}
}

// What is asked again and again is one call of a template, and no template itself.
func TestTheSameCallAgainIsNoTemplate(t *testing.T) {
	s := table(t, "headlines", "headlines/train.csv", "headline", "label")
	var m mixed
	for i := range 4000 {
		j := i
		if i%4 == 0 {
			j = i % 12
		}
		m.add("headlines", frames[2].wrap("news on gold", s.inputs[j]), s.answers[j])
	}
	groups := find(t, m.calls, Options{})
	if len(groups) != 1 || len(groups[0].Calls) < 3990 || len(groups[0].Contract.Labels) != 4 {
		t.Errorf("found %d groups", len(groups))
	}
	if groups := find(t, m.calls[:80], Options{Least: 70}); len(groups) != 0 {
		t.Errorf("of 63 different calls, 70 wanted: %d groups", len(groups))
	}
}

// Answers of real models are not all alike. Banking77's labels are said in many ways; some answers are nothing of the kind.
func TestUnevenAnswers(t *testing.T) {
	s := table(t, "banking77", "banking77/train.csv", "text", "category")
	for name, c := range map[string]struct {
		answer  func(i int, label string) string
		kind    Kind
		outside int
		why     string
	}{
		"case, blanks, marks": {func(i int, label string) string {
			return []string{label, strings.ToUpper(label), " " + label + "\n", "**" + label + "**.", strings.ReplaceAll(label, "_", "-")}[i%5]
		}, Labels, 0, ""},
		"2 % refuse": {func(i int, label string) string {
			if i%50 == 3 {
				return fmt.Sprintf("I am sorry, but as a language model I can say nothing of message %d.", i)
			}
			return label
		}, Labels, 200, ""},
		"5 % refuse": {func(i int, label string) string {
			if i%20 == 3 {
				return fmt.Sprintf("I am sorry, but as a language model I can say nothing of message %d.", i)
			}
			return label
		}, Text, 0, "are none of the 77 labels"},
		"a reason": {func(i int, label string) string {
			return fmt.Sprintf(`{"intent": %q, "reason": "number %d says so"}`, label, i)
		}, Text, 0, `field "reason"`},
		"a rare field": {func(i int, label string) string {
			if i%500 == 3 {
				return fmt.Sprintf(`{"intent": %q, "note": "odd %d"}`, label, i)
			}
			return fmt.Sprintf(`{"intent": %q}`, label)
		}, Objects, 20, ""},
		"another type": {func(i int, label string) string {
			if i%500 == 3 {
				return `{"intent": 7}`
			}
			return fmt.Sprintf(`{"intent": %q}`, label)
		}, Objects, 20, ""},
		"cut off": {func(i int, label string) string {
			if i%100 == 3 {
				return `{"intent": "ca`
			}
			return fmt.Sprintf(`{"intent": %q}`, label)
		}, Objects, 100, ""},
		"in prose": {func(i int, label string) string {
			return "Here is the JSON:\n```json\n{\"intent\": \"" + label + "\"}\n```"
		}, Objects, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			answers := make([]string, len(s.answers))
			for i, label := range s.answers {
				answers[i] = c.answer(i, label)
			}
			got := infer(s.inputs, answers)
			labels := got.Labels
			if got.Kind == Objects {
				labels = got.Fields[0].Labels
			}
			if got.Kind != c.kind || got.Outside != c.outside || !strings.Contains(got.Why, c.why) {
				t.Errorf("%s, %d outside: %s", got.Kind, got.Outside, got.Why)
			}
			if got.Kind != Text && (len(labels) != 77 || got.Kind == Objects && len(got.Fields) != 1) {
				t.Errorf("%d labels, fields %+v", len(labels), got.Fields)
			}
		})
	}
}
