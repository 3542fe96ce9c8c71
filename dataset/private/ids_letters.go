// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import "strings"

// coded looks at a word of letters and digits at [i, j), and returns where what it found ends, or 0.
func (f *finder) coded(i, j int, has uint8) int {
	if at(f.s, i-1) == '-' && is(f.s, i-2, wordlike) || has&letterlike != 0 && j-i < 15 {
		return 0 // a part of a longer name
	}
	if end := f.iban(i); end > 0 {
		return f.add(i, end, IBAN)
	}
	if end := f.nino(i); end > 0 {
		return f.add(i, end, UKNINO)
	}
	if end := f.nie(i, j); end > 0 {
		return f.add(i, end, ESDNI)
	}
	if j-i == 16 && has&letterlike == 0 && fiscal(f.s[i:j]) && f.ends(j) {
		return f.add(i, j, ITFiscal)
	}
	if has&letterlike == 0 && f.bicNamed(i, j) {
		return f.add(i, j, BIC)
	}
	return 0
}

// ends reports whether nothing that belongs to a name or number follows at i.
func (f *finder) ends(i int) bool {
	switch at(f.s, i) {
	case '-', '/', '.':
		return !is(f.s, i+1, alnum) || at(f.s, i) != '-' && is(f.s, i+1, upper)
	case '@', '%':
		return false
	}
	return wordEnds(f.s, i)
}

// compact copies so many letters and digits from i on into out, as capitals, skipping single separators; it returns where they end, or 0.
func compact(s string, i int, out []byte, seps string) int {
	for n := 0; n < len(out); i++ {
		switch {
		case is(s, i, alnum):
			out[n] = s[i]
			if class[s[i]]&lower != 0 {
				out[n] &^= 0x20
			}
			n++
		case n == 0 || i >= len(s) || strings.IndexByte(seps, s[i]) < 0 || !is(s, i+1, alnum):
			return 0
		}
	}
	return i
}

// shaped compares letters and digits with a pattern of A for a letter and 9 for a digit.
func patterned(b []byte, pattern string) bool {
	for i := range b {
		of := uint8(digit)
		if pattern[i] == 'A' {
			of = letters
		}
		if class[b[i]]&of == 0 {
			return false
		}
	}
	return true
}

// nino looks for a British National Insurance number: AB 12 34 56 C.
func (f *finder) nino(i int) int {
	s := f.s
	if !is(s, i, upper) && !is(s, i, lower) || !is(s, i+1, letters) || is(s, i+2, letters) {
		return 0
	}
	var b [9]byte
	end := compact(s, i, b[:], " -")
	if end == 0 || !patterned(b[:], "AA999999A") || b[8] > 'D' || !f.ends(end) {
		return 0
	}
	if strings.IndexByte("DFIQUV", b[0]) >= 0 || strings.IndexByte("DFIOQUV", b[1]) >= 0 {
		return 0
	}
	switch string(b[:2]) {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return 0
	}
	need := 0
	if class[s[i]]&lower != 0 {
		need = 1
	}
	if f.context(i, end, saysNINO, saysOther|saysVersion) < need {
		return 0
	}
	return end
}

// dniLetters are the check letters of Spanish numbers, by the number modulo 23.
const dniLetters = "TRWAGMYFPDXBNJZSQVHLCKE"

// nie looks for a Spanish number of a foreigner: X1234567L or X-1234567-L.
func (f *finder) nie(i, j int) int {
	s := f.s
	first := s[i] &^ 0x20
	if first < 'X' || first > 'Z' {
		return 0
	}
	var b [9]byte
	end := compact(s, i, b[:], "-. ")
	if end == 0 || !patterned(b[:], "A9999999A") || !f.ends(end) {
		return 0
	}
	b[0] = '0' + first - 'X'
	if dniLetter(b[:8]) != b[8] || f.context(i, end, saysDNI, saysOther|saysVersion) < 0 {
		return 0
	}
	return end
}

func dniLetter(number []byte) byte {
	n := 0
	for _, c := range number {
		n = n*10 + int(c-'0')
	}
	return dniLetters[n%23]
}

// digitsThenLetters looks at digits at [i, j) that letters follow: a Spanish number, or a French one of Corsica.
func (f *finder) digitsThenLetters(i, j int) int {
	s := f.s
	if j-i == 8 && f.ends(j+1) && class[s[j]]&letters != 0 {
		var b [8]byte
		copy(b[:], s[i:j])
		if dniLetter(b[:]) == s[j]&^0x20 && f.context(i, j+1, saysDNI, saysOther|saysVersion) >= 0 {
			return f.add(i, j+1, ESDNI)
		}
	}
	if j-i == 6 {
		if end := f.nirCorsica(i); end > 0 {
			return f.add(i, end, FRNIR)
		}
	}
	for j < len(s) && class[s[j]]&wordlike != 0 { // a hash, a size, a name
		j++
	}
	return j
}

// dottedID looks for Spanish numbers that are written 12.345.678-Z or 12345678-Z, and Corsican ones in groups, whose letter is no digit of the number n. It returns where to go on.
func (f *finder) dottedID(n *number) int {
	s, last := f.s, &n.groups[n.n-1]
	end := last.end
	if sep := at(s, end); (sep == '-' || sep == ' ' || sep == '.') && is(s, end+1, letters) && f.ends(end+2) && n.n <= 3 && n.total == 8 {
		var b [8]byte
		d := n.digits(s, 0, n.n, b[:])
		for i := range d {
			b[i] += '0'
		}
		start := n.groups[0].start
		if dniLetter(b[:]) == s[end+1]&^0x20 && f.context(start, end+2, saysDNI, saysOther|saysVersion) >= 0 {
			return f.add(start, end+2, ESDNI)
		}
	}
	if last.len() == 1 && n.n >= 4 && is(s, end, letters) {
		first := &n.groups[n.n-4]
		if e := f.nirCorsica(first.start); e > 0 && first.len() == 1 {
			return f.add(first.start, e, FRNIR)
		}
	}
	return end
}

// nirCorsica looks for the number of a person born in the departments 2A and 2B, which count as 19 and 18.
func (f *finder) nirCorsica(i int) int {
	var b [15]byte
	end := compact(f.s, i, b[:], " -.")
	if end == 0 || b[5] != '2' || b[6] != 'A' && b[6] != 'B' || !f.ends(end) {
		return 0
	}
	letter := b[6]
	b[5], b[6] = '1', '9'-(letter-'A')
	body := 0
	for i := range b {
		if b[i] < '0' || b[i] > '9' {
			return 0
		}
		if b[i] -= '0'; i < 13 {
			body = body*10 + int(b[i])
		}
	}
	if !nir(b[:], body) {
		return 0
	}
	return end
}

// oddPlaces are the values of digits and letters in the odd places of a codice fiscale; in the even ones they count as themselves.
var oddPlaces = [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}

// fiscal reports whether 16 letters and digits are a codice fiscale. Its digits may be written as letters of LMNPQRSTUV, which is done
// where two people would have the same code.
func fiscal(s string) bool {
	sum := 0
	for i := range 16 {
		c := s[i]
		if class[c]&lower != 0 {
			c &^= 0x20
		}
		isDigit := class[c]&digit != 0
		switch i {
		case 0, 1, 2, 3, 4, 5, 11:
			if isDigit {
				return false
			}
		case 8:
			if strings.IndexByte("ABCDEHLMPRST", c) < 0 {
				return false
			}
		case 15:
			return !isDigit && int(c-'A') == sum%26
		default:
			if !isDigit && strings.IndexByte("LMNPQRSTUV", c) < 0 {
				return false
			}
		}
		value := int(c - 'A')
		if isDigit {
			value = int(c - '0')
		}
		if i%2 == 0 {
			value = oddPlaces[value]
		}
		sum += value
	}
	return false
}
