// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import (
	"encoding/base64"
	"strings"
)

// longest bounds what is read of one token.
const longest = 1 << 14

// token is a format of keys: a prefix, and so many bytes of a set behind it.
type token struct {
	prefix      string
	kind        Kind
	of          *set
	least, most int
}

var (
	wordBytes   = newSet(capitalLetters, smallLetters, digits)
	dashedBytes = newSet(capitalLetters, smallLetters, digits, "_-")
	awsBytes    = newSet(capitalLetters, "234567")
	tokenBytes  = newSet(capitalLetters, smallLetters, digits, "-._~+/=")
)

// tokensBy has the formats by their first byte, longer prefixes first.
var tokensBy = func() (by [256][]token) {
	for _, t := range []token{
		{"AKIA", AWSKey, awsBytes, 16, 16}, {"ASIA", AWSKey, awsBytes, 16, 16}, {"ABIA", AWSKey, awsBytes, 16, 16}, {"ACCA", AWSKey, awsBytes, 16, 16},
		{"github_pat_", GitHubToken, dashedBytes, 40, 120}, {"ghp_", GitHubToken, wordBytes, 36, 255}, {"gho_", GitHubToken, wordBytes, 36, 255},
		{"ghu_", GitHubToken, wordBytes, 36, 255}, {"ghs_", GitHubToken, wordBytes, 36, 255}, {"ghr_", GitHubToken, wordBytes, 36, 255},
		{"glpat-", GitLabToken, dashedBytes, 20, 255}, {"gldt-", GitLabToken, dashedBytes, 20, 255}, {"glrt-", GitLabToken, dashedBytes, 20, 255}, {"glptt-", GitLabToken, dashedBytes, 20, 255},
		{"xoxb-", SlackToken, dashedBytes, 20, 255}, {"xoxp-", SlackToken, dashedBytes, 20, 255}, {"xoxa-", SlackToken, dashedBytes, 20, 255},
		{"xoxr-", SlackToken, dashedBytes, 20, 255}, {"xoxs-", SlackToken, dashedBytes, 20, 255}, {"xapp-", SlackToken, dashedBytes, 20, 255},
		{"sk_live_", StripeKey, wordBytes, 16, 255}, {"sk_test_", StripeKey, wordBytes, 16, 255}, {"rk_live_", StripeKey, wordBytes, 16, 255},
		{"rk_test_", StripeKey, wordBytes, 16, 255}, {"whsec_", StripeKey, wordBytes, 24, 255},
		{"AIza", GoogleKey, dashedBytes, 35, 35}, {"GOCSPX-", GoogleKey, dashedBytes, 28, 28}, {"ya29.", GoogleKey, dashedBytes, 20, longest},
		{"sk-ant-", AnthropicKey, dashedBytes, 24, 255}, {"sk-proj-", OpenAIKey, dashedBytes, 32, 255}, {"sk-svcacct-", OpenAIKey, dashedBytes, 32, 255},
		{"sk-admin-", OpenAIKey, dashedBytes, 32, 255}, {"sk-", OpenAIKey, wordBytes, 40, 255},
		{"npm_", NPMToken, wordBytes, 36, 36}, {"pypi-", PyPIToken, dashedBytes, 50, 512},
		{"hf_", Secret, wordBytes, 30, 64}, {"dop_v1_", Secret, wordBytes, 64, 64},
	} {
		by[t.prefix[0]] = append(by[t.prefix[0]], t)
	}
	by['e'] = append(by['e'], token{prefix: "eyJ", kind: JWT})
	return by
}()

// token looks for a key of a known format at i, and returns its end, or 0.
func (f *finder) token(of []token, i int) int {
	if at(f.s, i-1) == '-' && is(f.s, i-2, alnum) {
		return 0 // a part of a longer name
	}
	for k := range of {
		t := &of[k]
		if !hasPrefix(f.s, i, t.prefix) {
			continue
		}
		if t.kind == JWT {
			return f.jwt(i)
		}
		from := i + len(t.prefix)
		end := t.of.span(f.s, from, t.most)
		if end-from >= t.least && !t.of[at(f.s, end)] && distinct(f.s[from:end]) >= 6 {
			return f.add(i, end, t.kind)
		}
	}
	return 0
}

// jwt looks for a JSON Web Token (RFC 7519) whose header says how it is signed.
func (f *finder) jwt(i int) int {
	s := f.s
	header := dashedBytes.span(s, i, longest)
	if at(s, header) != '.' || !hasPrefix(s, header+1, "eyJ") {
		return 0
	}
	body := dashedBytes.span(s, header+1, longest)
	plain, err := base64.RawURLEncoding.DecodeString(s[i:header])
	if at(s, body) != '.' || err != nil || !strings.Contains(string(plain), `"alg"`) {
		return 0
	}
	return f.add(i, dashedBytes.span(s, body+1, longest), JWT)
}

// privateKey looks for a PEM or PGP block that begins with the hyphen at i, and returns its end, or 0. A block that is cut off
// goes to the end of its last line of base64.
func (f *finder) privateKey(i int) int {
	s := f.s
	const begin, mark = "-----BEGIN ", "PRIVATE KEY"
	if !hasPrefix(s, i, begin) {
		return 0
	}
	label := s[i+len(begin) : min(len(s), i+len(begin)+48)]
	close := strings.Index(label, "-----")
	if close < 0 || !strings.Contains(label[:close], mark) {
		return 0
	}
	body := i + len(begin) + close + len("-----")
	end := pemBytes.span(s, body, len(s))
	if !f.endless {
		at := strings.Index(s[body:], "-----END ")
		f.endless = at < 0
		if at >= 0 {
			end = body + at + len("-----END ")
			if tail := strings.Index(s[end:min(len(s), end+48)], "-----"); tail >= 0 {
				end += tail + len("-----")
			}
		}
	}
	return f.add(i, end, PrivateKey)
}

var pemBytes = newSet(capitalLetters, smallLetters, digits, "+/=\r\n\\")

// url looks for the password of a URL's user; the colon at i is that of "://". It returns the end of the user, or 0.
func (f *finder) url(i int) int {
	s := f.s
	if !hasPrefix(s, i, "://") || !is(s, i-1, alnum) {
		return 0
	}
	if end := f.webhook(i); end > 0 {
		return end
	}
	colon, user, at := 0, i+3, 0
	for k := user; k < len(s) && k-user < 1024 && userBytes[s[k]]; k++ {
		switch s[k] {
		case ':':
			if colon == 0 {
				colon = k
			}
		case '@':
			at = k
		}
	}
	if at == 0 || colon == 0 || colon > at || at == colon+1 {
		return 0
	}
	if !placeheld(s[colon+1:at]) && f.known(colon+1) != at {
		f.add(colon+1, at, URLPassword)
	}
	return at + 1
}

// webhook looks for the address of an incoming webhook of Slack, which lets all who know it write there: a team, a bot and a key. The colon at i is
// that of "://". It returns the address's end, or 0.
func (f *finder) webhook(i int) int {
	const scheme, host = "https", "://hooks.slack.com/services/"
	s := f.s
	if !hasPrefix(s, i, host) || !hasPrefix(s, i-len(scheme), scheme) {
		return 0
	}
	team := i + len(host)
	bot := wordBytes.span(s, team, 16) + 1
	key := wordBytes.span(s, bot, 16) + 1
	end := wordBytes.span(s, key, 64)
	if at(s, team) != 'T' || at(s, bot) != 'B' || at(s, bot-1) != '/' || at(s, key-1) != '/' || end-key < 20 || distinct(s[key:end]) < 6 {
		return 0
	}
	return f.add(i-len(scheme), end, SlackToken)
}

// userBytes may be in the part of a URL that names user, password and host.
var userBytes = func() *set {
	t := newSet()
	for c := range t {
		t[c] = c > ' ' && c != 0x7f && strings.IndexByte(`/?#"'<>\`+"`", byte(c)) < 0
	}
	return t
}()

// placeheld reports whether a value only holds the place of one: xxxx, <token>, ${TOKEN}, ****.
func placeheld(v string) bool {
	if distinct(v) <= 2 && len(v) > 2 {
		return true
	}
	return strings.IndexByte("<$%{[*", v[0]) >= 0 || strings.HasPrefix(strings.ToLower(v), "your") || strings.HasPrefix(strings.ToLower(v), "xxx")
}
