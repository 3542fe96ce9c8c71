// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

var (
	tasksLine  = regexp.MustCompile(`(?m)^tasks:[ \t]*(#[^\n]*)?\r?(\n|\z)`)
	tasksKey   = regexp.MustCompile(`(?m)^["']?tasks["']?[ \t]*:`)
	firstBelow = regexp.MustCompile(`^(?:[ \t]*(?:#[^\n]*)?\r?\n)*( +)[^ #\r\n]`)
)

// errTasksStyle says where tasks cannot be added by machine.
var errTasksStyle = errors.New("tasks: is not written as names below each other, so nothing can be added to it")

// AddTasks returns the text of a configuration file with further tasks, each under a comment of one line; all that was
// there stays as it is, comments too. What comes out is not checked: let Parse read it.
func AddTasks(text []byte, tasks map[string]*Task, comment map[string]string) ([]byte, error) {
	indent, at := "  ", -1
	if line := tasksLine.FindIndex(text); line != nil {
		at = line[1]
		if below := firstBelow.FindSubmatch(text[at:]); below != nil {
			indent = string(below[1])
		}
	} else if tasksKey.Match(text) {
		return nil, errTasksStyle
	}
	var added bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(tasks)) {
		if c := strings.Join(strings.Fields(comment[name]), " "); c != "" {
			fmt.Fprintf(&added, "%s# %s\n", indent, c)
		}
		var e emitter
		e.pairs(pairs{{name, (&Config{}).objectTree("", reflect.ValueOf(*tasks[name]))}}, len(indent))
		added.Write(e.Bytes())
	}
	if at < 0 {
		return slices.Concat(ended(text), []byte("\ntasks:\n"), added.Bytes()), nil
	}
	return slices.Concat(ended(text[:at]), added.Bytes(), text[at:]), nil
}

// ended returns text with the end of its last line.
func ended(text []byte) []byte {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return append(slices.Clip(text), '\n')
	}
	return slices.Clip(text)
}
