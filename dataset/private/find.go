// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

// Span is where a text holds something private: the bytes from Start up to End.
type Span struct {
	Start, End int
	Kind       Kind
}

// Find appends to dst where text holds personal data or secrets: in order, none empty, none overlapping another. The text may be any
// bytes; of one that is UTF-8, spans begin and end between characters. Time is proportional to the length of the text, and
// nothing is allocated but what dst lacks, and a little where a token or an address has to be decoded to be sure. It is safe for concurrent use.
func Find(dst []Span, text string) []Span {
	f := finder{s: text, dst: dst, first: len(dst)}
	f.run()
	return f.dst
}

// finder is a pass over a text.
type finder struct {
	s     string
	dst   []Span
	first int // the spans before this one are not ours

	endless bool // a private key without an end was seen
}

func (f *finder) run() {
	s := f.s
	for i := 0; i < len(s); {
		switch class[s[i]] {
		case upper, lower, letterlike:
			i = f.word(i)
		case digit:
			i = f.number(i)
		case sign:
			i = f.signed(i)
		default:
			i++
		}
	}
}

// signed looks at a byte that may be in the middle of something, and returns where to go on.
func (f *finder) signed(i int) int {
	end := 0
	switch f.s[i] {
	case '@':
		end = f.email(i, i+1)
	case '%':
		if hasPrefix(f.s, i, "%40") {
			end = f.email(i, i+3)
		}
	case ':':
		if end = f.url(i); end == 0 {
			if end = f.ipv6(i); end == 0 {
				end = f.assigned(i)
			}
		}
	case '=':
		end = f.assigned(i)
	case '+':
		end = f.international(i)
	case '-':
		end = f.privateKey(i)
	}
	return max(end, i+1)
}

// add appends a span. It takes the place of those it overlaps, which is how an e-mail address wins over a number inside it.
func (f *finder) add(start, end int, k Kind) int {
	for len(f.dst) > f.first && f.dst[len(f.dst)-1].End > start {
		f.dst = f.dst[:len(f.dst)-1]
	}
	f.dst = append(f.dst, Span{start, end, k})
	return end
}

// word looks at the letters, digits and underscores from i on, the first of which is no digit, and returns where to go on.
func (f *finder) word(i int) int {
	s, has := f.s, class[f.s[i]]
	j := i + 1
	for ; j < len(s); j++ {
		c := class[s[j]]
		if c&wordlike == 0 {
			break
		}
		has |= c
	}
	if i > 0 && class[s[i-1]]&wordlike != 0 {
		return j // the rest of a word
	}
	if tokens := tokensBy[s[i]]; tokens != nil {
		if end := f.token(tokens, i); end > 0 {
			return end
		}
	}
	if has&digit != 0 {
		if end := f.coded(i, j, has); end > 0 {
			return end
		}
		return j
	}
	if lengths := namedLengths[s[i]]; lengths != 0 && j-i < 16 && lengths&(1<<(j-i)) != 0 {
		if end := f.named(i, j); end > 0 {
			return end
		}
	}
	if has&lower == 0 {
		if end := f.capitals(i, j); end > 0 {
			return end
		}
	}
	return j
}
