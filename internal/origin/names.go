// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package origin

import (
	"maps"
	"slices"
	"strings"

	"retort/internal/config"
	"retort/model"
)

// studentPrefix and memoryPrefix begin the names of students, and of memories that answer tasks, in answers and traces.
const studentPrefix, memoryPrefix = "student/", "similar/"

// Student returns a student's name in answers and traces. Without an id it is how the names of all of a task's students begin.
func Student(task, id string) string { return studentPrefix + task + "@" + id }

// Memory returns the name, in answers and traces, of the memory of a task's teacher.
func Memory(task string) string { return memoryPrefix + task }

// Names are the names that a model has in answers and traces; those of students, which change, end in "@".
type Names map[string]bool

// NamesOf returns the names under which a model or task may answer.
func NamesOf(c *config.Config, name string) Names {
	found := Names{}
	found.add(c, name)
	return found
}

func (n Names) add(c *config.Config, name string) {
	if t, ok := c.Tasks[name]; ok {
		n[Student(name, "")] = true
		n.add(c, t.Teacher.Lead())
		return
	}
	m := c.Models[name]
	if m.Provider != "" {
		n[m.Provider+"/"+m.Name] = true
	}
	for _, ref := range m.Refs() {
		n.add(c, ref)
	}
}

// Has says whether a name in an answer is one of them.
func (n Names) Has(name string) bool {
	if i := strings.LastIndexByte(name, '@'); i >= 0 && strings.HasPrefix(name, studentPrefix) {
		name = name[:i+1]
	}
	return n[name]
}

// Sorted returns them in order.
func (n Names) Sorted() []string { return slices.Sorted(maps.Keys(n)) }

// Gave says whether an answer in a trace is one that a teacher gave, who answers under these names. That of several at once is more than what one of
// them says alone, whosever words it has.
func Gave(c *config.Config, teacher string, names Names, t *model.Trace) bool {
	if !names.Has(t.Response.Model) {
		return false
	}
	if !AsksSeveral(c, teacher) {
		return true
	}
	answers := 0
	for i := range t.Attempts {
		if a := &t.Attempts[i]; a.Error == "" && !a.Judging && names.Has(a.Model) {
			answers++
		}
	}
	return answers > 1
}

// AsksSeveral says whether a teacher is several models that are asked at once, so that the name in an answer does not tell who gave it.
func AsksSeveral(c *config.Config, teacher string) bool {
	for {
		of, ok := c.Tasks[teacher]
		if !ok {
			return c.Models[teacher].Ensemble != nil
		}
		teacher = of.Teacher.Lead()
	}
}

// Called returns the configured models of upstreams that have a name in answers, in order.
func Called(c *config.Config, answers string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(c.Models)) {
		if m := c.Models[name]; m.Provider != "" && m.Provider+"/"+m.Name == answers {
			out = append(out, name)
		}
	}
	return out
}
