// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The steps, in their order.
const (
	Corrections    = "corrections"
	Contradictions = "contradictions"
	Duplicates     = "duplicates"
	Leakage        = "leakage"
	Near           = "near"
	Language       = "language"
	Length         = "length"
	Errors         = "errors"
	Balance        = "balance"
	Private        = "private"
)

// What a step may do. Balance takes a number of examples instead of Remove.
const (
	List   = "list"   // flag what it finds, and change nothing
	Remove = "remove" // take out what it finds
	Apply  = "apply"  // change what it finds
	Mask   = "mask"   // put placeholders in the place of what it finds
)

// kinds has the steps in order, with what each does by default and when it is asked for by its bare name.
var kinds = []struct {
	name           string
	initial, named string
	allowed        []string
}{
	{Corrections, Apply, Apply, []string{Apply}},
	{Contradictions, Apply, Apply, []string{Apply, List}},
	{Duplicates, Remove, Remove, []string{Remove}},
	{Leakage, Remove, Remove, []string{Remove, List}},
	{Near, List, Remove, []string{Remove, List}},
	{Language, List, Remove, []string{Remove, List}},
	{Length, List, Remove, []string{Remove, List}},
	{Errors, List, Remove, []string{Remove, List}},
	{Balance, List, List, []string{List}},
	{Private, List, List, []string{List, Mask}},
}

// Plan says which steps are done and how: it maps a step's name to what it does, one of the words above or, for Balance, a
// number of examples. Steps that it lacks are not done.
type Plan map[string]string

// Default returns the plan that changes no more than is safe.
func Default() Plan {
	p := Plan{}
	for _, k := range kinds {
		p[k.name] = k.initial
	}
	return p
}

// Names returns the names of all steps in their order.
func Names() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// ParsePlan reads a plan as commands have it: words with commas between. "default" is Default and "none" nothing; STEP adds a
// step that does what it is there for, STEP=list one that only lists, "balance=N" one that keeps N examples of each
// label; -STEP leaves one out. Where the first word is none of "default", "none" or a -STEP, only the steps named are done. An empty text is
// the default.
func ParsePlan(text string) (Plan, error) {
	plan := Default()
	if strings.TrimSpace(text) == "" {
		return plan, nil
	}
	for i, word := range strings.Split(text, ",") {
		word = strings.ToLower(strings.TrimSpace(word))
		name, leave := strings.CutPrefix(word, "-")
		name, action, given := strings.Cut(name, "=")
		if i == 0 && !leave && word != "default" {
			plan = Plan{}
		}
		if i == 0 && (word == "default" || word == "none") {
			continue
		}
		action, err := chooseAction(name, action, given)
		switch {
		case err != nil:
			return nil, err
		case leave && given:
			return nil, &planError{fmt.Sprintf("%q both leaves a step out and says what it does", word)}
		case leave:
			delete(plan, name)
		default:
			plan[name] = action
		}
	}
	return plan, nil
}

func chooseAction(name, action string, given bool) (string, error) {
	i := slices.IndexFunc(kinds, func(k struct {
		name           string
		initial, named string
		allowed        []string
	}) bool {
		return k.name == name
	})
	switch {
	case i < 0 && (name == "default" || name == "none"):
		return "", &planError{fmt.Sprintf("%q stands after another word; it can only be the first", name)}
	case i < 0:
		return "", &planError{fmt.Sprintf("there is no step %q", name)}
	case !given:
		return kinds[i].named, nil
	case slices.Contains(kinds[i].allowed, action):
		return action, nil
	case name == Balance:
		if n, err := strconv.Atoi(action); err == nil && n > 0 {
			return action, nil
		}
		return "", &planError{fmt.Sprintf("step balance can be list or a number of examples above 0, not %q", action)}
	}
	return "", &planError{fmt.Sprintf("step %s can be %s, not %q", name, strings.Join(kinds[i].allowed, " or "), action)}
}

// planError is about the text of a plan.
type planError struct{ text string }

func (e *planError) Error() string { return "refine: " + e.text }

// Hint says what a plan may be.
func (e *planError) Hint() string {
	return "give default, none or steps with commas between, -STEP to leave one out, STEP=list to list only; the steps are " + strings.Join(Names(), ", ")
}

// String returns the plan as ParsePlan reads it.
func (p Plan) String() string {
	var words []string
	for _, k := range kinds {
		if action, ok := p[k.name]; ok {
			words = append(words, k.name+"="+action)
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ",")
}

// Does reports whether the plan has a step do more than list.
func (p Plan) Does(step string) bool {
	action, ok := p[step]
	return ok && action != List
}

// Only returns the part of a plan that has the given steps.
func (p Plan) Only(steps ...string) Plan {
	part := Plan{}
	for _, s := range steps {
		if action, ok := p[s]; ok {
			part[s] = action
		}
	}
	return part
}

// check refuses a plan that was not made by ParsePlan and holds nonsense.
func (p Plan) check() error {
	var bad []error
	for name, action := range p {
		if _, err := chooseAction(name, action, true); err != nil {
			bad = append(bad, err)
		}
	}
	return errors.Join(bad...)
}
