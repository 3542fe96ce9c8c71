// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

// Classes of bytes, as bits. A byte that has none cannot begin anything.
const (
	upper      = 1 << iota // A-Z
	lower                  // a-z
	digit                  // 0-9
	letterlike             // the underscore
	sign                   // may be in the middle of something

	letters  = upper | lower
	alnum    = letters | digit
	wordlike = alnum | letterlike
)

var class = func() (t [256]uint8) {
	for c := 'A'; c <= 'Z'; c++ {
		t[c], t[c|0x20] = upper, lower
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = digit
	}
	t['_'] = letterlike
	for _, c := range "@%:=+-" {
		t[c] = sign
	}
	return t
}()

// is reports whether there is a byte of a class at i, which may be outside the text.
func is(s string, i int, of uint8) bool { return i >= 0 && i < len(s) && class[s[i]]&of != 0 }

// at returns the byte at i, 0 outside the text.
func at(s string, i int) byte {
	if i < 0 || i >= len(s) {
		return 0
	}
	return s[i]
}

func hasPrefix(s string, i int, prefix string) bool {
	return i >= 0 && len(s)-i >= len(prefix) && s[i:i+len(prefix)] == prefix
}

// set is a set of bytes.
type set [256]bool

func newSet(of ...string) *set {
	var t set
	for _, some := range of {
		for i := range len(some) {
			t[some[i]] = true
		}
	}
	return &t
}

const (
	capitalLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	smallLetters   = "abcdefghijklmnopqrstuvwxyz"
	digits         = "0123456789"
)

// span returns the end of the bytes of the set from i on, at most so many.
func (t *set) span(s string, i, most int) int {
	end := len(s)
	if end-i > most {
		end = i + most
	}
	for i < end && t[s[i]] {
		i++
	}
	return i
}

// latin returns the length of the Latin letter with two bytes at i (À to ɏ), or 0.
func latin(s string, i int) int {
	if i >= 0 && i+1 < len(s) && s[i] >= 0xC3 && s[i] <= 0xC9 && s[i+1]&0xC0 == 0x80 {
		return 2
	}
	return 0
}

// wordEnds reports whether what ends at i is not followed by more of a word.
func wordEnds(s string, i int) bool { return !is(s, i, wordlike) && latin(s, i) == 0 }
