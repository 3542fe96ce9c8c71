// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student_test

import (
	"context"
	"fmt"

	"retort/student"
)

// A student of objects learns from texts with the objects that a teacher made of them.
func ExampleTrainExtractor() {
	schema, err := student.ParseSchema([]byte(`{
		"type": "object",
		"properties": {
			"action": {"type": "string", "enum": ["order", "cancel"]},
			"amount": {"type": "integer"},
			"item":   {"type": "string"}
		},
		"required": ["action"]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var examples []student.ObjectExample
	for _, item := range []string{"coffee", "soup", "bread", "tea", "rice", "milk", "cake", "salad"} {
		examples = append(examples,
			student.ObjectExample{Text: "please bring three " + item, Object: fmt.Appendf(nil, `{"action": "order", "amount": 3, "item": %q}`, item)},
			student.ObjectExample{Text: "bring 12 " + item + " today", Object: fmt.Appendf(nil, `{"action": "order", "amount": 12, "item": %q}`, item)},
			student.ObjectExample{Text: "no more " + item, Object: fmt.Appendf(nil, `{"action": "cancel", "item": %q}`, item)})
	}
	training, err := student.TrainExtractor(context.Background(), *schema, examples, student.ExtractorOptions{Task: "kitchen"})
	if err != nil {
		fmt.Println(err)
		return
	}
	var answer student.Extraction
	training.Extractor.Extract(&answer, "please bring seven Pancakes today")
	fmt.Printf("%s\n", answer.Object)
	// Output: {"action":"order","amount":7,"item":"Pancakes"}
}
