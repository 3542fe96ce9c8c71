// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"regexp"
	"strconv"
	"strings"
)

// family is what is known of a model from its name: which of the fields that differ between makers it takes.
type family struct {
	maker   string // "claude", "nova", "gpt-oss", "mistral", "cohere"; empty: none that differs
	version int    // of Claude and Nova: major × 100 + minor
}

// newest stands for versions that the name does not tell, which are more likely later than earlier ones.
const newest = 99 * 100

var (
	claudeVersion = regexp.MustCompile(`claude-(?:[a-z]+-)?([0-9]{1,2})(?:[-.]([0-9]{1,2}))?(?:[-:@]|$)`)
	novaVersion   = regexp.MustCompile(`nova-([0-9])(?:[-.]|$)`)
)

// familyOf knows a model by its name.
func familyOf(name string) family {
	name = strings.ToLower(name)
	for _, maker := range []string{"claude", "nova", "gpt-oss", "mistral", "cohere"} {
		if !strings.Contains(name, maker) {
			continue
		}
		switch maker {
		case "claude":
			return family{maker, claudeOf(name)}
		case "nova":
			return family{maker, max(100, versionOf(novaVersion.FindStringSubmatch(name)))}
		}
		return family{maker: maker}
	}
	return family{}
}

func claudeOf(name string) int {
	switch v := versionOf(claudeVersion.FindStringSubmatch(name)); {
	case v > 0:
		return v
	case strings.Contains(name, "claude-v2"), strings.Contains(name, "claude-instant"):
		return 200
	}
	return newest
}

func versionOf(found []string) int {
	if found == nil {
		return 0
	}
	version := 0
	for _, digits := range [2]string{found[1], strings.Join(found[2:], "")} {
		n, _ := strconv.Atoi(digits) // the expressions let digits through alone, or none
		version = version*100 + n
	}
	return version
}

func (f family) claude() bool { return f.maker == "claude" }

// caches says whether the model takes cache points in its messages; tools says whether it does so among tools, too.
func (f family) caches() (tools, messages bool) {
	return f.claude() && f.version >= 305, f.claude() && f.version >= 305 || f.maker == "nova"
}

// thinks says whether the model thinks on request.
func (f family) thinks() bool { return f.claude() && f.version >= 307 }

// adapts says whether the model decides itself how long to think; one that insists on it takes no budget.
func (f family) adapts() (can, must bool) {
	return f.claude() && f.version >= 406, f.claude() && f.version >= 407
}

// silences says whether the model thinks unless it is told not to, and whether it can be told.
func (f family) silences() bool { return f.claude() && f.version >= 500 && f.version < 505 }

// obeys says whether the model can be made to call a tool.
func (f family) obeys() bool { return !f.claude() || f.version < 505 }

// continues says whether the model goes on with an answer that has begun.
func (f family) continues() bool { return !f.claude() || f.version < 406 }

// samples says whether the model lets itself be told how to sample: whether at all, and whether by temperature and top_p at once.
func (f family) samples() (any, both bool) {
	return !f.claude() || f.version < 407, !f.claude() || f.version < 401
}
