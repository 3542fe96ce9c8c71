// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import "strings"

// traits are what a model takes. The API refuses the rest, and which model takes what is in its documentation alone
// (https://platform.claude.com/docs/en/about-claude/models), so that it has to be told by the model's name. The zero
// value is that of a model that is not known to be Claude, as compatible servers have them.
type traits struct {
	claude     bool
	most       int    // tokens that it can write; 0: unknown
	budget     bool   // thinks with a budget of tokens
	adaptive   bool   // thinks as it sees fit
	thinks     bool   // thinks unless it is told not to
	off        string // the type of thinking that stands for none; empty: it always thinks
	efforts    string // the efforts it knows
	sampled    bool   // takes sampling parameters
	oneSampler bool   // but either temperature or top_p
	structured bool   // answers by a schema
	forced     bool   // can be made to call a tool
	prefill    bool   // goes on with an answer that has begun
	midway     bool   // takes instructions between messages
}

const (
	effortsHigh = "low medium high"
	effortsMax  = effortsHigh + " max"
	effortsAll  = effortsHigh + " xhigh max"
)

// traitsOf tells what a model takes by its name, such as "claude-opus-4-5-20251101" or
// "us.anthropic.claude-sonnet-4-5-20250929-v1:0".
func traitsOf(name string) traits {
	family, version, ok := claude(name)
	if !ok {
		return traits{efforts: effortsAll, budget: true, adaptive: true, off: "disabled", sampled: true, structured: true,
			forced: true, prefill: true}
	}
	t := traits{claude: true, most: 128000, off: "disabled", sampled: true, forced: true, prefill: true, structured: version >= 45}
	grand := family == "fable" || family == "mythos"
	t.limits(family, version)
	switch {
	case version >= 47 || grand:
		t.adaptive, t.sampled, t.efforts = true, false, effortsAll
	case version >= 46:
		t.adaptive, t.efforts = true, effortsMax
	case version >= 37:
		t.budget = true
		if version == 45 && family == "opus" {
			t.efforts = effortsHigh
		}
	}
	t.oneSampler = version >= 41
	if version >= 46 || grand {
		t.prefill = false
	}
	t.midway = version >= 48
	t.thinks = version >= 50 || grand
	t.forced = version < 55 && (!grand || version < 51)
	switch {
	case grand, family == "opus" && version >= 55:
		t.off = ""
	case family == "sonnet" && version >= 55:
		t.off = "between_tools"
	}
	return t
}

// limits sets how much the model can write.
func (t *traits) limits(family string, version int) {
	switch {
	case version < 35:
		t.most = 4096
	case version < 37:
		t.most = 8192
	case version <= 41 && family == "opus":
		t.most = 32000
	case version <= 45, version == 46 && family == "sonnet":
		t.most = 64000
	}
}

// newest is the version of a Claude whose name has none.
const newest = 55

// claude returns the family and the version, times ten, of a Claude; ok is false for other models.
func claude(name string) (family string, version int, ok bool) {
	_, rest, ok := strings.Cut(strings.ToLower(name), "claude")
	if !ok {
		return "", 0, false
	}
	digits := 0
	for _, word := range strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune("-._@:/", r) }) {
		switch word {
		case "opus", "sonnet", "haiku", "fable", "mythos", "instant":
			family = word
			continue
		}
		if digits < 2 && len(word) == 1 && word[0] >= '0' && word[0] <= '9' {
			version = version*10 + int(word[0]-'0')
			digits++
		} else if digits > 0 {
			break
		}
	}
	switch digits {
	case 0:
		version = newest
	case 1:
		version *= 10
	}
	return family, version, true
}
