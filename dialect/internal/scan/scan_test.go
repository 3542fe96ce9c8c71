// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package scan

import (
	"encoding/json"
	"strings"
	"testing"
)

func valid(data []byte) bool {
	c := New(data)
	c.Skip()
	return c.End() == nil
}

// depth returns an upper bound of how deeply data is nested.
func depth(data []byte) int {
	return strings.Count(string(data), "[") + strings.Count(string(data), "{")
}

func FuzzValid(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e+3,true,false,null,"x\u00e9\n"]}`, `[1,]`, `{"a" 1}`, `"\ud83d\ude00"`, `01`, `-`, `1.`,
		`1e`, "\"\x01\"", `{"a":1,}`, ` [ ] `, `"\x"`, `{"":{}}`, `[}`, `nul`, "\"\xff\"", `"abcdefgh\\"`, `{"a":1}x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if depth(data) < MaxDepth && valid(data) != json.Valid(data) {
			t.Fatalf("%q: valid %v, encoding/json says %v", data, valid(data), json.Valid(data))
		}
	})
}

func FuzzString(f *testing.F) {
	for _, s := range []string{`"plain"`, `"a\"b\\c\/d\b\f\n\r\t"`, `"\u00e9\ud83d\ude00\ud83d\u0041\udc00"`, "\"\xff\xe9 caf\xc3\xa9\"", `"\ud83d"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var want string
		if json.Unmarshal(data, &want) != nil || string(data) == "null" || strings.TrimSpace(string(data)) == "null" {
			return
		}
		c := New(data)
		if got := c.String(); c.End() != nil || got != want {
			t.Fatalf("%q: got %q, %v; want %q", data, got, c.Err(), want)
		}
	})
}

func FuzzQuote(f *testing.F) {
	f.Add("plain \"quoted\" \\ \n \x00 \xff é 日本 😀")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		want := string([]rune(s)) // each byte that is not UTF-8 becomes U+FFFD
		if err := json.Unmarshal(Quote(nil, s), &got); err != nil || got != want {
			t.Fatalf("%q: got %q, %v", s, got, err)
		}
	})
}

func TestWalk(t *testing.T) {
	c := New([]byte(` {"s":"é\n","n":-1.50,"i":1e3,"b":true,"z":null,"a":[1,[2],{}],"o":{"k":"v"},"r":{"x":[1, 2]}} `))
	if !c.Object() {
		t.Fatal(c.Err())
	}
	var got []any
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		switch string(key) {
		case "s":
			got = append(got, c.String())
		case "n":
			got = append(got, c.Float())
		case "i":
			got = append(got, c.Int())
		case "b":
			got = append(got, c.Bool())
		case "z":
			got = append(got, c.Null())
		case "a":
			n := 0
			for c.Array(); c.Elem(); n++ {
				c.Skip()
			}
			got = append(got, n)
		case "r":
			got = append(got, string(c.Raw()))
		default:
			c.Skip()
		}
	}
	if err := c.End(); err != nil {
		t.Fatal(err)
	}
	want := []any{"é\n", -1.5, int64(1000), true, true, 3, `{"x":[1, 2]}`}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("value %d: got %v, want %v", i, got[i], want[i])
		}
	}
}

func TestFaultSticks(t *testing.T) {
	for _, s := range []string{`{"a":tru}`, `{"a":"x`, `{"a":1.5}`, `{"a":`, `{`, `[]`, ``, strings.Repeat("[", MaxDepth+1)} {
		c := New([]byte(s))
		c.Object()
		for _, ok := c.Field(); ok; _, ok = c.Field() {
			c.Int()
		}
		if c.End() == nil {
			t.Errorf("%.20q: no error", s)
		}
		if c.Kind() != 0 || c.String() != "" || c.Elem() {
			t.Errorf("%.20q: the cursor goes on after a fault", s)
		}
	}
}

func BenchmarkValid60K(b *testing.B) {
	line := `func caf\u00e9(x int) string {\n\treturn \"naïve \\\\ text\" // keep <this> & that\n}\n`
	data := []byte(`{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat(line, 60<<10/len(line)) + `"}]}`)
	for name, valid := range map[string]func([]byte) bool{"scan": valid, "encoding-json": json.Valid} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if !valid(data) {
					b.Fatal("not valid")
				}
			}
		})
	}
}
