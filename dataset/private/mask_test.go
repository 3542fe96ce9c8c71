// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import (
	"strings"
	"testing"
)

func TestPlaceholdersAreConsistent(t *testing.T) {
	var m Masker
	m.Reserve("what <EMAIL_3> said < and <CARD_x>")
	got, _ := m.Mask("A@example.org, b@example.org, a@EXAMPLE.org; card 4111-1111-1111-1111, card 4111111111111111")
	if want := "<EMAIL_4>, <EMAIL_5>, <EMAIL_4>; card <CARD_1>, card <CARD_1>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if again, spans := m.Mask(got); again != got || spans != nil {
		t.Errorf("masking again gives %q, %v", again, spans)
	}
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{"a@b.example and <EMAIL_1>", "card 4111 1111 1111 1111, 4111-1111-1111-1111", `password="PASSWORD_1" <PASSWORD_1>`, "<EMAIL_-3> x@y.example <EMAIL_99999999999999999999>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var m Masker
		m.Reserve(text)
		masked, spans := m.Mask(text)
		rest, end, given := masked, 0, map[string]string{}
		for _, s := range spans {
			between, p := text[end:s.Start], m.Placeholder(s.Kind, text[s.Start:s.End])
			if !strings.HasPrefix(rest, between+p) {
				t.Fatalf("%q became %q: no %q after %q", text, masked, p, between)
			}
			if strings.Contains(text, p) {
				t.Fatalf("%q had %s before", text, p)
			}
			if first, ok := given[p]; ok && !Same(s.Kind, first, text[s.Start:s.End]) {
				t.Fatalf("%q: two values became %s", text, p)
			}
			given[p], rest, end = text[s.Start:s.End], rest[len(between+p):], s.End
		}
		if rest != text[end:] {
			t.Fatalf("%q became %q", text, masked)
		}
	})
}
