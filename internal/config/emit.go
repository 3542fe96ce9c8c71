// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// The parts of YAML to be written: pairs, lists and scalars (string, bool, int, int64, float64).
type (
	pairs []pair
	pair  struct {
		key   string
		value any
	}
	list []any
)

// emitter writes trees in block style. It quotes whatever another reader of YAML could take for something else.
type emitter struct{ bytes.Buffer }

// value writes a tree behind a key or a dash; indent is that of what may follow on lines of its own.
func (e *emitter) value(v any, indent int) {
	switch x := v.(type) {
	case pairs:
		if len(x) == 0 {
			e.WriteString(" {}\n")
			return
		}
		e.WriteByte('\n')
		e.pairs(x, indent)
	case list:
		if len(x) == 0 {
			e.WriteString(" []\n")
			return
		}
		e.WriteByte('\n')
		for _, item := range x {
			e.item(item, indent)
		}
	case string:
		e.text(x, indent)
	default:
		fmt.Fprintf(e, " %v\n", x)
	}
}

func (e *emitter) pairs(x pairs, indent int) {
	for _, p := range x {
		e.WriteString(strings.Repeat(" ", indent) + scalar(p.key) + ":")
		e.value(p.value, indent+2)
	}
}

// item writes an item of a list; the first key of a mapping stands behind the dash.
func (e *emitter) item(v any, indent int) {
	blank := strings.Repeat(" ", indent)
	x, ok := v.(pairs)
	if !ok || len(x) == 0 {
		e.WriteString(blank + "-")
		e.value(v, indent+2)
		return
	}
	e.WriteString(blank + "- " + scalar(x[0].key) + ":")
	e.value(x[0].value, indent+4)
	e.pairs(x[1:], indent+2)
}

// text writes a string, several lines as a block where they can stand as they are.
func (e *emitter) text(s string, indent int) {
	body, ended := strings.CutSuffix(s, "\n")
	if !strings.Contains(body, "\n") || !plainLines(body) {
		e.WriteString(" " + scalar(s) + "\n")
		return
	}
	if e.WriteString(" |"); !ended {
		e.WriteByte('-')
	}
	e.WriteByte('\n')
	for line := range strings.SplitSeq(body, "\n") {
		e.WriteString(strings.Repeat(" ", indent) + line + "\n")
	}
}

// plainLines reports whether each line begins and ends with something to see and holds nothing that YAML would change.
func plainLines(body string) bool {
	for line := range strings.SplitSeq(body, "\n") {
		if line == "" || strings.TrimSpace(line) != line || !printable(line) || line[0] == '#' {
			return false
		}
	}
	return true
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar || r == '\ufeff' })
}

var (
	// plainScalar is text that no reader takes for anything but itself, apart from the words and numbers below.
	plainScalar = regexp.MustCompile(`^(\$\$?\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z0-9_./^$(])([A-Za-z0-9_./^$()|?*+;@' -]|:[A-Za-z0-9_/.]|\$\{[A-Za-z_][A-Za-z0-9_]*\})*$`)
	otherWords  = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|[.0-9][0-9a-fox_:.+-]*)$`)
)

// Quote returns text as a value of a configuration file, on one line and in quotes where it needs them: Parse reads it as
// text again, whatever it is. Use it to write files by hand.
func Quote(text string) string { return scalar(escape(text)) }

// scalar writes a string on one line.
func scalar(s string) string {
	if plainScalar.MatchString(s) && !otherWords.MatchString(s) && !strings.HasSuffix(s, " ") {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsPrint(r) && r != '\ufeff':
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02X`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
