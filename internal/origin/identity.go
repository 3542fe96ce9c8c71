// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package origin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"retort/internal/config"
)

// Describe returns what stands behind names, and behind the names in that, by name: what the configuration says of each but
// its price, which changes no answer.
func Describe(c *config.Config, names ...string) map[string]any {
	named := map[string]any{}
	for _, name := range names {
		describe(c, name, named)
	}
	return named
}

func describe(c *config.Config, name string, named map[string]any) {
	if _, known := named[name]; known {
		return
	}
	if t, ok := c.Tasks[name]; ok {
		named[name] = t
		describe(c, t.Teacher.Lead(), named)
		return
	}
	m := c.Models[name]
	m.Price = config.Price{}
	named[name] = m
	for _, ref := range m.Refs() {
		describe(c, ref, named)
	}
}

// Behind says whether a name is that of a model, or of one that it is made of as it answers first.
func Behind(c *config.Config, name, of string) bool {
	_, is := Describe(c, of)[name]
	return is
}

// Identity names what stands behind a teacher, so that another model behind its name is another teacher. So is what a server of one's own at another
// address or another recording says, as their models' names say little; vendors' names mean the same whichever address leads to them.
func Identity(c *config.Config, name string) string {
	named := Describe(c, name)
	for _, key := range slices.Collect(maps.Keys(named)) {
		m, ok := named[key].(config.Model)
		if !ok {
			continue
		}
		m.Distillation, m.Context, m.Abilities = config.Distillation{}, 0, nil // which change no answer
		named[key] = m
		if from, ok := c.Providers[m.Provider]; ok && nearby(from.BaseURL) {
			named["provider "+m.Provider] = []string{from.Dialect, from.BaseURL, from.File}
		}
	}
	return name + "@" + digest(named)
}

// digest names what was described: equal for equal ones.
func digest(named map[string]any) string {
	values := []any{named} // names that journals have were made so
	text, err := json.Marshal(values)
	if err != nil {
		text = fmt.Appendf(nil, "%#v", values)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
