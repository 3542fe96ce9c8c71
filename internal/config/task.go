// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

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
	Teacher      string    `yaml:"teacher" required:"true" single:"a task learns from one teacher" doc:"Model that is imitated, and that answers until a student does."`
	Agreement    float64   `yaml:"agreement" default:"0.95" doc:"Share of the student's answers that must agree with the teacher, between 0 and 1."`
	Confidence   float64   `yaml:"confidence" default:"0.95" doc:"Confidence with which the agreement must be shown, between 0 and 1."`
	Student      Student   `yaml:"student" doc:"How the student is trained and certified."`
	Similar      *Similar  `yaml:"similar" doc:"Answer from the teacher's answers to similar inputs, where these are known to agree with fresh ones."`
}

// Output is the set of answers allowed.
type Output struct {
	Enum []string `yaml:"enum" required:"true" doc:"The labels: an answer is exactly one of them."`
}

// Example is an input with the answer wanted.
type Example struct {
	Input  string `yaml:"input" required:"true" doc:"What a client sends."`
	Output string `yaml:"output" required:"true" doc:"The right label for it."`
}

// Student says how a student is made.
type Student struct {
	Effort string `yaml:"effort" enum:"standard,high" default:"standard" doc:"standard trains in seconds; high takes minutes for more accuracy."`
	Method string `yaml:"method" enum:"cross-fitted,strict" default:"cross-fitted" doc:"cross-fitted covers more and is provisional until unseen labels certify it; strict holds labels out and certifies at once."`
}
