// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

// luhn is the check of payment cards and some identity numbers (ISO/IEC 7812-1, annex B).
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i])
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// issued reports whether cards of that length begin with these digits.
func issued(d []byte) bool {
	two := int(d[0])*10 + int(d[1])
	four := two*100 + int(d[2])*10 + int(d[3])
	switch n := len(d); {
	case d[0] == 4: // Visa
		return n == 16 || n == 13 || n == 19
	case two >= 51 && two <= 55 || four >= 2221 && four <= 2720: // Mastercard
		return n == 16
	case two == 34 || two == 37: // American Express
		return n == 15
	case two == 36 || two == 38 || two == 39 || four/10 >= 300 && four/10 <= 305: // Diners Club
		return n == 14 || n == 16
	case two == 35: // JCB
		return n == 16 && four >= 3528 && four <= 3589
	case four == 6011 || two == 65 || two == 64 && d[2] >= 4 || two == 62 || two == 60: // Discover, UnionPay, RuPay
		return n == 16 || n == 19
	case two == 50 || two >= 56 && two <= 58 || two == 63 || two == 67 || two == 68: // Maestro
		return n >= 16
	}
	return false
}

// card reports whether the digits are a card's number.
func card(d []byte) bool { return issued(d) && luhn(d) && !same(d) }

// same reports whether all are the same.
func same(d []byte) bool {
	for _, x := range d {
		if x != d[0] {
			return false
		}
	}
	return true
}
