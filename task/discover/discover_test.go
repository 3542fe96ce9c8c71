// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"retort/internal/shareddata"
)

// set is a public data set as calls of one task.
type set struct {
	name    string
	inputs  []string
	answers []string
}

func (s *set) add(input, answer string) {
	s.inputs = append(s.inputs, input)
	s.answers = append(s.answers, answer)
}

func table(t *testing.T, name, file, input, label string) set {
	t.Helper()
	shareddata.Dir(t)
	header, rows, err := shareddata.ReadCSV(file)
	if err != nil {
		t.Fatal(err)
	}
	s := set{name: name}
	x, y := slices.Index(header, input), slices.Index(header, label)
	for _, row := range rows {
		s.add(row[x], row[y])
	}
	return s
}

func snips(t *testing.T) set {
	s := set{name: "snips"}
	shareddata.Objects(t, "snips_nlu/snips.jsonl.gz", func(row *struct {
		Intent, Text string
		Slots        []struct{ Name, Value string }
	}) {
		object := map[string]any{"intent": row.Intent}
		for _, slot := range row.Slots {
			object[slot.Name] = slot.Value
		}
		answer, _ := json.Marshal(object)
		s.add(row.Text, string(answer))
	})
	return s
}

// chat is free talk with its answers.
func chat(t *testing.T) set {
	s := set{name: "chat"}
	shareddata.Objects(t, "distill/alpaca_davinci003_random9k.jsonl.gz", func(row *struct{ Instruction, Input, Output string }) {
		s.add(strings.TrimSpace(row.Instruction+"\n"+row.Input), row.Output)
	})
	return s
}

// frames are shapes that templates have: each puts an input into messages.
var frames = []struct {
	name string
	wrap func(about, input string) []Message
}{
	{"system", func(about, input string) []Message {
		return []Message{{"system", "You sort " + about + ". Answer with the label alone."}, {"user", input}}
	}},
	{"prefix", func(about, input string) []Message {
		return []Message{{"user", "What kind of " + about + " is the following? " + input}}
	}},
	{"suffix", func(about, input string) []Message {
		return []Message{{"user", input + "\n\nName the kind of " + about + " above in one word."}}
	}},
	{"middle", func(about, input string) []Message {
		return []Message{{"system", "You are a helpful assistant."}, {"user", "Text: " + input + "\nThe text is one of " + about + ".\nAnswer:"}}
	}},
	{"examples", func(about, input string) []Message {
		return []Message{{"user", "Find what is asked in " + about + ".\n\nQ: one two three\nA: x\n\nQ: four five\nA: y\n\nQ: " + input + "\nA:"}}
	}},
	{"changing", func(about, input string) []Message {
		day := len(input) % 28
		return []Message{{"system", fmt.Sprintf("Today is day %d of the month. Read %s and say what is wanted.", day+1, about)}, {"user", input}}
	}},
	{"two", func(about, input string) []Message {
		half := len(input) / 2
		return []Message{{"user", "First part of " + about + ": " + input[:half] + "\n--- Second part of it: " + input[half:] + "\n=> label:"}}
	}},
}

var about = map[string]string{"banking77": "messages to a bank", "clinc150": "requests to an assistant", "snips": "spoken commands", "headlines": "news on gold"}

// TestFindPublicSets has every set behind other templates with each seed; RETORT_SEEDS=7 has each behind each.
func TestFindPublicSets(t *testing.T) {
	sets := []set{
		table(t, "banking77", "banking77/train.csv", "text", "category"),
		table(t, "clinc150", "clinc150/data_full.csv", "text", "intent"),
		snips(t),
		table(t, "headlines", "headlines/train.csv", "headline", "label"),
	}
	talk := chat(t)
	seeds := uint64(3)
	if n, err := strconv.ParseUint(os.Getenv("RETORT_SEEDS"), 10, 64); err == nil {
		seeds = n
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			var calls []Call
			var of []string
			for i, s := range sets {
				frame := frames[(int(seed)+i)%len(frames)]
				if frame.name == "two" && s.name == "snips" { // would cut what is to be copied
					frame = frames[0]
				}
				t.Logf("%s: %s", s.name, frame.name)
				for j := range s.inputs {
					calls = append(calls, Call{Messages: frame.wrap(about[s.name], s.inputs[j]), Answer: s.answers[j]})
					of = append(of, s.name)
				}
			}
			for j := range min(len(talk.inputs), len(calls)/4) {
				messages := []Message{{"user", talk.inputs[j]}}
				if seed%2 == 0 {
					messages = append([]Message{{"system", "You are a helpful assistant."}}, messages...)
				}
				calls = append(calls, Call{Messages: messages, Answer: talk.answers[j]})
				of = append(of, "chat")
			}
			rng.Shuffle(len(calls), func(i, j int) {
				calls[i], calls[j] = calls[j], calls[i]
				of[i], of[j] = of[j], of[i]
			})
			found := map[string]int{}
			labels := map[string][]string{}
			for i, c := range calls {
				labels[of[i]] = append(labels[of[i]], c.Answer)
			}
			for _, g := range find(t, calls, Options{}) {
				count := map[string]int{}
				for _, c := range g.Calls {
					count[of[c]]++
				}
				t.Logf("%d calls, %s, %d labels, %d fields, %s: %v\n%v", len(g.Calls), g.Contract.Kind, len(g.Contract.Labels), len(g.Contract.Fields), g.Contract.Why, count, g.Template)
				if g.Contract.Kind == Text {
					continue
				}
				for name := range count {
					found[name]++
					if want := slices.Compact(slices.Sorted(slices.Values(labels[name]))); name != "snips" && !slices.Equal(g.Contract.Labels, want) {
						t.Errorf("%s: got %d labels, want %d", name, len(g.Contract.Labels), len(want))
					}
					if name == "snips" && len(g.Contract.Fields) != 40 {
						t.Errorf("snips: got %d fields, want the intent and 39 slots", len(g.Contract.Fields))
					}
					if want := len(labels[name]); len(g.Calls) < want*99/100 {
						t.Errorf("%s: got %d calls of %d", name, len(g.Calls), want)
					}
				}
			}
			for _, s := range sets {
				if found[s.name] != 1 {
					t.Errorf("%s is in %d tasks", s.name, found[s.name])
				}
			}
			if found["chat"] > 0 {
				t.Error("a task of free talk is proposed")
			}
		})
	}
}

func find(t *testing.T, calls []Call, o Options) []Group {
	t.Helper()
	groups, err := Find(t.Context(), calls, o)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}
