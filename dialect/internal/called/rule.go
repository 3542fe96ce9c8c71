// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package called

import (
	"hash/fnv"
	"strconv"
	"strings"
	"unicode/utf8"
)

// most is how long the name of a function that stands for a tool in a namespace may be.
const most = 64

// Rule says which names of functions the upstreams of a dialect take. The zero Rule is for those who take any.
type Rule struct {
	Most   int    // bytes; 0: any length and any characters, whatever the rest says
	Also   string // the ASCII characters that are allowed beside letters, digits, "_" and "-"
	Letter bool   // a name begins with a letter or "_"
	Groups bool   // the dialect has namespaces: tools in them keep theirs
}

// allows says whether a name may stay.
func (r Rule) allows(name string) bool {
	if r.Most == 0 {
		return true
	}
	if name == "" || len(name) > r.Most || r.Letter && !letter(name[0]) {
		return false
	}
	for i := range len(name) {
		if !r.has(name[i]) {
			return false
		}
	}
	return true
}

// keeps says whether the function that stands for a tool has the tool's own name.
func (r Rule) keeps(group, name string) bool { return (group == "" || r.Groups) && r.allows(name) }

func letter(ch byte) bool { return ch == '_' || ch|0x20 >= 'a' && ch|0x20 <= 'z' }

func (r Rule) has(ch byte) bool {
	return letter(ch) || ch >= '0' && ch <= '9' || ch == '-' || strings.IndexByte(r.Also, ch) >= 0
}

// Safe returns a name that the rule allows, always the same for a name: itself where that may be, else what is left of
// it in allowed characters, and a hash that tells it from others.
func (r Rule) Safe(name string) string {
	if r.allows(name) {
		return name
	}
	return r.short(name, 0)
}

// flat returns the name of a function that stands for a tool in a namespace.
func (r Rule) flat(namespace, name string) string {
	if namespace == "" {
		return r.Safe(name)
	}
	if whole := join(namespace, name); len(whole) > most || !r.allows(whole) {
		return r.short(whole, 0)
	}
	return join(namespace, name)
}

func join(namespace, name string) string { return namespace + "__" + name }

// short returns a name with the hash of the whole, another for each number.
func (r Rule) short(name string, number int) string {
	h := fnv.New32a()
	h.Write([]byte(name)) // never fails
	if number > 0 {
		h.Write(strconv.AppendInt([]byte{0}, int64(number), 10))
	}
	tail := "_" + strconv.FormatUint(uint64(h.Sum32()), 36)
	limit, clean := most, name
	if r.Most > 0 {
		limit, clean = r.Most, strings.Map(r.orMark, name)
		if r.Letter && (clean == "" || !letter(clean[0])) {
			clean = "_" + clean
		}
	}
	return strings.ToValidUTF8(clean[:min(len(clean), limit-len(tail))], "") + tail
}

// orMark returns a character if it is allowed.
func (r Rule) orMark(c rune) rune {
	if c < utf8.RuneSelf && r.has(byte(c)) {
		return c
	}
	return '_'
}

// Flat returns the name of a function that stands for a tool in a namespace, where names are not held to a rule. One
// too long is cut and told from others by a hash.
func Flat(namespace, name string) string { return Rule{}.flat(namespace, name) }
