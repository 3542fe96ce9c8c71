// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// marked returns the text with what was found as [kind:value].
func marked(text string) string {
	var b strings.Builder
	end := 0
	for _, s := range Find(nil, text) {
		b.WriteString(text[end:s.Start] + "[" + s.Kind.String() + ":" + text[s.Start:s.End] + "]")
		end = s.End
	}
	return b.String() + text[end:]
}

// TestFound has what must be found between brackets, with its kind; a ~ parts keys, so that no scanner takes them for real.
func TestFound(t *testing.T) {
	for _, want := range []string{
		"Write to [email:jane.doe+x@mail.example.org], please.", "mail [email:müller@example.de]!", "?to=[email:jane%40example.com]&x=1", "写信给[email:a.b@example.cn]。",
		"git clone git@github.com:org/repo.git", "icon@2x.png and react@18.2.0",
		"Call [phone:+44 20 7946 0958] or [phone:(202) 555-0143].", "Appelez le [phone:01 23 45 67 89] demain", "Tel. [phone:030 901820]", "+1 000", "my phone: [phone:555-0199]",
		"on 01.02.2023 14:30 I paid 1.234.567,89", "order 202 555 0143", "ratio 3.14159265358979",
		"card [card:4111 1111 1111 1111] exp 12/27", "card [card:378282246310005]", "card 4111 1111 1111 1112", "order number 4111111111111111",
		"IBAN [iban:DE89 3704 0044 0532 0130 00], thanks", "[iban:GB82WEST12345698765432]", "BIC: [bic:DEUTDEFF]", "DELIVERY is late",
		"from [ip:192.0.2.1]:8080", "version 10.2.3.4", "Chrome/120.0.0.0", "127.0.0.1", "[ip:2001:db8::1] and std::vector, 12:30:45, 00:1a:2b:3c:4d:5e",
		"SSN [us_ssn:219-09-9999]", "000-12-3456", "part 219-09-9999", "CPF [br_cpf:529.982.247-25]", "my NINO is [uk_nino:AB 12 34 56 C]", "NHS number [uk_nhs:943 476 5919]",
		"DNI [es_dni:12345678Z], NIE [es_dni:X1234567L]", "12345678A", "[it_codice_fiscale:RSSMRA85T10A562S]", "BSN [nl_bsn:111222333]", "order 111222333",
		"PESEL [pl_pesel:44051401359]", "Steuer-ID [de_steuer_id:86095742719]", "AHV [ch_ahv:756.9217.0769.85]", "Aadhaar [in_aadhaar:2341 2341 2346]",
		"personnummer [se_personnummer:811228-9874]", "SIN [ca_sin:123 456 782]", "NIR [fr_nir:2 55 08 14 168 025 38]",
		"[aws_key:AKIA~IOSFODNN7EXAMPLE]", "[github_token:ghp_~0123456789abcdefghijABCDEFGHIJ012345]", "[gitlab_token:glpat-~0123456789abcdefABCD]", "[stripe_key:sk_live_~0123456789abcdefABCD]",
		"[slack_token:xoxb-~012345678901-abcdefABCDEF]", "[anthropic_key:sk-ant-~api03-0123456789abcdefghijklmnop]", "[openai_key:sk-proj-~0123456789abcdefghijklmnopqrstuvABCD]",
		"curl [slack_token:https://hooks.slack.com/services/~T0123ABCD/B0123ABCD/~0123456789abcdefghijABCD]", "https://hooks.slack.com/services/T000/B000/XXXXXXXXXXXXXXXXXXXXXXXX",
		"[google_key:AIza~0123456789abcdefghijklmnopqrstuvwxy]", "[npm_token:npm_~0123456789abcdefghijABCDEFGHIJ012345]",
		"[jwt:eyJ~hbGciOiJIUzI1NiJ9.eyJ~zdWIiOiJqYW5lIn0.c2lnbmF0dXJl]", "[private_key:-----BEGIN ~PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----] after",
		"postgres://app:[url_password:s3cr3t!]@db.example.com/x", "https://${USER}:${PASS}@host.example", "Authorization: Bearer [bearer:abcdef0123456789~ABCDEF]", "the bearer of bad news",
		"password=[password:hunter22]", `{"password": "[password:correcthorse]"}`, "Password: required", "the password is [password:Tr0ub4dor&3].", "api_key: [secret:9f86d081884c7d65~9a2feaa0]",
		"max_tokens=4096", "token: <your-token>", "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "550e8400-e29b-41d4-a716-446655440000",
	} {
		want = strings.ReplaceAll(want, "~", "")
		text := want
		for _, k := range Kinds() {
			for {
				i := strings.Index(text, "["+k.String()+":")
				if i < 0 {
					break
				}
				end := i + strings.IndexByte(text[i:], ']')
				text = text[:i] + text[i+len(k.String())+2:end] + text[end+1:]
			}
		}
		if got := marked(text); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"a@b.example", "+49 (0)30 901820", "4111 1111 1111 1111", "::1 2001:db8::", "://a:b@", "-----BEGIN PRIVATE KEY-----", "password=é\xff", "00 00", "12.345.678-Z",
		"1 84 12 2A 451 089 46", "X-1234567-L", "é@é.é", "password is \xc3", "Lxx__llll00lllll", "https://hooks.slack.com/services/T0/B0/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spans, end := Find(nil, text), 0
		for _, s := range spans {
			if s.Start < end || s.End <= s.Start || s.End > len(text) || s.Kind == 0 || s.Kind >= kinds {
				t.Fatalf("span %+v behind %d of %d bytes", s, end, len(text))
			}
			if utf8.ValidString(text) && (!utf8.ValidString(text[:s.Start]) || !utf8.ValidString(text[s.Start:s.End])) {
				t.Fatalf("span %+v cuts a character of %q", s, text)
			}
			end = s.End
		}
	})
}
