// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

// others are the words that speak against identity numbers.
const others = saysOther | saysVersion | saysPhone

// identity is a kind of number with a check.
type identity struct {
	kind    Kind
	says    uint32 // the words that name it
	against uint32 // the words that say it is something else
	own     []shape
	weak    []shape // grouped as other numbers are too: a word must name it
	check   func(digits []byte) bool
	first   uint32 // the lengths that the first group may have, as bits
}

// identities in the order in which they are tried: the strongest checks come first.
var identities = func() []identity {
	all := []identity{
		{kind: Card, says: saysCard, against: saysOther, check: card,
			own: shapes("4 4 4 4", "4-4-4-4", "4.4.4.4", "4 6 5", "4-6-5", "4 6 4", "4-6-4", "4 4 4 4 3", "4 4 4 1", "16", "15", "14", "13", "19")},
		{kind: FRNIR, says: saysNIR, against: others, check: nirDigits, own: shapes("1 2 2 2 3 3 2", "15", "13 2", "1-2-2-2-3-3-2", "1.2.2.2.3.3.2")},
		{kind: CHAHV, says: saysAHV, against: others, check: ahv, own: shapes("3.4.4.2", "3 4 4 2", "13")},
		{kind: BRCPF, says: saysCPF, against: others, check: cpf, own: shapes("3.3.3-2"), weak: shapes("11", "9-2", "3 3 3 2", "3.3.3.2")},
		{kind: USSSN, says: saysSSN, against: others | saysSIN, check: ssn, own: shapes("3-2-4"), weak: shapes("3 2 4", "9", "3.2.4")},
		{kind: DETax, says: saysTax, against: others, check: steuerID, own: shapes("2 3 3 3"), weak: shapes("11", "2-3-3-3", "3 3 3 2")},
		{kind: INAadhaar, says: saysAadhaar, against: others, check: aadhaar, own: shapes("4 4 4"), weak: shapes("12", "4-4-4")},
		{kind: SEPersonal, says: saysPersonal, against: others, check: personnummer, own: shapes("6-4", "8-4"), weak: shapes("10", "12", "6 4")},
		{kind: PLPESEL, says: saysPESEL, against: others, check: pesel, weak: shapes("11")},
		{kind: NLBSN, says: saysBSN, against: others, check: bsn, weak: shapes("9", "4.2.3", "3 3 3", "4 2 3", "8", "3.3.3", "3-3-3")},
		{kind: UKNHS, says: saysNHS, against: others, check: nhs, weak: shapes("3 3 4", "10", "3-3-4")},
		{kind: CASIN, says: saysSIN | saysSSN, against: others, check: sin, weak: shapes("3 3 3", "3-3-3", "9")},
	}
	for i := range all {
		for _, s := range all[i].own {
			all[i].first |= 1 << s.lengths[0]
		}
		for _, s := range all[i].weak {
			all[i].first |= 1 << s.lengths[0]
		}
	}
	return all
}()

// identity looks for one that begins with group a, and returns of how many groups it is.
func (f *finder) identity(n *number, a int) (Kind, int) {
	length := n.groups[a].len()
	if length >= 32 {
		return 0, 0
	}
	for i := range identities {
		id := &identities[i]
		if id.first&(1<<length) == 0 {
			continue
		}
		if count := f.matches(n, a, id, id.own, 0); count > 0 {
			return id.kind, count
		}
		if count := f.matches(n, a, id, id.weak, 1); count > 0 {
			return id.kind, count
		}
	}
	return 0, 0
}

// matches returns of how many groups a number of one of the shapes is; need is what the words around it must say.
func (f *finder) matches(n *number, a int, id *identity, of []shape, need int) int {
	var buf [19]byte
	for _, s := range of {
		count := len(s.lengths)
		if !f.shaped(n, a, s) || !id.check(n.digits(f.s, a, a+count, buf[:])) {
			continue
		}
		if f.context(n.groups[a].start, n.groups[a+count-1].end, id.says, id.against) >= need {
			return count
		}
	}
	return 0
}

// weighted returns the sum of the digits times the weights.
func weighted(d []byte, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(d[i])
	}
	return sum
}

// number2 returns the number of two digits at i.
func number2(d []byte, i int) int { return int(d[i])*10 + int(d[i+1]) }

// ssn follows the ranges that the Social Security Administration gives out: no area 000, 666 or 9xx, no group 00, no serial 0000.
func ssn(d []byte) bool {
	area, serial := number2(d, 0)*10+int(d[2]), number2(d, 5)*100+number2(d, 7)
	return area != 0 && area != 666 && area < 900 && number2(d, 3) != 0 && serial != 0 && !same(d)
}

func sin(d []byte) bool { return d[0] != 0 && d[0] != 8 && luhn(d) }

func cpf(d []byte) bool {
	check := func(n int) bool {
		sum := 0
		for i := range n {
			sum += (n + 1 - i) * int(d[i])
		}
		return sum*10%11%10 == int(d[n])
	}
	return !same(d) && check(9) && check(10)
}

// nhs is the number of the National Health Service: its last digit makes the weighted sum a multiple of 11.
func nhs(d []byte) bool {
	return !same(d) && weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// bsn passes the Dutch test of eleven; one of eight digits lacks its leading zero.
func bsn(d []byte) bool {
	var padded [9]byte
	copy(padded[9-len(d):], d)
	return !same(d) && weighted(padded[:], 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0
}

// ahv is an EAN-13 that begins with Switzerland's 756.
func ahv(d []byte) bool {
	return d[0] == 7 && d[1] == 5 && d[2] == 6 && weighted(d, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

// pesel has the century in the month: 80 is added for 18xx, 20 for 20xx and so on.
func pesel(d []byte) bool {
	return day(number2(d, 2)%20, number2(d, 4)) && weighted(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

// personnummer is a date and four digits; of a coordination number 60 are added to the day.
func personnummer(d []byte) bool {
	if len(d) == 12 {
		if century := number2(d, 0); century < 18 || century > 20 {
			return false
		}
		d = d[2:]
	}
	return (day(number2(d, 2), number2(d, 4)) || day(number2(d, 2), number2(d, 4)-60)) && luhn(d)
}

func day(month, day int) bool { return month >= 1 && month <= 12 && day >= 1 && day <= 31 }

// steuerID has one digit twice or three times among its first ten, and the check of ISO 7064 MOD 11,10.
func steuerID(d []byte) bool {
	var count [10]int
	for _, x := range d[:10] {
		count[x]++
	}
	repeated := 0
	for _, c := range count {
		if c > 3 {
			return false
		}
		if c > 1 {
			repeated++
		}
	}
	if d[0] == 0 || repeated != 1 {
		return false
	}
	product := 10
	for _, x := range d[:10] {
		sum := (int(x) + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return (11-product)%10 == int(d[10])
}

// nirDigits is a French number of a person not born in Corsica.
func nirDigits(d []byte) bool {
	body := 0
	for _, x := range d[:13] {
		body = body*10 + int(x)
	}
	return nir(d, body)
}

// nir checks sex, month and key. Months above 12 are of people whose date of birth is not known.
func nir(d []byte, body int) bool {
	month := number2(d, 3)
	known := month >= 1 && month <= 12 || month >= 20 && month <= 42 || month >= 50 && month <= 99
	return (d[0] == 1 || d[0] == 2) && known && 97-body%97 == number2(d, 13)
}

// Verhoeff's check works in the dihedral group of order 10, each digit permuted by its place (J. Verhoeff, "Error detecting
// decimal codes", 1969).
var dihedral, permuted = func() (mul [10][10]byte, perm [8][10]byte) {
	for a := range byte(10) {
		for b := range byte(10) {
			switch { // rotations are 0 to 4, reflections 5 to 9
			case a < 5 && b < 5:
				mul[a][b] = (a + b) % 5
			case a < 5:
				mul[a][b] = 5 + (a+b)%5
			case b < 5:
				mul[a][b] = 5 + (a-b)%5
			default:
				mul[a][b] = (a - b + 5) % 5
			}
		}
	}
	once := [10]byte{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	for d := range byte(10) {
		perm[0][d] = d
		for i := 1; i < 8; i++ {
			perm[i][d] = once[perm[i-1][d]]
		}
	}
	return mul, perm
}()

// aadhaar begins with 2 or more.
func aadhaar(d []byte) bool {
	check := byte(0)
	for i := range d {
		check = dihedral[check][permuted[i%8][d[len(d)-1-i]]]
	}
	return d[0] >= 2 && check == 0 && !same(d)
}
