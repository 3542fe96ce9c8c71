// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package sse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// event is an Event that can be kept.
type event struct{ Name, Data string }

func readAll(r *Reader) ([]event, error) {
	var out []event
	for {
		ev, err := r.Next()
		if err != nil {
			return out, err
		}
		out = append(out, event{ev.Name, string(ev.Data)})
	}
}

func TestNext(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string
		want []event
	}{
		"plain":               {"data: a\n\ndata: b\n\n", []event{{"", "a"}, {"", "b"}}},
		"crlf":                {"data: a\r\n\r\ndata: b\r\n\r\n", []event{{"", "a"}, {"", "b"}}},
		"lone cr":             {"data: a\r\rdata: b\r\r", []event{{"", "a"}, {"", "b"}}},
		"no space":            {"data:a\n\n", []event{{"", "a"}}},
		"two spaces":          {"data:  a\n\n", []event{{"", " a"}}},
		"several lines":       {"data: a\ndata: b\ndata\n\n", []event{{"", "a\nb\n"}}},
		"named":               {"event: ping\ndata: {}\nid: 7\nretry: 10\n\n", []event{{"ping", "{}"}}},
		"comments":            {": hello\n\n: there\ndata: a\n: more\n\n", []event{{"", "a"}}},
		"no data":             {"event: ping\n\ndata: a\n\n", []event{{"", "a"}}},
		"empty data":          {"data\n\n", []event{{"", ""}}},
		"byte order mark":     {"\xEF\xBB\xBFdata: a\n\n", []event{{"", "a"}}},
		"blank lines":         {"\n\n\r\n\ndata: a\n\n\n\ndata: b\n\n", []event{{"", "a"}, {"", "b"}}},
		"end without a blank": {"data: a\n\ndata: b\n", []event{{"", "a"}, {"", "b"}}},
		"end within a line":   {"data: a\n\ndata: b", []event{{"", "a"}, {"", "b"}}},
		"unknown fields":      {"foo: 1\ndata: a\nbar\n\n", []event{{"", "a"}}},
		"colon in data":       {"data: a: b\n\n", []event{{"", "a: b"}}},
		"nothing":             {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for how, src := range map[string]io.Reader{"at once": strings.NewReader(tc.in),
				"byte by byte":  iotest.OneByteReader(strings.NewReader(tc.in)),
				"data with EOF": iotest.DataErrReader(strings.NewReader(tc.in))} {
				r := NewReader(src, 1000)
				got, err := readAll(r)
				r.Close()
				if err != io.EOF {
					t.Errorf("%s: error %v, want io.EOF", how, err)
				}
				if d := cmp.Diff(tc.want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", how, d)
				}
			}
		})
	}
}

func TestWantComments(t *testing.T) {
	r := NewReader(strings.NewReader(": hello\n\n\n\ndata: a\n: aside\n\nevent: ping\n\n: x\r\n: y\r\n\r\ndata: b\n\n"), 1000)
	defer r.Close()
	r.WantComments()
	got := ""
	for {
		ev, err := r.Next()
		if err != nil {
			break
		}
		if ev.Comment {
			got += ":"
		}
		got += string(ev.Data)
	}
	if got != ":a:b" {
		t.Errorf("got %q", got)
	}
}

func TestMore(t *testing.T) {
	pr, pw := io.Pipe()
	defer pr.Close()
	go func() {
		io.WriteString(pw, "data: a\n\ndata: b\n\ndata: c")
		io.WriteString(pw, "\n\n")
		pw.Close()
	}()
	r := NewReader(pr, 1000)
	defer r.Close()
	for _, want := range []struct {
		data string
		more bool
	}{{"a", true}, {"b", false}, {"c", false}} {
		ev, err := r.Next()
		if err != nil || string(ev.Data) != want.data || r.More() != want.more {
			t.Fatalf("got %q, more %v, %v; want %q, more %v", ev.Data, r.More(), err, want.data, want.more)
		}
	}
}

func TestLimit(t *testing.T) {
	const limit = 100 << 10
	for name, in := range map[string]string{
		"one line":     "data: " + strings.Repeat("x", limit) + "\n\n",
		"many lines":   strings.Repeat("data: x\n", limit),
		"no line end":  strings.Repeat("x", 3*limit),
		"after others": "data: a\n\n" + "data: " + strings.Repeat("x", limit) + "\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			src := &counter{Reader: strings.NewReader(in)}
			r := NewReader(src, limit)
			defer r.Close()
			if _, err := readAll(r); !errors.Is(err, ErrTooLong) {
				t.Fatalf("error %v, want ErrTooLong", err)
			}
			if src.n > 4*limit {
				t.Errorf("read %d bytes, with a limit of %d", src.n, limit)
			}
			if _, err := r.Next(); !errors.Is(err, ErrTooLong) {
				t.Errorf("after the error: %v", err)
			}
		})
	}
	r := NewReader(strings.NewReader("data: "+strings.Repeat("x", limit-6)+"\n\n"), limit)
	defer r.Close()
	if ev, err := r.Next(); err != nil || len(ev.Data) != limit-6 {
		t.Errorf("an event of the limit: %d bytes, %v", len(ev.Data), err)
	}
}

type counter struct {
	io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

func TestSourceError(t *testing.T) {
	broken := errors.New("connection reset")
	r := NewReader(io.MultiReader(strings.NewReader("data: a\n\ndata: half"), iotest.ErrReader(broken)), 1000)
	defer r.Close()
	got, err := readAll(r)
	if !errors.Is(err, broken) || len(got) != 1 {
		t.Errorf("got %v, %v; want the first event and the error: half an event is no event", got, err)
	}
}

func TestPeekThenReadRaw(t *testing.T) {
	r := NewReader(iotest.OneByteReader(strings.NewReader(`{"a":1} rest`)), 1000)
	defer r.Close()
	head, err := r.Peek(3)
	if string(head) != `{"a` || err != nil {
		t.Fatalf("peek: %q, %v", head, err)
	}
	all, err := io.ReadAll(r)
	if string(all) != `{"a":1} rest` || err != nil {
		t.Errorf("read: %q, %v", all, err)
	}
}

// oracle is a parser that does what the specification says, on the whole input at once.
func oracle(in string) []event {
	in = strings.TrimPrefix(in, "\xEF\xBB\xBF")
	in = strings.ReplaceAll(strings.ReplaceAll(in, "\r\n", "\n"), "\r", "\n")
	var out []event
	var name string
	var data []string
	for _, line := range append(strings.Split(in, "\n"), "") { // at the end, what is there is taken
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if data != nil {
				out = append(out, event{name, strings.Join(data, "\n")})
			}
			name, data = "", nil
		case field == "data":
			data = append(data, value)
		case field == "event":
			name = value
		}
	}
	return out
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"data: a\n\n", "event: e\r\ndata: a\r\ndata:b\r\n\r\n", "data: a\r\rdata: b\n\r\n", ":c\n\ndata\n\n\n", "\xEF\xBB\xBFdata: x\n\ndata: [DONE]"} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		src := &stepper{in, int(step)%7 + 1}
		r := NewReader(src, len(in)+1)
		defer r.Close()
		got, err := readAll(r)
		if err != io.EOF {
			t.Fatalf("error %v", err)
		}
		if d := cmp.Diff(oracle(string(in)), got); d != "" {
			t.Fatalf("%q in steps of %d (-want +got):\n%s", in, src.step, d)
		}
	})
}

type stepper struct {
	in   []byte
	step int
}

func (s *stepper) Read(p []byte) (int, error) {
	if len(s.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.in[:min(s.step, len(s.in))])
	s.in = s.in[n:]
	return n, nil
}

func FuzzAppend(f *testing.F) {
	f.Add("ping", []byte("a\nb\r\nc\rd"))
	f.Add("", []byte(""))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if strings.ContainsAny(name, "\r\n") || strings.HasPrefix(name, " ") {
			return
		}
		want := strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\r", "\n")
		r := NewReader(bytes.NewReader(Append(nil, name, data)), 1<<20)
		defer r.Close()
		if ev, err := r.Next(); err != nil || ev.Name != name || string(ev.Data) != want {
			t.Fatalf("got %q %q, %v; want %q %q", ev.Name, ev.Data, err, name, want)
		}
	})
}

func BenchmarkNext(b *testing.B) {
	var stream []byte
	for i := range 100 {
		stream = Append(stream, "", fmt.Appendf(nil, `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,`+
			`"model":"m","choices":[{"index":0,"delta":{"content":"word %d"},"logprobs":null,"finish_reason":null}]}`, i))
	}
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	src := bytes.NewReader(stream)
	for b.Loop() {
		src.Reset(stream)
		r := NewReader(src, 1<<20)
		for {
			if _, err := r.Next(); err != nil {
				break
			}
			r.More()
		}
		r.Close()
	}
}
