// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package origin

import (
	"fmt"

	"retort/internal/config"
)

// Terms checks that the terms of every upstream model behind teachers allow learning from its answers, as far as the
// configuration says. It returns the names of those of which it does not say. The error is a *ForbiddenError.
func Terms(c *config.Config, teachers ...string) (unknown []string, err error) {
	var leaves []string
	for _, teacher := range teachers {
		leaves = leavesOf(c, teacher, leaves)
	}
	for _, name := range leaves {
		switch policy := Policy(c, name); policy.Status {
		case config.DistillForbidden:
			return nil, &ForbiddenError{name, policy}
		case config.DistillAllowed:
		default:
			if !Recorded(c, name) {
				unknown = append(unknown, name)
			}
		}
	}
	return unknown, nil
}

// Policy is what the configuration says of an upstream's model. One upstream model may stand there under several names:
// a refusal under any of them holds for all.
func Policy(c *config.Config, name string) config.Distillation {
	m := c.Models[name]
	for _, other := range c.Models {
		if other.Provider == m.Provider && other.Name == m.Name && other.Distillation.Status == config.DistillForbidden {
			return other.Distillation
		}
	}
	return m.Distillation
}

// TermsOf says in one word what the configuration says about learning from a teacher.
func TermsOf(c *config.Config, name string) string {
	said := ""
	for _, leaf := range leavesOf(c, name, nil) {
		status := Policy(c, leaf).Status
		if Recorded(c, leaf) && status != config.DistillAllowed {
			status = "recorded"
		}
		if status == "" {
			status = config.DistillUnknown
		}
		if said == "" || status == config.DistillUnknown {
			said = status
		}
	}
	return said
}

// UnknownTerms says that nobody has said whether a model may be learned from.
func UnknownTerms(name string) string {
	return fmt.Sprintf("whether the terms of model %q allow distilling it is not known; say so under models.%s.distillation", name, name)
}

// ForbiddenError refuses to learn from a model whose terms do not allow it.
type ForbiddenError struct {
	Model  string
	Policy config.Distillation
}

// Error says whose terms forbid it, and on what ground.
func (e *ForbiddenError) Error() string {
	text := fmt.Sprintf("model %q must not be distilled: the configuration says that its terms forbid it", e.Model)
	if e.Policy.Basis != "" {
		text += " (" + e.Policy.Basis + ")"
	}
	return text
}

// Hint says what to do.
func (e *ForbiddenError) Hint() string {
	return "choose another teacher; if the terms do allow it, say so under models." + e.Model + ".distillation with basis and source"
}
