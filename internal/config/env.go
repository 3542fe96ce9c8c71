// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"regexp"
	"strings"
)

// An unquoted ${NAME} is no YAML inside of {…}, where a brace is structure. Before parsing, the braces of references are
// exchanged for two characters of Unicode's private use area, one for one so that columns stay right; every scalar is
// changed back before it is used.
const (
	openMask  = "\ue000"
	closeMask = "\ue001"
)

var (
	bracedText = regexp.MustCompile(`\$\{([^{}\n]*)\}`)
	unmasker   = strings.NewReplacer(openMask, "{", closeMask, "}")
	envName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func mask(text string) string {
	return bracedText.ReplaceAllString(text, "$$"+openMask+"${1}"+closeMask)
}

// expand replaces each ${NAME} in text by the variable's value and each $${ by ${. Values are not looked into again.
func expand(text string, env func(string) (string, bool)) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			b.WriteString(text)
			return b.String(), nil
		}
		if i > 0 && text[i-1] == '$' {
			b.WriteString(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		b.WriteString(text[:i])
		name, rest, closed := strings.Cut(text[i+2:], "}")
		if !closed || !envName.MatchString(name) {
			return "", fmt.Errorf("%q is not a reference to the environment; write ${NAME}, or $${ for a plain ${", clip(text[i:]))
		}
		value, ok := env(name)
		if !ok {
			return "", fmt.Errorf("the environment has no variable %s; set it, as in: export %s=…", name, name)
		}
		b.WriteString(value)
		text = rest
	}
}

// escape is the text that expand turns into value.
func escape(value string) string { return strings.ReplaceAll(value, "${", "$${") }

func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
