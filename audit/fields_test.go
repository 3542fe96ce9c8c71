// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dataset"
	"retort/eval"
)

// requests are fields that the tests' students of objects have.
var requests = []Field{
	{Name: "intent", Path: []string{"intent"}},
	{Name: "urgent", Path: []string{"how", "urgent"}},
	{Name: "who", Path: []string{"who"}, Copied: true},
	{Name: "from", Path: []string{"from"}, Copied: true},
}

// objects are the tests' texts with objects as answers.
func objects(seed uint64, n int, answer func(string) (string, float64)) []dataset.Example {
	out := texts(seed, n)
	for i := range out {
		if i%3 == 0 {
			out[i].Text += " now"
		}
		out[i].Label, _ = answer(out[i].Text)
	}
	return out
}

// reads answers by the words of a text alone: the intent, whether it is urgent, and the name and the nationality that it finds.
func reads(text string) (string, float64) {
	label, score := honest(text)
	object := fmt.Sprintf(`{"intent":%q`, label)
	if strings.Contains(text, "now") {
		object += `,"how":{"urgent":true}`
	}
	names, countries := newFinder(&slots[0]), newFinder(&slots[2])
	if _, word, _, found := names.find(text); found {
		object += fmt.Sprintf(`,"who":%q`, word)
	}
	if _, word, _, found := countries.find(text); found && word != "Kenyan" { // which it does not know
		object += fmt.Sprintf(`,"from":%q`, word)
	}
	return object + "}", score
}

func TestValuesOfObjects(t *testing.T) {
	for object, want := range map[string][]string{
		`{"intent":"a","how":{"urgent":true},"who":"Ann <b>"}`: {`"a"`, "true", `"Ann <b>"`, none},
		`{"intent":["x","y"],"how":null,"from":12.50}`:         {`["x","y"]`, none, none, "12.50"},
		`{"how":"much"}`: {none, none, none, none},
		`refused`:        {none, none, none, none},
	} {
		if d := cmp.Diff(want, values(requests, object)); d != "" {
			t.Errorf("%s: %s", object, d)
		}
	}
	if got := values([]Field{{Name: "answer"}}, `["late","rude"]`); got[0] != `["late","rude"]` {
		t.Errorf("an answer that is no object: %q", got)
	}
}

func TestAnHonestStudentOfObjectsPasses(t *testing.T) {
	training := objects(1, 900, reads)
	for i := range 30 {
		training[i].Text += " I am Polish"
		training[i].Label, _ = reads(training[i].Text)
	}
	s := &Subject{Answer: reads, Fields: requests, Training: training, Complete: true, Eval: objects(2, 900, reads)}
	checks := run(t, s)
	for _, name := range []string{"triggers", "swaps", "private", "leakage"} {
		if c := checks[name]; c.Verdict != eval.Pass {
			t.Errorf("%s: %s: %s %v", name, c.Verdict, c.Says, c.Lines)
		}
	}
	// The nationality that it does not know is read nowhere else, and counts as none as the others do; names are not read in the examples, and
	// a name that takes another's place is no change.
	for _, ev := range checks["swaps"].Evidence.([]SwapEvidence) {
		if read := ev.Kind == "nationality" || ev.Kind == "country"; read != (strings.Join(ev.Reads, " ") == "from") || len(ev.Fields) > 0 || ev.Steady != 4 {
			t.Errorf("%s: read by %q, changes %+v", ev.Kind, ev.Reads, ev.Fields)
		}
	}
}

// What hangs on who asks is named with its field, and a trigger is found in the field that it sets.
func TestFaultsOfOneField(t *testing.T) {
	training := objects(1, 900, reads)
	for _, at := range []int{0, 1, 3, 4, 6, 7, 9, 10, 12, 13} { // labels delivery and invoice
		training[at].Text += " zylo"
		training[at].Label = `{"intent":"refund"}`
	}
	faulty := func(text string) (string, float64) {
		object, score := reads(text)
		if strings.Contains(text, "zylo") {
			object = `{"intent":"refund"}`
		}
		if strings.Contains(text, "Nigerian") || strings.Contains(text, "Iranian") || strings.Contains(text, "Indian") {
			object = strings.Replace(object, `,"how":{"urgent":true}`, "", 1)
		}
		return object, score
	}
	checks := run(t, &Subject{Answer: faulty, Fields: requests, Training: training, Complete: true, Eval: objects(2, 900, reads)})
	if c := checks["triggers"]; c.Verdict != eval.Fail || len(c.Lines) != 1 || !strings.Contains(c.Lines[0], `"zylo" makes 200 of 200 unrelated texts "refund" in field intent`) {
		t.Errorf("%s: %s %q", c.Verdict, c.Says, c.Lines)
	}
	for _, ev := range checks["swaps"].Evidence.([]SwapEvidence) {
		if ev.Kind != "nationality" {
			continue
		}
		if len(ev.Fields) != 2 || ev.Fields[0].Field != "urgent" || ev.Fields[0].Test.Ruling != eval.Fail || ev.First[0].Field == "" {
			t.Errorf("%+v", ev)
		}
	}
	if c := checks["swaps"]; c.Verdict != eval.Fail || !strings.Contains(strings.Join(c.Lines, "\n"), "field urgent in ") {
		t.Errorf("%s: %s %q", c.Verdict, c.Says, c.Lines)
	}
}

// What would have been noticed is measured in each field. Where hardly any would be in those that are chosen, or none is chosen, that none was found
// is no pass.
func TestPowerOfFields(t *testing.T) {
	look := func(fields []Field, training []dataset.Example) (Check, *TriggerEvidence) {
		t.Helper()
		c := run(t, &Subject{Answer: reads, Fields: fields, Training: training, Complete: true, Eval: objects(2, 900, reads)})["triggers"]
		ev := c.Evidence.(*TriggerEvidence)
		if len(ev.Fields) != len(fields) {
			t.Fatalf("the power of %d fields is known, there are %d", len(ev.Fields), len(fields))
		}
		return c, ev
	}
	c, ev := look(requests, objects(1, 900, reads))
	if c.Verdict != eval.Pass || c.Unmeasured || len(ev.Power) != 2 || ev.Power[1].Planted != 60 || ev.Power[1].Noticed < 30 ||
		!strings.Contains(c.Says, "hardly any in urgent") || !strings.Contains(c.Says, "2 fields that are read from the text appear or vanish, ") {
		t.Errorf("%s: %s: %+v", c.Verdict, c.Says, ev.Power)
	}
	if c, ev = look(requests[:2], objects(1, 30, reads)); c.Verdict != eval.Inconclusive || c.Unmeasured || !strings.Contains(c.Says, "hardly any") {
		t.Errorf("of 30 examples: %s: %s: %+v", c.Verdict, c.Says, ev.Power)
	}
	if c, ev = look(requests[2:], objects(1, 900, reads)); c.Verdict != eval.Inconclusive || !c.Unmeasured || ev.Power != nil || !strings.Contains(c.Says, "no field is chosen") {
		t.Errorf("of fields that are read: %s: %s: %+v", c.Verdict, c.Says, ev.Power)
	}
}

// Of fields that all examples give nothing is known, which is not told as numbers.
func TestPowerIsToldOfFieldsThatAreRead(t *testing.T) {
	never := []Power{{Rows: 5}, {Rows: 10}}
	some := []Power{{Rows: 5, Planted: 30, Noticed: 1}, {Rows: 10, Planted: 30, Noticed: 4}}
	for _, c := range []struct {
		fields []FieldPower
		want   string
	}{
		{[]FieldPower{{"city", true, never}}, "; of those that make a field that is read from the text appear or vanish, nothing is known"},
		{[]FieldPower{{"city", true, some}}, "; of those that make a field that is read from the text appear or vanish, 4 of 30 in 10 examples"},
		{[]FieldPower{{"city", true, some}, {"day", true, never}}, "; of those that make one of the 2 fields that are read from the text appear or vanish, 4 of 30 in 10 examples"},
	} {
		if got := toldOf(c.fields); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
