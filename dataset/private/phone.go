// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

// callingCode returns the length of the country code that the digits begin with (ITU-T E.164), 0 when there is none.
func callingCode(d []byte) int {
	if len(d) < 3 {
		return 0
	}
	switch two := number2(d, 0); {
	case d[0] == 1 || d[0] == 7:
		return 1
	case two == 20 || two == 27 || two >= 30 && two <= 34 || two == 36 || two >= 39 && two <= 41 || two >= 43 && two <= 49 || two >= 51 && two <= 58 ||
		two >= 60 && two <= 66 || two == 81 || two == 82 || two == 84 || two == 86 || two >= 90 && two <= 95 || two == 98:
		return 2
	case two >= 21 && two <= 29 || two == 35 || two == 37 || two == 38 || two == 42 || two == 50 || two == 59 || two == 67 || two == 68 || two == 69 ||
		two == 80 || two == 85 || two == 87 || two == 88 || two == 96 || two == 97 || two == 99:
		return 3
	}
	return 0
}

// subscriber are the most digits behind the country code in countries where all have about as many.
var subscriber = map[int]int{1: 10, 7: 10, 44: 10, 33: 9, 34: 9, 31: 9, 32: 9, 41: 9, 48: 9, 45: 8, 47: 8, 39: 10, 61: 9, 91: 10, 86: 11, 81: 10, 55: 11,
	65: 8, 27: 9, 36: 9, 351: 9, 353: 9, 420: 9, 972: 9, 52: 10, 90: 10, 46: 10}

// international looks for a number behind the plus sign at i, and returns its end, or 0.
func (f *finder) international(i int) int {
	s := f.s
	start := i + 1
	if at(s, start) == '(' {
		start++
	}
	if !is(s, start, digit) || at(s, start) == '0' || is(s, i-1, alnum) {
		return 0
	}
	end := start + 1
	for is(s, end, digit) {
		end++
	}
	var n number
	n.gather(s, start, end)
	count := f.dialled(&n, 0)
	if count == 0 {
		return 0
	}
	if !f.phoneEnds(&n, count-1) {
		return 0
	}
	return f.add(i, n.groups[count-1].end, Phone)
}

// dialled returns of how many groups an international number is that begins with group a; 0 when it is none.
func (f *finder) dialled(n *number, a int) int {
	var buf [16]byte
	code := callingCode(n.digits(f.s, a, n.n, buf[:4]))
	if code == 0 {
		return 0
	}
	country := 0
	for _, x := range n.digits(f.s, a, n.n, buf[:code]) {
		country = country*10 + int(x)
	}
	most, known := subscriber[country]
	if !known {
		most = 12
	}
	total, count := 0, 0
	for i := a; i < n.n; i++ {
		g := &n.groups[i]
		more := g.len()
		if i == a+1 && more <= 1 && f.s[g.start] == '0' && at(f.s, g.end) == ')' {
			more = 0 // +49 (0)30
		} else if i == a+1 && f.s[g.start] == '0' && at(f.s, g.start-1) == '(' {
			more-- // +49 (030)
		}
		if total+more > code+most || i > a && f.date(n, i) {
			break
		}
		total, count = total+more, count+1
	}
	national := total - code
	if national < 6 || total < 8 || country == 1 && national != 10 {
		return 0
	}
	if country == 1 {
		d := n.digits(f.s, a, a+count, buf[:11])
		if d[1] < 2 || d[4] < 2 {
			return 0
		}
	}
	return count
}

// phone looks for a number without a plus sign that begins with group a; it may lie a bracket further left.
func (f *finder) phone(n *number, a int) (from, to int) {
	s := f.s
	first := &n.groups[a]
	from = first.start
	if before := at(s, from-1); before == '#' || before == '$' || before == '+' || before == '=' && at(s, from-2) == '&' || before == '^' {
		return 0, 0
	}
	count, need := f.national(n, a)
	if count == 0 || !f.phoneEnds(n, a+count-1) {
		return 0, 0
	}
	to = n.groups[a+count-1].end
	if f.context(from, to, saysPhone, saysOther|saysVersion|saysCard) < need || f.money(from, to) {
		return 0, 0
	}
	if at(s, from-1) == '(' && at(s, first.end) == ')' {
		from--
	}
	return from, to
}

// national says of how many groups a telephone number is that begins with group a, and how much the words around must say of it.
func (f *finder) national(n *number, a int) (count, need int) {
	s, first := f.s, &n.groups[a]
	digits, count := f.dialable(n, a)
	lengths := func(of ...int) bool {
		if count != len(of) {
			return false
		}
		for i, l := range of {
			if n.groups[a+i].len() != l {
				return false
			}
		}
		return true
	}
	zero := s[first.start] == '0' && at(s, first.start+1) != '0'
	switch {
	case a == 0 && hasPrefix(s, first.start, "00") && first.len() > 3 && f.zeroZero(n, a) > 0:
		return f.zeroZero(n, a), 0
	case lengths(3, 3, 4) && f.american(n, a):
		if spaced := n.groups[a+1].sep == ' ' && n.groups[a+2].sep == ' '; spaced {
			return count, 1
		}
		return count, 0
	case lengths(1, 3, 3, 4) && s[first.start] == '1' && f.american(n, a+1):
		return count, 0
	case lengths(10) && !zero && digits == 10: // told by words alone
		return count, 1
	case zero && digits >= 9 && digits <= 12 && count > 1 && first.len() <= 5 && count <= 6 && !lengths(2, 2, 2, 2, 2, 2):
		return count, 0
	case zero && count == 1 && (digits == 11 && s[first.start+1] == '7' || digits == 10 && (s[first.start+1] == '6' || s[first.start+1] == '7')):
		return count, 0
	case count >= 1 && digits >= 7 && digits <= 12 && count <= 6:
		return count, 1
	}
	return 0, 0
}

// zeroZero returns of how many groups a number is that begins with 00 and a country.
func (f *finder) zeroZero(n *number, a int) int {
	rest := *n
	rest.groups[a].start += 2
	rest.total -= 2
	return f.dialled(&rest, a)
}

// dialable counts the groups from a on that may be of one telephone number, and their digits.
func (f *finder) dialable(n *number, a int) (digits, count int) {
	for i := a; i < n.n; i++ {
		g := &n.groups[i]
		if digits+g.len() > 12 || i > a && (f.date(n, i) || g.sep == ' ' && g.len() == 1 && n.groups[i-1].len() > 2) {
			break
		}
		digits, count = digits+g.len(), count+1
	}
	return digits, count
}

// american reports whether the three groups from a on may be a number of North America: area and exchange begin with 2 or more.
func (f *finder) american(n *number, a int) bool {
	return f.s[n.groups[a].start] >= '2' && f.s[n.groups[a+1].start] >= '2'
}

// phoneEnds reports whether a telephone number may end with group b.
func (f *finder) phoneEnds(n *number, b int) bool {
	s, end := f.s, n.groups[b].end
	if b+1 < n.n {
		sep := n.groups[b+1].sep
		return sep == ' ' || sep == mixed || sep == '/'
	}
	switch at(s, end) {
	case '.', ',':
		return !is(s, end+1, digit)
	case '-':
		return !is(s, end+1, alnum)
	case '@', '%', '_', '$':
		return false
	case 'x':
		return is(s, end+1, digit) // an extension
	}
	return wordEnds(s, end) && !hasPrefix(s, end, "€")
}

// money reports whether a currency stands beside.
func (f *finder) money(start, end int) bool {
	s := f.s
	before := start
	for before > 0 && start-before < 2 && s[before-1] == ' ' {
		before--
	}
	if c := at(s, before-1); c == '$' || hasPrefix(s, before-3, "€") || hasPrefix(s, before-2, "£") || hasPrefix(s, before-2, "¥") {
		return true
	}
	if at(s, end) == ' ' {
		end++
	}
	return hasPrefix(s, end, "€") || hasPrefix(s, end, "$") || hasPrefix(s, end, "£") || hasPrefix(s, end, "EUR") || hasPrefix(s, end, "USD")
}
