// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

// ibanLengths has the length of each country's account numbers (SWIFT, IBAN registry).
var ibanLengths = func() (t [26][26]uint8) {
	for length, countries := range map[uint8]string{
		15: "NO", 16: "BE", 18: "DKFOFIGLNLFKSD", 19: "MKSI", 20: "ATBAEEKZXKLTLUMN", 21: "CHHRLILV", 22: "BGBHCRDEGEIEMEGBRSVA", 23: "AEGIILIQTLOMSO", 24: "ADCZMDPKROSASKESSETNVGDZ",
		25: "PTSTLY", 26: "ISTR", 27: "FRGRITMRMCSMDJBI", 28: "ALAZCYDOGTHULBPLBYSVNIHN", 29: "BRPSQAUAEG", 30: "JOKWMUYE", 31: "MTSC", 32: "LC", 33: "RU",
	} {
		for i := 0; i < len(countries); i += 2 {
			t[countries[i]-'A'][countries[i+1]-'A'] = length
		}
	}
	return t
}()

// iban looks for an account number that begins at i, in one piece or in groups, and returns its end, or 0.
func (f *finder) iban(i int) int {
	s := f.s
	if !is(s, i, letters) || !is(s, i+1, letters) {
		return 0
	}
	number := i + 2
	if at(s, number) == ' ' {
		number++
	}
	if !is(s, number, digit) || !is(s, number+1, digit) {
		return 0
	}
	length := ibanLengths[s[i]&^0x20-'A'][s[i+1]&^0x20-'A']
	if length == 0 {
		return 0
	}
	var buf [34]byte
	b := buf[:length]
	end := compact(s, i, b, " -")
	if end == 0 || !wordEnds(s, end) || !mod97(b) {
		return 0
	}
	return end
}

// mod97 is the check of ISO 7064: the country and the check digits go to the end, letters count from 10 on.
func mod97(b []byte) bool {
	rest := 0
	for i := range b {
		c := b[(i+4)%len(b)]
		if class[c]&digit != 0 {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest == 1
}

// capitals looks at a word of capital letters at [i, j): a BIC or an account's country that stands apart.
func (f *finder) capitals(i, j int) int {
	if j-i == 2 && (at(f.s, j) == ' ' || at(f.s, j) == '-') && is(f.s, j+1, digit) {
		if end := f.iban(i); end > 0 {
			return f.add(i, end, IBAN)
		}
		if end := f.nino(i); end > 0 {
			return f.add(i, end, UKNINO)
		}
	}
	if j-i == 1 { // X-1234567-L
		if end := f.nie(i, j); end > 0 {
			return f.add(i, end, ESDNI)
		}
	}
	if f.bicNamed(i, j) {
		return f.add(i, j, BIC)
	}
	return 0
}

// bicNamed reports whether the word at [i, j) looks like a BIC (ISO 9362) and is called one: words of eight capital letters are
// words otherwise.
func (f *finder) bicNamed(i, j int) bool {
	if j-i != 8 && j-i != 11 {
		return false
	}
	for k := i; k < i+6; k++ {
		if class[f.s[k]]&upper == 0 {
			return false
		}
	}
	for k := i + 6; k < j; k++ {
		if class[f.s[k]]&(upper|digit) == 0 {
			return false
		}
	}
	return f.ends(j) && f.before(i, saysBIC, saysOther) > 0
}
