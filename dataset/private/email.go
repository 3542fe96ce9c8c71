// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import "strings"

// Longest parts of an address (RFC 5321, 4.5.3.1).
const (
	longestLocal  = 64
	longestDomain = 255
)

var localBytes = newSet(capitalLetters, smallLetters, digits, "._+-'&~")

// files are endings of names that look like addresses: icon@2x.png.
var files = map[string]bool{"png": true, "jpg": true, "jpeg": true, "gif": true, "svg": true, "webp": true, "css": true, "js": true, "json": true,
	"html": true, "pdf": true}

// email looks for an address around its @, which lies between at and after; it returns the end, or 0.
func (f *finder) email(at, after int) int {
	s := f.s
	start := f.local(at)
	end, top := domain(s, after)
	if start == at || end == 0 || files[strings.ToLower(top)] {
		return 0
	}
	if before := start - 1; before >= 0 && (s[before] == '@' || s[before] == '/' && f.scheme(before)) {
		return 0 // a handle, or a URL's user
	}
	if s[start:at] == "git" && hasPrefix(s, end, ":") {
		return 0 // the address of a repository
	}
	return f.add(start, end, Email)
}

// local returns where the part before the @ begins; at itself when there is none.
func (f *finder) local(at int) int {
	s, start := f.s, at
	for start > 0 && at-start < longestLocal {
		if localBytes[s[start-1]] {
			start--
		} else if latin(s, start-2) > 0 {
			start -= 2
		} else {
			break
		}
	}
	for start < at && strings.IndexByte(".'&~-+", s[start]) >= 0 {
		start++
	}
	if start < at && s[at-1] == '.' {
		return at
	}
	return start
}

// scheme reports whether the slash at i ends "://".
func (f *finder) scheme(i int) bool { return i >= 2 && f.s[i-2:i+1] == "://" }

// domain reads a host name with a top-level domain of letters, and returns its end and that domain; 0 when there is none.
func domain(s string, i int) (end int, top string) {
	most := min(len(s), i+longestDomain)
	for label := i; ; {
		j := label
		for j < most {
			if class[s[j]]&alnum != 0 || s[j] == '-' && j > label {
				j++
			} else if n := latin(s, j); n > 0 {
				j += n
			} else {
				break
			}
		}
		last := j
		for last > label && s[last-1] == '-' {
			last--
		}
		if last == label {
			return end, top
		}
		if label > i && topLevel(s[label:last]) {
			end, top = last, s[label:last]
		} else {
			end, top = 0, ""
		}
		if last < j || j >= most || s[j] != '.' {
			return end, top
		}
		if !is(s, j+1, alnum) && latin(s, j+1) == 0 {
			return end, top
		}
		label = j + 1
	}
}

func topLevel(label string) bool {
	if strings.HasPrefix(label, "xn--") {
		return true
	}
	for i := range len(label) {
		if class[label[i]]&letters == 0 {
			return false
		}
	}
	return len(label) >= 2
}
