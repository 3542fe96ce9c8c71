// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import "net/netip"

// ipv4 looks for an address in the four groups from a on.
func (f *finder) ipv4(n *number, a int) (Kind, int) {
	if a+3 >= n.n {
		return 0, 0
	}
	var part [4]int
	short := true
	for i := range part {
		g := &n.groups[a+i]
		if g.len() > 3 || i > 0 && g.sep != '.' || g.len() > 1 && f.s[g.start] == '0' {
			return 0, 0
		}
		part[i] = f.value(*g)
		short = short && g.len() == 1
		if part[i] > 255 {
			return 0, 0
		}
	}
	start, last := n.groups[a].start, &n.groups[a+3]
	if a+4 < n.n {
		if sep := n.groups[a+4].sep; sep != ' ' && sep != mixed && sep != '/' && sep != '-' {
			return 0, 0
		}
	} else if !f.addressEnds(last.end) {
		return 0, 0
	}
	if part[0] == 127 || part[0] == 0 || part[0] == 255 { // loopback, this network, netmasks
		return 0, 0
	}
	need := 0
	if short { // 1.2.3.4 is a section as well
		need = 1
	}
	if at(f.s, start-1) == '/' && is(f.s, start-2, alnum) || f.context(start, last.end, saysIP, saysVersion) < need {
		return 0, 0
	}
	return IP, 4
}

// addressEnds reports whether an address may end at i: a port or the length of a network may follow.
func (f *finder) addressEnds(i int) bool {
	switch at(f.s, i) {
	case '.':
		return !is(f.s, i+1, alnum)
	case '-':
		return !is(f.s, i+1, letters)
	case '@':
		return false
	}
	return wordEnds(f.s, i)
}

// ipv6 looks for an address around the colon at i, and returns its end, or 0.
func (f *finder) ipv6(i int) int {
	const longest = 45
	s, start, end := f.s, i, i+1
	if !hexadecimal[at(s, i-1)] && at(s, i+1) != ':' {
		return 0
	}
	for start > 0 && i-start < longest && (hexadecimal[s[start-1]] || s[start-1] == ':') {
		start--
	}
	colons, digits, groups := 1, 0, 0
	for end < len(s) && end-start <= longest && (hexadecimal[s[end]] || s[end] == ':' || s[end] == '.' && is(s, end+1, digit)) {
		end++
	}
	for end > i && s[end-1] == ':' && at(s, end-2) != ':' {
		end-- // the colon of the sentence
	}
	if is(s, start-1, wordlike) || at(s, start-1) == '.' || !wordEnds(s, end) || end-start < 4 {
		return 0
	}
	colons = 0
	for k := start; k < end; k++ {
		switch {
		case s[k] == ':':
			colons++
		case class[s[k]]&digit != 0:
			digits++
		}
		if s[k] != ':' && (k == start || s[k-1] == ':') {
			groups++
		}
	}
	if colons < 2 || digits == 0 || groups < 2 || colons < 7 && !doubled(s[start:end]) {
		return 0
	}
	addr, err := netip.ParseAddr(s[start:end])
	if err != nil || addr.IsLoopback() || addr.IsUnspecified() {
		return 0
	}
	if groups == 2 && end-start < 6 && f.context(start, end, saysIP, 0) < 1 {
		return 0 // 1::2
	}
	return f.add(start, end, IP)
}

func doubled(s string) bool {
	for i := 1; i < len(s); i++ {
		if s[i] == ':' && s[i-1] == ':' {
			return true
		}
	}
	return false
}

var hexadecimal = newSet(digits, "abcdefABCDEF")
