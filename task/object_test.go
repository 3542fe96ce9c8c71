// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
	"retort/model/modeltest"
	"retort/student"
	"retort/task"
)

const orderSchema = `{"type":"object","properties":{"kind":{"enum":["order","cancel"]},"zone":{"type":"string","enum":["a","b"]},"item":{"type":"string","description":"what"},"amount":{"type":["integer","null"]}},"required":["kind"]}`

func order(t testing.TB) *task.Task {
	t.Helper()
	schema, err := student.ParseSchema([]byte(orderSchema))
	if err != nil {
		t.Fatal(err)
	}
	o := &task.Task{Name: "order", Object: &task.Object{Schema: []byte(orderSchema), Fields: schema.Names(), Canonical: schema.Canonical},
		Examples: []task.Example{{Input: "two pears", Output: `{"kind":"order","item":"pears"}`}}}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestReadObjects(t *testing.T) {
	o := order(t)
	for answer, want := range map[string]string{
		`{"kind":"order"}`: `{"kind":"order"}`,
		" {\"item\": \"NEW  york\",\n \"kind\": \"Order\", \"amount\": null, \"zone\": null} ":         `{"kind":"order","item":"New York"}`,
		"Here it is:\n```json\n{\"kind\": \"cancel\", \"amount\": 2.0}\n```\nIs that what you wanted?": `{"kind":"cancel","amount":2}`,
		"":                                      "!there is no JSON object",
		"I cannot help.":                        "!there is no JSON object",
		`{"kind":"order"`:                       "!there is no JSON object",
		`["order"]`:                             "!there is no JSON object",
		`{"kind":"order"} or {"kind":"cancel"}`: "!more than one JSON object",
		`{"kind":"order","kind":"cancel"}`:      "!twice",
		`{"kind":"buy"}`:                        `!"buy" is not one of the 2 values`,
		`{"item":"New York"}`:                   `!field "kind" is required`,
		`{"kind":"order","size":1}`:             `!field "size" is not in the schema`,
	} {
		got, err := o.Read("two to New York", answer)
		if wrong, fails := strings.CutPrefix(want, "!"); fails {
			if err == nil || !strings.Contains(err.Error(), wrong) {
				t.Errorf("%q: got %q, %v; want an error with %q", answer, got, err, wrong)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", answer, got, err, want)
		}
		if again, ok := o.Parse(got); !ok || again != got {
			t.Errorf("%q is read again as %q, %v", got, again, ok)
		}
	}
	if _, err := o.Canonical("", "Here: {\"kind\":\"order\"}"); err == nil {
		t.Error("what is more than the object is canonical")
	}
}

func TestObjectTeacherConformance(t *testing.T) {
	modeltest.Run(t, func(t *testing.T) model.Model {
		return order(t).Teacher(modeltest.Script(modeltest.Step{Response: model.Answer("upstream/large", `{"kind":"order"}`)}))
	})
}

// answers gives one after the other and keeps what was asked.
type answers struct {
	left  []string
	asked []*model.Content
}

func (a *answers) Generate(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	a.asked = append(a.asked, content)
	resp := model.Answer("upstream/large", a.left[0])
	a.left = a.left[1:]
	return resp, resp.Emit(emit)
}

func TestObjectTeacherAsksAndRepairs(t *testing.T) {
	m := &answers{left: []string{`{"kind":"buy"}`, `{"kind":"order","zone":null,"item":null,"amount":null}`, "Sorry.", "Sorry."}}
	teacher := order(t).Teacher(m)
	ask := func() (*model.Response, error) {
		return teacher.Generate(t.Context(), model.NewRequest("order", model.Prompt("two pears")), model.Discard)
	}
	resp, err := ask()
	if err != nil || resp.Text() != `{"kind":"order"}` {
		t.Fatalf("got %v, %v", resp, err)
	}
	system := m.asked[0].Messages[0].Text()
	for _, want := range []string{orderSchema, "Message: two pears\nAnswer: {\"kind\":\"order\",\"item\":\"pears\"}"} {
		if !strings.Contains(system, want) {
			t.Errorf("the system prompt lacks %q:\n%s", want, system)
		}
	}
	const want = `{"type":"object","properties":{"kind":{"enum":["order","cancel"]},"zone":{"enum":["a","b",null],"type":["string","null"]},` +
		`"item":{"description":"what","type":["string","null"]},"amount":{"type":["integer","null"]}},"required":["kind","zone","item","amount"],"additionalProperties":false}`
	if f := m.asked[0].Format; f == nil || !*f.Strict || string(f.Schema) != want {
		t.Errorf("format (-want +got):\n%s", cmp.Diff(want, string(f.Schema)))
	}
	if last := m.asked[1].Messages[3].Text(); !strings.Contains(last, `"buy" is not one of the 2 values`) {
		t.Errorf("the repair says %q, want what was wrong", last)
	}
	_, err = ask()
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Unusable || !strings.Contains(err.Error(), "there is no JSON object in it") {
		t.Errorf("got %v, want an error of kind Unusable", err)
	}
}

// of returns a task whose answers keep to a schema.
func of(t testing.TB, schema string, examples ...task.Example) *task.Task {
	t.Helper()
	s, err := student.ParseSchema([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	out := &task.Task{Name: "t", Object: &task.Object{Schema: []byte(schema), Bare: s.Bare, Fields: s.Names(), Canonical: s.Canonical}, Examples: examples}
	if err := out.Validate(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestInnerObjectsAreAskedForWhole(t *testing.T) {
	m := &answers{left: []string{`{"to":{"city":"Rome","rooms":null},"stars":null}`}}
	nested := of(t, `{"type":"object","properties":{"to":{"type":"object","description":"where","properties":{"city":{"type":"string"},"rooms":{"type":"array","items":{"type":"integer"}}}},"stars":{"enum":[1,2]}}}`)
	resp, err := nested.Teacher(m).Generate(t.Context(), model.NewRequest("t", model.Prompt("a bed in rome")), model.Discard)
	if err != nil || resp.Text() != `{"to":{"city":"rome"}}` {
		t.Errorf("got %v, %v", resp, err)
	}
	const want = `{"type":"object","properties":{"to":{"additionalProperties":false,"description":"where","properties":{"city":{"type":["string","null"]},` +
		`"rooms":{"items":{"type":"integer"},"type":["array","null"]}},"required":["city","rooms"],"type":["object","null"]},` +
		`"stars":{"enum":[1,2,null],"type":["number","null"]}},"required":["to","stars"],"additionalProperties":false}`
	if f := m.asked[0].Format; f == nil || string(f.Schema) != want {
		t.Errorf("format (-want +got):\n%s", cmp.Diff(want, string(f.Schema)))
	}
}

func TestAnswersThatAreNoObjects(t *testing.T) {
	numbers := of(t, `{"type":"array","items":{"type":"integer"}}`, task.Example{Input: "3 or 4", Output: "[3,4]"})
	m := &answers{left: []string{"[7", `{"answer":[7,12]}`}}
	resp, err := numbers.Teacher(m).Generate(t.Context(), model.NewRequest("t", model.Prompt("rooms 12 and 7")), model.Discard)
	if err != nil || resp.Text() != `[12,7]` {
		t.Fatalf("got %v, %v", resp, err)
	}
	system := m.asked[0].Messages[0].Text()
	for _, want := range []string{`{"type":"object","properties":{"answer":{"type":"array","items":{"type":"integer"}}},"required":["answer"]}`, "Message: 3 or 4\nAnswer: {\"answer\":[3,4]}"} {
		if !strings.Contains(system, want) {
			t.Errorf("the system prompt lacks %q:\n%s", want, system)
		}
	}
	if f := m.asked[0].Format; f == nil || !strings.HasPrefix(string(f.Schema), `{"type":"object","properties":{"answer":{"items":`) {
		t.Errorf("the format is %v, which upstreams do not take", f)
	}
	for answer, want := range map[string]string{"[12]": "[12]", " ```json\n[7, 12]\n``` ": "[12,7]", `{"answer": []}`: "[]", `{"numbers":[1]}`: "", "12": "", "twelve": "", `{"answer":[1],"why":"x"}`: ""} {
		if said, err := numbers.Read("rooms 12 and 7", answer); said != want || (err == nil) != (want != "") {
			t.Errorf("%q is read as %q, %v; want %q", answer, said, err, want)
		}
	}
	content := model.Prompt("rooms 12 and 7")
	content.Format = &model.Format{Kind: "json"}
	req := model.NewRequest("t", content)
	req.Strict = true
	if _, err := numbers.Teacher(m).Generate(t.Context(), req, model.Discard); model.KindOf(err) != model.Invalid {
		t.Errorf("a strict request for a JSON object gives %v", err)
	}
}

func TestObjectsHonourJSON(t *testing.T) {
	content := model.Prompt("two pears")
	content.Format = &model.Format{Kind: "json"}
	req := model.NewRequest("order", content)
	req.Strict = true
	teacher := order(t).Teacher(modeltest.Script(modeltest.Step{Response: model.Answer("upstream/large", `{"kind":"order"}`)}))
	if _, err := teacher.Generate(t.Context(), req, model.Discard); err != nil {
		t.Error(err)
	}
}

func TestObjectTasksAreChecked(t *testing.T) {
	o := order(t)
	o.Examples = append(o.Examples, task.Example{Input: "x", Output: `{"kind":"buy"}`})
	if err := o.Validate(); err == nil || !strings.Contains(err.Error(), `examples[1].output: read object: field "kind": "buy"`) {
		t.Errorf("got %v", err)
	}
	o.Labels = []string{"a", "b"}
	if err := o.Validate(); err == nil || !strings.HasPrefix(err.Error(), "output: ") {
		t.Errorf("got %v, want labels beside objects refused", err)
	}
}

func FuzzReadObject(f *testing.F) {
	f.Add("two pears", "Here: {\"kind\":\"order\",\"item\":\"pears\"}")
	f.Add("", "{{{")
	o := order(f)
	f.Fuzz(func(t *testing.T, input, answer string) {
		said, err := o.Read(input, answer)
		if err != nil {
			return
		}
		if again, err := o.Canonical(input, said); err != nil || again != said || !json.Valid([]byte(said)) {
			t.Errorf("%q is read as %q, and that as %q, %v", answer, said, again, err)
		}
	})
}
