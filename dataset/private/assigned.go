// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import (
	"encoding/base64"
	"math"
	"strings"
)

// The words that name a secret, at the end of a key's name without its separators: DB_PASSWORD, apiKey, x-api-key.
var (
	passwordNames = []string{"password", "passwd", "pwd", "passphrase", "passcode", "passwort", "kennwort", "wachtwoord", "senha", "contraseña", "motdepasse"}
	secretNames   = []string{"token", "secret", "apikey", "accesskey", "secretkey", "privatekey", "authkey", "accountkey", "encryptionkey", "signingkey",
		"sessionkey", "credential", "credentials"}
)

// namedLengths are the lengths, as bits, that words have that say a secret follows in plain language, by their first byte.
var namedLengths = func() (t [256]uint32) {
	for _, w := range []string{"password", "passphrase", "passcode", "passwort", "kennwort", "wachtwoord", "senha", "token", "secret", "key", "bearer", "basic"} {
		t[w[0]] |= 1 << len(w)
		t[w[0]&^0x20] |= 1 << len(w)
	}
	return t
}()

// named looks at a word at [i, j) that may be followed by a secret: "Bearer …", "the password is …". It returns the secret's end, or 0.
func (f *finder) named(i, j int) int {
	s := f.s
	if at(s, j) != ' ' {
		return 0
	}
	var low [16]byte
	for k := i; k < j; k++ {
		low[k-i] = lowered(s[k])
	}
	switch w := string(low[:j-i]); w {
	case "bearer":
		if end := f.known(j + 1); end > 0 {
			return end
		}
		if end := tokenBytes.span(s, j+1, longest); end-j > 16 && mixture(s[j+1:end]) && distinct(s[j+1:end]) >= 6 {
			return f.add(j+1, trimmed(s, j+1, end), Bearer)
		}
		return 0
	case "basic":
		end := tokenBytes.span(s, j+1, longest)
		if plain, err := base64.StdEncoding.DecodeString(s[j+1 : end]); err == nil && len(plain) > 3 && strings.IndexByte(string(plain), ':') > 0 {
			return f.add(j+1, end, Bearer)
		}
		return 0
	}
	k := f.nameClass(i, j)
	if next := f.copula(j); next > 0 {
		if at(s, next) == ':' {
			next++
		}
		return f.valued(k, next, false)
	}
	if k == Password && striking(s[j+1:trimmed(s, j+1, tokenOrSign.span(s, j+1, longest))]) {
		return f.valued(k, j, false)
	}
	return 0
}

// copula returns where the word "is" ends that follows the word before j, with a few small words between: "… for the portal is". 0 when
// there is none.
func (f *finder) copula(j int) int {
	const most = 6 // words
	s := f.s
	for range most {
		if at(s, j) != ' ' {
			return 0
		}
		next := j + 1
		for is(s, next, lower) || latin(s, next) > 0 {
			next += max(1, latin(s, next))
		}
		switch s[j+1 : next] {
		case "is", "was", "ist", "war", "est", "es", "é", "lautet":
			return next
		case "":
			return 0
		}
		j = next
	}
	return 0
}

// known looks for a key of a known format at i, which has a kind of its own whatever the text calls it. It returns its end, or 0.
func (f *finder) known(i int) int {
	if of := tokensBy[at(f.s, i)]; of != nil {
		return f.token(of, i)
	}
	return 0
}

// striking reports whether a word can hardly be anything but a password.
func striking(v string) bool {
	var has uint8
	signs := false
	for i := range len(v) {
		has |= class[v[i]]
		signs = signs || class[v[i]]&wordlike == 0
	}
	return len(v) >= 8 && has&lower != 0 && has&digit != 0 && (has&upper != 0 || signs)
}

// tokenOrSign may be in a password.
var tokenOrSign = newSet(capitalLetters, smallLetters, digits, "-._~+/=!#$%&*?@^")

// assigned looks for a secret behind the colon or equals sign at i, by the name before it. It returns the secret's end, or 0.
func (f *finder) assigned(i int) int {
	s, end := f.s, i
	for end > 0 && i-end < 3 && strings.IndexByte(" \"'`*", s[end-1]) >= 0 {
		end--
	}
	if !is(s, end-1, letters|digit) {
		return 0
	}
	start := end
	for start > 0 && end-start < 48 && (is(s, start-1, wordlike) || s[start-1] == '-' || s[start-1] == '.' || latin(s, start-2) > 0) {
		start--
	}
	k := f.nameClass(start, end)
	if k == 0 {
		return 0
	}
	after := i + 1
	tight := s[i] == '=' && at(s, after) != ' '
	return f.valued(k, after, tight || at(s, end) == '"' || at(s, end) == '\'')
}

// nameClass says what the name at [start, end) is of: Password, Secret or nothing.
func (f *finder) nameClass(start, end int) Kind {
	s := f.s
	var low [64]byte
	n := 0
	add := func(from, to int) {
		for k := from; k < to && n < len(low); k++ {
			if c := s[k]; c != '_' && c != '-' && c != '.' {
				low[n] = lowered(c)
				n++
			}
		}
	}
	if end-start <= 5 && at(s, start-1) == ' ' { // "API key", "mot de passe"
		from := start - 1
		for from > 0 && start-from < 10 && (is(s, from-1, letters) || s[from-1] == ' ' && end-start == 5) {
			from--
		}
		for k := from; k < start; k++ {
			if s[k] != ' ' {
				add(k, k+1)
			}
		}
	}
	add(start, end)
	name := strings.TrimRight(string(low[:n]), digits)
	for _, w := range passwordNames {
		if strings.HasSuffix(name, w) {
			return Password
		}
	}
	if name == "pass" || strings.HasSuffix(s[start:end], "_pass") || strings.HasSuffix(s[start:end], "_PASS") {
		return Password
	}
	for _, w := range secretNames {
		if strings.HasSuffix(name, w) {
			return Secret
		}
	}
	return 0
}

// valued looks for a value behind i; tight says that it is written as programs write it. It returns its end, or 0.
func (f *finder) valued(k Kind, i int, tight bool) int {
	s := f.s
	if k == 0 {
		return 0
	}
	for i < len(s) && s[i] == ' ' {
		i++
	}
	quote := at(s, i)
	if quote == '"' || quote == '\'' || quote == '`' {
		tight = true
		i++
	} else {
		quote = 0
	}
	if end := f.known(i); end > 0 {
		return end
	}
	start := i
	for i < len(s) && i-start < longest && s[i] > ' ' && s[i] != quote && !(quote == 0 && strings.IndexByte("\"'`,;<>", s[i]) >= 0) && !(quote == 0 && tight && s[i] == '&') {
		i++
	}
	end := i
	if quote == 0 {
		if end = trimmed(s, start, i); k == Password && at(s, end) == '!' && end < i {
			end++
		}
	}
	for end < len(s) && s[end]&0xC0 == 0x80 { // never within a character
		end++
	}
	if v := s[start:end]; len(v) == 0 || placeheld(v) || !secretive(k, v, tight) {
		return 0
	}
	return f.add(start, end, k)
}

// trimmed leaves out what ends a sentence.
func trimmed(s string, start, end int) int {
	for end > start && strings.IndexByte(".,;:!?)]}", s[end-1]) >= 0 {
		end--
	}
	return end
}

// secretive reports whether a value looks like a password, or random enough for a key.
func secretive(k Kind, v string, tight bool) bool {
	if strings.Contains(v, "://") {
		return false
	}
	if k == Password {
		if mixture(v) {
			return len(v) >= 6
		}
		return tight && len(v) >= 8 && distinct(v) >= 5 && !words[strings.ToLower(v)]
	}
	const bits = 2.8 // of each byte, by the bytes' own frequencies
	return len(v) >= 12 && mixture(v) && distinct(v) >= 6 && entropy(v) >= bits
}

// words are what stands in the place of a secret that is not there.
var words = map[string]bool{"required": true, "undefined": true, "optional": true, "changeme": true, "redacted": true, "password": true, "disabled": true, "incorrect": true}

// mixture reports whether there are digits as well as letters or signs, among them a letter.
func mixture(v string) bool {
	var has uint8
	for i := range len(v) {
		has |= class[v[i]]
	}
	return has&digit != 0 && has&letters != 0
}

// distinct counts different bytes.
func distinct(v string) int {
	var seen set
	n := 0
	for i := range len(v) {
		if !seen[v[i]] {
			seen[v[i]] = true
			n++
		}
	}
	return n
}

// entropy returns the bits that a byte of v carries, by the frequencies of its bytes (Shannon 1948).
func entropy(v string) float64 {
	var count [256]int
	for i := range len(v) {
		count[v[i]]++
	}
	sum := 0.0
	for _, c := range count {
		if c > 0 {
			p := float64(c) / float64(len(v))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}
