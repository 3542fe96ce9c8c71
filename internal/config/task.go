// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"strings"

	"retort/student"
	"retort/task"
)

// The choices of a Student.
const (
	EffortStandard    = "standard"
	EffortHigh        = "high"
	MethodCrossFitted = "cross-fitted"
	MethodStrict      = "strict"
)

// Task is a contract that a student learns from its teacher.
type Task struct {
	Instructions string    `yaml:"instructions" doc:"What to do, in words for a language model."`
	Output       Output    `yaml:"output" required:"true" doc:"The answers allowed."`
	Examples     []Example `yaml:"examples" doc:"Inputs with the answers wanted, shown to the teacher."`
	Teacher      Teachers  `yaml:"teacher" required:"true" one:"true" doc:"Model that is imitated, and that answers until a student does; or a list of several: the first answers, and all label."`
	Agreement    float64   `yaml:"agreement" default:"0.95" doc:"Share of the student's answers that must agree with the teacher, between 0 and 1."`
	Confidence   float64   `yaml:"confidence" default:"0.95" doc:"Confidence with which the agreement must be shown, between 0 and 1."`
	Student      Student   `yaml:"student" doc:"How the student is trained and certified."`
	Audit        Audit     `yaml:"audit" doc:"Put a random share of what the student answers to the teacher too, and take the student out when they no longer agree."`
	Wheel        *Wheel    `yaml:"wheel" doc:"Train, check and promote students by itself while serving; {} is enough."`
	Similar      *Similar  `yaml:"similar" doc:"Answer from the teacher's answers to similar inputs, where these are known to agree with fresh ones."`
}

// Teachers are the names of the models that a task learns from.
type Teachers []string

// Lead returns the one that answers requests while no student does: the first.
func (t Teachers) Lead() string {
	if len(t) == 0 {
		return ""
	}
	return t[0]
}

// Output is the set of answers allowed: one of the two is given.
type Output struct {
	Enum   []string `yaml:"enum" doc:"The labels: an answer is exactly one of them."`
	Schema Document `yaml:"schema" doc:"JSON Schema of an object: fields that are enums, booleans, numbers, dates, strings copied from the input, or lists of enums or strings."`
}

// Example is an input with the answer wanted.
type Example struct {
	Input  string   `yaml:"input" required:"true" doc:"What a client sends."`
	Output Document `yaml:"output" required:"true" doc:"The right answer to it: a label, or an object."`
}

// Student says how a student is made.
type Student struct {
	Effort      string  `yaml:"effort" enum:"standard,high" default:"standard" doc:"standard trains in seconds; high takes minutes for more accuracy."`
	Method      string  `yaml:"method" enum:"cross-fitted,strict" default:"cross-fitted" doc:"cross-fitted covers more and is provisional until unseen labels certify it; strict holds labels out and certifies at once."`
	FalseAlarms float64 `yaml:"false_alarms" doc:"Share of the task's own inputs, up to 0.5, that a student may leave to the teacher as unlike its examples, so that it answers fewer that are none of the task; 0 leaves none for that."`
}

var (
	errNoOutput   = errors.New("output: says nothing; give enum, a list of labels, or schema, a JSON Schema of objects")
	errTwoOutputs = errors.New("output: has enum and schema; answers are labels or objects, so leave one out")
)

// Contract returns the task itself: what its teacher is told and its student learns. Its errors begin with the path of the
// field that is wrong and say what to do.
func (t *Task) Contract(name string) (*task.Task, error) {
	contract := &task.Task{Name: name, Instructions: t.Instructions, Labels: t.Output.Enum}
	objects := !t.Output.Schema.IsZero()
	switch {
	case !objects && len(t.Output.Enum) == 0:
		return nil, errNoOutput
	case objects && len(t.Output.Enum) > 0:
		return nil, errTwoOutputs
	case objects:
		raw := []byte(t.Output.Schema.Text())
		schema, err := student.ParseSchema(raw)
		if err != nil {
			return nil, outputError(err)
		}
		contract.Object = &task.Object{Schema: raw, Bare: schema.Bare, Fields: schema.Names(), Canonical: schema.Canonical}
	}
	for _, ex := range t.Examples {
		contract.Examples = append(contract.Examples, task.Example{Input: ex.Input, Output: ex.Output.Text()})
	}
	return contract, contract.Validate()
}

// outputError says where in the task a schema is wrong.
func outputError(err error) error {
	var e *student.SchemaError
	if !errors.As(err, &e) {
		return fmt.Errorf("output.schema: %w", err)
	}
	return &schemaError{e}
}

// schemaError is a part of a task's schema that no student can learn.
type schemaError struct{ of *student.SchemaError }

// Error begins with the path of the part in the task.
func (e *schemaError) Error() string {
	at := pathOf("output.schema", e.of.Path)
	if e.of.Advice == "" {
		return fmt.Sprintf("%s: %s", at, e.of.Problem)
	}
	return fmt.Sprintf("%s: %s; %s", at, e.of.Problem, e.of.Advice)
}

// pathOf returns the path of what a JSON pointer leads to from another path.
func pathOf(path, pointer string) string {
	for _, key := range strings.Split(pointer, "/")[1:] {
		path = join(path, strings.NewReplacer("~1", "/", "~0", "~").Replace(key))
	}
	return path
}
