// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"retort/dataset"
)

// ways puts an input into a question that is put together from one phrase of each list, so that hardly two calls are worded alike.
func ways(lists ...[]string) func(input string) []message {
	return func(input string) []message {
		h := fnv.New64a()
		h.Write([]byte(input)) // a hash cannot fail
		n := h.Sum64()
		var parts []string
		for _, list := range lists {
			parts = append(parts, list[n%uint64(len(list))])
			n /= uint64(len(list))
		}
		return []message{{"user", strings.TrimSpace(strings.ReplaceAll(strings.Join(parts, " "), "TEXT", input))}}
	}
}

// phrases are what questions are put together from, by use. Those of even seeds had no part in making discovery.
var phrases = [2]map[string][][]string{
	{
		"clinc150": {{"I have this one,", "", "Morning!", "From the call centre:", "Could you check,", "Sorry to bother you,", "Customer on line two."},
			{"what would they like to have done with", "where does this belong:", "under which heading do we file", "what topic is meant by", "can you tag", "assign a code to"},
			{"TEXT", "(TEXT)", "TEXT !!", "'TEXT'", "the words TEXT"},
			{"", "Code alone.", "Cheers", "Use the usual headings.", "One heading!", "I only need the tag."}},
		"snips": {{"Break this down for me:", "Take apart", "Details of", "What are the parts of", "Note down what is asked in", "Fill in the ticket:"},
			{"TEXT", "<TEXT>", "the wish TEXT", "this line, TEXT"}, {"", "The usual layout.", "Keep to the layout, please."}},
		"headlines": {{"TEXT Does it say gold is up, down, neutral, or none of these?", "Trend of gold according to TEXT", "Mark the news for the gold desk. News: TEXT Mark:", "gold desk / TEXT / trend?"}},
	},
	{
		"clinc150": {{"", "ok so", "One more:", "Our voice bot got this.", "Listen,", "Dear assistant,", "Next.", "For the router:"},
			{"who takes care of", "decide where to send", "pick the handler of", "give me the label for", "which of our capabilities answers", "say what the person is after in", "what do they want with"},
			{"<<TEXT>>", "TEXT", "\"TEXT\"", "[TEXT]", "- TEXT -"},
			{"", "?", "Label only.", "Just the handler.", "No sentence, only the label.", "ty"}},
		"snips": {{"Fill the form for", "Please structure", "I need a record of", "Structured, please:", "Put into fields:", "Machine-readable version of"},
			{"TEXT", "\"TEXT\"", "the order TEXT", "the sentence TEXT"}, {"", "Fields as in the manual.", "Nothing else."}},
		"headlines": {{"Gold: up, down, neutral or none? TEXT", "TEXT\nWhich way does gold go here?", "Read \"TEXT\" and say in one word what it reports of the gold price.",
			"Direction of gold in this piece of news, please. TEXT"}},
	},
}

// untemplated are the public sets as traffic that no template holds together: Banking77 as bare texts, CLINC150 and SNIPS in ever other
// words, headlines behind a few templates; and free chat as bare texts.
func untemplated(seed uint64) (uses []*stream, talk *stream, sizes map[string]int, err error) {
	uses, talk, err = streams()
	if err != nil {
		return nil, nil, nil, err
	}
	for _, u := range uses {
		u.messages = ways(phrases[seed%2][u.name]...)
		if u.name == "banking77" {
			u.messages = ways([]string{"TEXT"})
		}
	}
	talk.messages = ways([]string{"TEXT"})
	return uses, talk, map[string]int{"banking77": 3000, "clinc150": 4000, "snips": 2500, "headlines": 2000}, nil
}

// measureMeaning sends untemplated calls through a gateway, and looks at what retort tasks discover makes of them.
func measureMeaning(ctx context.Context, b *bench) error {
	uses, talk, sizes, err := untemplated(b.seed)
	if err != nil {
		return err
	}
	calls, kept := shuffled(uses, talk, b.seed, sizes)
	folder := filepath.Join(b.folder, "meaning-found")
	out, took, err := b.discover(ctx, "meaning", calls, "--examples", folder)
	if err != nil {
		return err
	}
	var found discovered
	if err := json.Unmarshal(out, &found); err != nil {
		return fmt.Errorf("read what was discovered: %w", err)
	}
	of, total := map[string]string{}, map[string]int{} // the use of each text, as its calls have it and as templates cut it out
	for _, u := range append(slices.Clone(uses), talk) {
		for _, input := range u.inputs {
			of[strings.TrimSpace(input)] = u.name
			of[strings.TrimSpace(u.messages(input)[0].Content)] = u.name
		}
	}
	for _, c := range calls {
		total[c.use]++
	}
	own, all, exact, proposed := map[string]int{}, map[string]int{}, 0, map[string]bool{}
	for i := range found.Proposals {
		p := &found.Proposals[i]
		count, n, err := p.uses(folder, of)
		if err != nil {
			return err
		}
		name := ""
		for use := range count {
			if name == "" || count[use] > count[name] {
				name = use
			}
		}
		fmt.Printf("%s, by %s: %d calls, %v\n", p.Name, p.Found, p.Calls, count)
		if name != talk.name && !proposed[name] && p.exact(kept[name]) {
			exact++
		}
		proposed[name] = true
		own[name] = max(own[name], count[name])
		all[name] += n
	}
	for _, o := range found.Others {
		fmt.Printf("not distilled, by %s: %d calls: %s\n", o.Found, o.Calls, o.Why)
	}
	for _, u := range uses {
		b.Note("meaning_"+u.name+"_recall", float64(own[u.name])/float64(total[u.name]), "")
		b.Note("meaning_"+u.name+"_precision", float64(own[u.name])/float64(max(1, all[u.name])), "")
	}
	b.Note("meaning_calls", float64(found.Calls), "")
	b.Note("meaning_seconds", took.Seconds(), "s")
	b.AtLeast("meaning_exactly", float64(exact), "tasks", float64(len(uses)))
	b.AtMost("meaning_otherwise", float64(len(found.Proposals)-exact), "tasks", 0)
	return nil
}

// uses counts the examples of a proposal by the use that they are of.
func (p *proposal) uses(folder string, of map[string]string) (count map[string]int, all int, err error) {
	set, err := dataset.ReadFile(filepath.Join(folder, p.Name+".jsonl"), dataset.Columns{})
	if err != nil {
		return nil, 0, err
	}
	count = map[string]int{}
	for _, e := range set.Examples {
		use, known := of[strings.TrimSpace(e.Text)]
		if !known { // a template cut some of the words off
			use = longestOf(e.Text, of)
		}
		count[use]++
		all++
	}
	return count, all, nil
}

// longestOf is the use of the longest text that is in another.
func longestOf(text string, of map[string]string) string {
	use, longest := "", 0
	for t, u := range of {
		if len(t) > longest && strings.Contains(text, t) {
			use, longest = u, len(t)
		}
	}
	return use
}

// discover sends calls through a gateway of their own, whose upstream gives the recorded answers, and runs retort tasks discover. took
// is the time of that alone.
func (b *bench) discover(ctx context.Context, name string, calls []call, args ...string) (out []byte, took time.Duration, err error) {
	up, err := startTeacher(calls)
	if err != nil {
		return nil, 0, err
	}
	defer up.stop()
	config, err := b.retort.File(name+"/retort.yaml", fmt.Appendf(nil, `
data: ./data
providers:
  up: {dialect: openai, base_url: %s/v1}
models:
  large: {provider: up, price: {input: 5, output: 25}}
`, up.url))
	if err != nil {
		return nil, 0, err
	}
	if err := b.serve(ctx, config, calls); err != nil {
		return nil, 0, err
	}
	start := time.Now()
	out, err = b.retort.Command(ctx, append([]string{"tasks", "discover", "--json", "-c", config}, args...)...)
	return out, time.Since(start), err
}
