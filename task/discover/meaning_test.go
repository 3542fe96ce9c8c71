// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"retort/internal/shareddata"
)

// wordings ask for the same in so many ways that hardly two calls share one: one of each list.
type wordings [][]string

func (w wordings) ask(rng *rand.Rand, input string) []Message {
	var parts []string
	for _, list := range w {
		parts = append(parts, list[rng.IntN(len(list))])
	}
	return []Message{{"user", strings.TrimSpace(strings.ReplaceAll(strings.Join(parts, " "), "TEXT", input))}}
}

// bare is no wording at all.
var bare = wordings{{"TEXT"}}

// skills ask which skill of an assistant is wanted.
var skills = wordings{
	{"", "Hello,", "Hi there,", "Please help:", "Hey!", "Good morning.", "Quick one:"},
	{"which skill should handle", "tell me the skill that fits", "what intent has", "name the intent behind", "find the right skill for", "route this to a skill:", "I need the intent of", "classify the intent of"},
	{`"TEXT"`, "'TEXT'", "the request TEXT", "this utterance: TEXT", "what the user said, TEXT", "<TEXT>"},
	{"", "Thanks.", "Only its name.", "No explanation.", "One skill, please.", "Answer with the intent.", "Keep it short."},
}

// slots ask for the slots of a spoken command. The first way is a template of its own at times.
var slots = wordings{
	{"Turn into JSON:", "As JSON please:", "What does the speaker want, as an object?", "Make JSON of", "Parse", "Give me the slots of", "Extract intent and slots from"},
	{"TEXT", "'TEXT'", "the words TEXT", "this: TEXT", "the command TEXT", "what was said: TEXT"},
	{"", "Thanks!", "JSON only.", "No prose."},
}

// forms are a few templates that ask for the same.
var forms = wordings{{"Which skill is it? TEXT", "TEXT -- name the intent of that, please.", "Sort what was said into one of our skills. Said: TEXT", "You route requests. Request: TEXT Skill:",
	"Intent of the following words? TEXT", "A user said TEXT and wants which of the skills?", "TEXT (give me only the intent)", "I want to know the intent: TEXT"}}

// ask adds n calls of a set, drawn at random.
func (m *mixed) ask(rng *rand.Rand, w wordings, s *set, n int) {
	for _, i := range rng.Perm(len(s.inputs))[:min(n, len(s.inputs))] {
		m.add(s.name, w.ask(rng, s.inputs[i]), s.answers[i])
	}
}

// proposed checks that the groups with a contract are of one kind each, one for each that is wanted, with nearly all of its calls and all of
// its labels or fields.
func (m *mixed) proposed(t *testing.T, groups []Group, want map[string]int) {
	t.Helper()
	calls, seen := map[string]int{}, map[string]bool{}
	for _, kind := range m.of {
		calls[kind]++
	}
	for i := range groups {
		g := &groups[i]
		count := map[string]int{}
		for _, c := range g.Calls {
			count[m.of[c]]++
		}
		t.Logf("%s, %s: %d calls, %d labels, %d fields, %d outside, %d further, %s %q: %v", g.Found, g.Contract.Kind, len(g.Calls), len(g.Contract.Labels), len(g.Contract.Fields), g.Contract.Outside, len(g.Further), g.Contract.Why, g.Words, count)
		if g.Contract.Kind == Text {
			continue
		}
		kind := m.of[g.Calls[0]]
		for k, n := range count {
			if n > count[kind] {
				kind = k
			}
		}
		switch n, wanted := want[kind]; {
		case !wanted:
			t.Errorf("%d calls of %s are proposed", len(g.Calls), kind)
		case seen[kind]:
			t.Errorf("%s is proposed twice", kind)
		case len(g.Contract.Labels)+len(g.Contract.Fields) != n:
			t.Errorf("%s: %d labels and %d fields, want %d", kind, len(g.Contract.Labels), len(g.Contract.Fields), n)
		case 100*count[kind] < 97*calls[kind] || 100*count[kind] < 98*len(g.Calls):
			t.Errorf("%s: %d of its %d calls, among %d", kind, count[kind], calls[kind], len(g.Calls))
		}
		seen[kind] = true
	}
	for kind := range want {
		if !seen[kind] {
			t.Errorf("%s is not proposed", kind)
		}
	}
}

// Bare texts with labels as answers, and questions that each are asked in other words, among free chat.
func TestCallsWithoutATemplate(t *testing.T) {
	banking, clinc := table(t, "banking77", "banking77/train.csv", "text", "category"), table(t, "clinc150", "clinc150/data_full.csv", "text", "intent")
	talk := chat(t)
	rng := rand.New(rand.NewPCG(7, 9))
	var m mixed
	m.ask(rng, bare, &banking, 2000)
	m.ask(rng, skills, &clinc, 2500)
	m.ask(rng, bare, &talk, 1500)
	m.shuffle()
	m.proposed(t, find(t, m.calls, Options{}), map[string]int{"banking77": 77, "clinc150": 151})
}

// Several templates for one task, two tasks on the same texts with the same answers, objects of which some are behind a template,
// and a small bare task.
func TestTasksAskedInSeveralWays(t *testing.T) {
	clinc, headlines, commands := table(t, "clinc150", "clinc150/data_full.csv", "text", "intent"), table(t, "headlines", "headlines/train.csv", "headline", "label"), snips(t)
	talk := chat(t)
	rng := rand.New(rand.NewPCG(8, 9))
	var m mixed
	m.ask(rng, forms, &clinc, 2600)
	for _, q := range []struct{ name, label, ask string }{{"rises", "up", "Is gold said to rise in this headline? TEXT Answer yes or no."}, {"falls", "down", "Tell me whether gold falls, yes or no: TEXT"}} {
		s := set{name: q.name}
		for i, label := range headlines.answers {
			s.add(headlines.inputs[i], map[bool]string{true: "yes", false: "no"}[label == q.label])
		}
		m.ask(rng, wordings{{q.ask}}, &s, 600)
	}
	m.ask(rng, bare, &headlines, 700)
	m.ask(rng, slots, &commands, 1500)
	m.ask(rng, wordings{{"Break this down for me: TEXT Keep to the layout."}}, &commands, 130) // too few calls to have all fields
	m.ask(rng, bare, &talk, 1500)
	m.shuffle()
	m.proposed(t, find(t, m.calls, Options{}), map[string]int{"clinc150": 151, "rises": 2, "falls": 2, "headlines": 4, "snips": 40})
}

// Free talk holds questions that are answered with yes or no, and such as ask for a sentiment, each among others that are answered freely.
// Nothing of it is proposed.
func TestFreeTalkIsNoTask(t *testing.T) {
	all := []set{chat(t)}
	for _, file := range []string{"code_alpaca", "gpteacher_roleplay", "gpteacher_toolformer_sim06", "self_instruct_user_oriented_predictions"} {
		s := set{name: file}
		shareddata.Objects(t, "distill/"+file+".jsonl.gz", func(row *struct{ Instruction, Input, Output, Response string }) {
			s.add(strings.TrimSpace(row.Instruction+"\n"+row.Input), row.Output+row.Response)
		})
		all = append(all, s)
	}
	for _, file := range []string{"", "code_alpaca", "gpteacher_roleplay", "gpteacher_toolformer_sim06"} {
		var m mixed
		for i := range all {
			if file == "" || all[i].name == file {
				m.ask(rand.New(rand.NewPCG(9, 9)), bare, &all[i], 10_000)
			}
		}
		m.shuffle()
		m.proposed(t, find(t, m.calls, Options{}), nil)
	}
}

// Without anything to be told from, a model's calls are one task if their answers are labels; another model's do not count.
func TestCallsOfOneModel(t *testing.T) {
	headlines, talk := table(t, "headlines", "headlines/train.csv", "headline", "label"), chat(t)
	rng := rand.New(rand.NewPCG(10, 9))
	var m mixed
	m.ask(rng, bare, &headlines, 400)
	for i := range m.calls {
		m.calls[i].Model = "tuned"
	}
	m.ask(rng, bare, &talk, 300)
	m.shuffle()
	m.proposed(t, find(t, m.calls, Options{}), map[string]int{"headlines": 4})
	if groups := find(t, m.calls, Options{Least: 500}); len(groups) > 0 {
		t.Errorf("%d groups of 500 calls", len(groups))
	}
}

// Objects lie in objects; the schema has them, and says which are always there.
func TestObjectsInObjects(t *testing.T) {
	var inputs, answers []string
	for i := range 300 {
		city := []string{"Rome", "Oslo", "Lima"}[i%3]
		inputs = append(inputs, "to "+city+" by train, soon")
		if i%4 == 0 {
			answers = append(answers, `{"to":{"city":"`+city+`"},"by":"train","when":null}`)
		} else {
			answers = append(answers, `{"to":{"city":"`+city+`"},"by":"train","when":{"word":"soon"}}`)
		}
	}
	c := infer(inputs, answers)
	const want = `{"type":"object","properties":{"by":{"type":"string"},"to":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]},` +
		`"when":{"type":"object","properties":{"word":{"type":"string"}}}},"required":["by","to"]}`
	if got := string(c.Schema()); c.Kind != Objects || c.Outside != 0 || got != want {
		t.Errorf("%s, %d outside: %s\n%s", c.Kind, c.Outside, c.Why, got)
	}
	if names := []string{c.Fields[0].Name, c.Fields[1].Name}; !slices.Equal(names, []string{"by", "to.city"}) {
		t.Errorf("fields %q", names)
	}
}
