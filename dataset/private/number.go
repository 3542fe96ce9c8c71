// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import "strings"

// group is a run of digits.
type group struct {
	start, end int
	sep        byte // what is before it: a space, '-', '.', '/', or mixed
}

// mixed stands for separators of more than one character.
const mixed = 'm'

// number is digits in groups, as people write them.
type number struct {
	groups [16]group
	n      int
	total  int // digits
}

func (g *group) len() int { return g.end - g.start }

// number looks at the digits from i on, and returns where to go on.
func (f *finder) number(i int) int {
	s := f.s
	end := i + 1
	for end < len(s) && class[s[end]] == digit {
		end++
	}
	if !f.numberMayStart(i) {
		return end
	}
	if class[at(s, end)]&wordlike != 0 {
		return f.digitsThenLetters(i, end)
	}
	var n number
	n.gather(s, i, end)
	if n.total < 7 && n.n < 4 {
		return f.dottedID(&n)
	}
	for a := 0; a < n.n; a++ {
		if sep := n.groups[a].sep; a > 0 && sep != ' ' && sep != mixed {
			continue
		}
		if k, from, to := f.classify(&n, a); k != 0 {
			return f.add(from, to, k)
		}
	}
	return f.dottedID(&n)
}

// numberMayStart reports whether the digit at i begins a number, and is not the middle of a word, of a decimal fraction or of a name.
func (f *finder) numberMayStart(i int) bool {
	switch before := at(f.s, i-1); before {
	case '-', '/', '\\':
		if before == '/' && at(f.s, i-2) == '/' {
			return true
		}
		return !is(f.s, i-2, wordlike)
	case '.', ',', '+', '$':
		return !is(f.s, i-2, digit|letterlike) && before != '$'
	default:
		return class[before]&wordlike == 0
	}
}

// gather reads groups of digits from the one at [start, end) on.
func (n *number) gather(s string, start, end int) {
	n.groups[0] = group{start, end, 0}
	n.n, n.total = 1, end-start
	for n.n < len(n.groups) {
		sep, next := separator(s, end)
		if sep == 0 {
			return
		}
		end = next + 1
		for end < len(s) && class[s[end]] == digit {
			end++
		}
		n.groups[n.n] = group{next, end, sep}
		n.n, n.total = n.n+1, n.total+end-next
	}
}

// separator returns what is between the digits that end at i and digits that follow, and where those begin; 0 when none follow.
func separator(s string, i int) (sep byte, next int) {
	const most = 6 // bytes
	count := 0
	for next = i; next < len(s) && next-i < most; count++ {
		switch c := s[next]; {
		case class[c] == digit:
			if count == 0 {
				return 0, 0
			}
			if count > 1 {
				sep = mixed
			}
			return sep, next
		case c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')':
			sep = c
			next++
		case strings.HasPrefix(s[next:], "\u00a0"):
			sep = ' '
			next += 2
		case strings.HasPrefix(s[next:], "\u202f") || strings.HasPrefix(s[next:], "\u2009"):
			sep = ' '
			next += 3
		case strings.HasPrefix(s[next:], "\u2011") || strings.HasPrefix(s[next:], "\u2013"):
			sep = '-'
			next += 3
		default:
			return 0, 0
		}
	}
	return 0, 0
}

// closes reports whether a number may end at group b: what follows is neither more of it nor of a word.
func (f *finder) closes(n *number, b int) bool {
	end := n.groups[b].end
	s := f.s
	if b+1 < n.n {
		sep := n.groups[b+1].sep
		return sep == ' ' || sep == mixed || sep == '/' && n.groups[b+1].len() <= 2 && n.groups[b].sep == '.'
	}
	switch at(s, end) {
	case '.', ',':
		return !is(s, end+1, digit)
	case '-', '/':
		return !is(s, end+1, alnum) || at(s, end) == '/' && is(s, end+1, letters)
	case '@', '%', '_':
		return false
	}
	return wordEnds(s, end)
}

// shaped reports whether the groups from a on have a shape, and end there.
func (f *finder) shaped(n *number, a int, of shape) bool {
	last := a + len(of.lengths) - 1
	if last >= n.n {
		return false
	}
	if a > 0 && last > a && n.groups[a].sep == of.seps[0] && n.groups[a-1].len() == of.lengths[0] {
		return false // the end of a longer one
	}
	for i, l := range of.lengths {
		if g := &n.groups[a+i]; g.len() != l || i > 0 && g.sep != of.seps[i-1] {
			return false
		}
	}
	if last+1 < n.n && last > a && n.groups[last+1].sep == n.groups[last].sep {
		return false
	}
	return f.closes(n, last)
}

// shape is how the digits of a number are grouped: how many are in each group, and what is before each but the first.
type shape struct {
	lengths []int
	seps    []byte
}

// shapes reads shapes as they look: "3-2-4" is three digits, a hyphen, two, a hyphen and four.
func shapes(patterns ...string) []shape {
	var all []shape
	for _, p := range patterns {
		var s shape
		for p != "" {
			end := strings.IndexAny(p, " -./")
			if end < 0 {
				end = len(p)
			} else {
				s.seps = append(s.seps, p[end])
			}
			length := 0
			for _, c := range p[:end] {
				length = length*10 + int(c-'0')
			}
			s.lengths = append(s.lengths, length)
			p = p[min(end+1, len(p)):]
		}
		all = append(all, s)
	}
	return all
}

// digits writes the digits of groups a up to b into out and returns them as values.
func (n *number) digits(s string, a, b int, out []byte) []byte {
	out = out[:0]
	for i := a; i < b; i++ {
		for j := n.groups[i].start; j < n.groups[i].end && len(out) < cap(out); j++ {
			out = append(out, s[j]-'0')
		}
	}
	return out
}

// classify says what the number that begins with group a is, and where it lies; kind 0 when it is nothing private.
func (f *finder) classify(n *number, a int) (k Kind, from, to int) {
	if f.date(n, a) {
		return 0, 0, 0
	}
	count := 0
	if k, count = f.ipv4(n, a); k == 0 {
		k, count = f.identity(n, a)
	}
	if k != 0 {
		return k, n.groups[a].start, n.groups[a+count-1].end
	}
	from, to = f.phone(n, a)
	if to > 0 {
		return Phone, from, to
	}
	return 0, 0, 0
}

// date reports whether the groups from a on begin with a date.
func (f *finder) date(n *number, a int) bool {
	if a+2 >= n.n {
		return false
	}
	x, y, z := n.groups[a], n.groups[a+1], n.groups[a+2]
	if y.sep != z.sep || y.sep == mixed || y.sep == ' ' {
		return false
	}
	year, month, day := x, y, z
	if z.len() == 4 && x.len() <= 2 {
		year, month, day = z, y, x
	}
	if year.len() != 4 || month.len() > 2 || day.len() > 2 {
		return false
	}
	v, m, d := f.value(year), f.value(month), f.value(day)
	if m > 12 && d <= 12 {
		m, d = d, m
	}
	return v >= 1800 && v < 2200 && m >= 1 && m <= 12 && d >= 1 && d <= 31
}

// value returns the number of a group of a few digits.
func (f *finder) value(g group) int {
	v := 0
	for i := g.start; i < g.end && i < g.start+9; i++ {
		v = v*10 + int(f.s[i]-'0')
	}
	return v
}
