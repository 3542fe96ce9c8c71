// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package called

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSafe(t *testing.T) {
	strict, dots := Rule{Most: 64}, Rule{Most: 64, Also: ".:", Letter: true}
	for _, tc := range []struct {
		rule       Rule
		name, want string // want ends in _ where a hash follows
	}{
		{Rule{}, "any thing. at all", "any thing. at all"}, {Rule{}, "", ""}, {Rule{}, strings.Repeat("f", 99), strings.Repeat("f", 99)},
		{strict, "get-it_2", "get-it_2"}, {strict, strings.Repeat("f", 64), strings.Repeat("f", 64)}, {strict, "2get", "2get"},
		{strict, "server.tool", "server_tool_"}, {strict, "a b/c:d", "a_b_c_d_"}, {strict, "größe", "gr__e_"}, {strict, "", "_"},
		{dots, "server.tool", "server.tool"}, {dots, "ns:fn", "ns:fn"}, {dots, "a/b", "a_b_"}, {dots, "2get", "_2get_"}, {dots, "-x", "_-x_"}, {dots, "", "__"},
	} {
		got := tc.rule.Safe(tc.name)
		ok := got == tc.want
		if got != tc.name {
			ok = strings.HasPrefix(got, tc.want) && tc.rule.allows(got)
		}
		if !ok {
			t.Errorf("%+v: %q becomes %q, want %q", tc.rule, tc.name, got, tc.want)
		}
	}
	if long := strict.Safe(strings.Repeat("f", 65)); len(long) > 64 || len(long) < 60 || long == strict.Safe(strings.Repeat("f", 66)) {
		t.Errorf("got %q", long)
	}
}

func TestFlat(t *testing.T) {
	for _, tc := range []struct{ namespace, name, want string }{
		{"", "f", "f"}, {"", strings.Repeat("f", 99), strings.Repeat("f", 99)}, {"github", "get", "github__get"},
		{strings.Repeat("n", 31), strings.Repeat("f", 31), strings.Repeat("n", 31) + "__" + strings.Repeat("f", 31)},
	} {
		if got := Flat(tc.namespace, tc.name); got != tc.want {
			t.Errorf("%q, %q: %q, want %q", tc.namespace, tc.name, got, tc.want)
		}
	}
	seen := map[string]bool{}
	for _, name := range []string{strings.Repeat("日", 30), strings.Repeat("日", 29) + "a", strings.Repeat("x", 63)} {
		got := Flat("a", name)
		if len(got) > 64 || !utf8.ValidString(got) || seen[got] {
			t.Errorf("%q becomes %q: too long, broken or not its own", name, got)
		}
		seen[got] = true
	}
}
