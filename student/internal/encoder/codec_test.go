// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tinyModel returns a model of a kilobyte or two.
func tinyModel(tb testing.TB) (*Model, []byte) {
	tb.Helper()
	texts, target := negations(20, 7)
	r := recipe{members: 2, dim: 8, filters: 16, widths: []int{1, 2}, maxWords: 5, maxGrams: 4,
		epochs: 2, batch: 8, rate: 1e-2}
	m, err := fit(context.Background(), texts, target, nil, 2, r, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	b, err := m.AppendBinary(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return m, b
}

func TestDecodedModelIsTheSame(t *testing.T) {
	m, b := tinyModel(t)
	prefixed, err := m.AppendBinary([]byte("before"))
	if err != nil || !bytes.Equal(prefixed, append([]byte("before"), b...)) {
		t.Errorf("appending changed the encoding (error %v)", err)
	}
	d, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.AppendBinary(nil)
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("the decoded model encodes to other bytes (error %v)", err)
	}
	for _, text := range []string{"", "refund payment please", "card card card", "unknown"} {
		if diff := cmp.Diff(m.Logits(nil, text, new(Scratch)), d.Logits(nil, text, new(Scratch))); diff != "" {
			t.Errorf("%q (-fitted +decoded):\n%s", text, diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	_, good := tinyModel(t)
	at := func(i int, v ...byte) []byte { return slices.Replace(slices.Clone(good), i, i+len(v), v...) }
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "not an encoder"},
		{"other version", at(6, 9), "not an encoder"},
		{"header cut", good[:len(magic)+6], "too early"},
		{"no classes", at(len(magic), 0), "classes is 0"},
		{"odd dim", at(len(magic)+4, 9), "dim is 9, want a multiple of 8"},
		{"huge vocabulary", at(len(magic)+12, 0xff, 0xff, 0xff, 0xff), "words is 4294967295"},
		{"large vocabulary", at(len(magic)+12, 0, 0, 0x20, 0), "bytes of weights"},
		{"widths out of order", at(len(magic)+28, 2), "width 2 after 2"},
		{"weights cut", good[:len(good)-1], "bytes of weights"},
		{"bytes behind", append(slices.Clone(good), 0), "bytes of weights"},
		{"not a number", at(len(good)-4, 0xff, 0xff, 0xff, 0xff), "out of range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Decode(c.b); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestQuantizeTwiceIsOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	n := newNetwork(shape{words: 4, grams: 3, dim: 16, widths: []int{1, 3}, filters: 16, classes: 5})
	n.randomize(rng)
	clear(n.word[:16])
	n.word[20] = 1e-30
	n.gram[3] = 12345.678
	n.quantize()
	once := n.append(nil)
	n.quantize()
	if !bytes.Equal(once, n.append(nil)) {
		t.Error("quantizing again changed the weights")
	}
}

func FuzzDecode(f *testing.F) {
	_, good := tinyModel(f)
	f.Add(good)
	f.Add(good[:40])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		m.Logits(nil, "refund payment, please", new(Scratch))
		if again, err := m.AppendBinary(nil); err != nil || len(again) != len(b) {
			t.Errorf("%d bytes decode but encode to %d (error %v)", len(b), len(again), err)
		}
	})
}

// The bytes are those of every architecture, with assembly and without; a change of the algorithm changes them.
func TestBytesOfModel(t *testing.T) {
	_, b := tinyModel(t)
	const want = "4688f482ab9f663b8960d4427ad7a5e21cd064c7a629439385dd78655bbf8aa8"
	if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != want {
		t.Errorf("the model's checksum is %s, want %s", got, want)
	}
}
