// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package recall

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"retort/internal/shareddata"
)

func TestRecall(t *testing.T) {
	m := New(Options{})
	if got := m.Recall("anything"); got != (Recollection{}) {
		t.Errorf("an empty memory says %+v", got)
	}
	for text, label := range map[string]string{
		"where is my new card": "card", "my card has not come yet": "card", "when will the card come": "card",
		"give me my money back": "refund", "i want a refund for my order": "refund", "please refund the money": "refund",
	} {
		m.Keep(text, label)
	}
	for text, want := range map[string]string{"where is the card": "card", "refund me": "refund", "MONEY BACK": "refund"} {
		if got := m.Recall(text); got.Label != want || got.Score <= 0 || got.Score >= 1 {
			t.Errorf("%q: %+v, want %s", text, got, want)
		}
	}
	if got := m.Recall("give me my money back"); got != (Recollection{"refund", 1}) {
		t.Errorf("a text that is remembered: %+v", got)
	}
	m.Keep("give me my money back", "other")
	if got := m.Recall("give me my money back"); got != (Recollection{"other", 1}) || m.Len() != 6 {
		t.Errorf("after another label of the same text: %+v, %d texts", got, m.Len())
	}
	if strange := m.Recall("qxz"); strange.Score > 0.3 {
		t.Errorf("of what is like nothing it says %+v", strange)
	}
}

func TestForget(t *testing.T) {
	m := New(Options{})
	m.Keep("where is my card", "card")
	m.Keep("where is my new card", "lost")
	if n := m.Forget("where is my card", "lost"); n != 2 || m.Len() != 0 {
		t.Errorf("forgot %d, %d are left; want the text and what spoke for the wrong label", n, m.Len())
	}
	if got := m.Recall("where is my card"); got != (Recollection{}) {
		t.Errorf("still recalls %+v", got)
	}
	if n := m.Forget("never heard of", "lost"); n != 0 {
		t.Errorf("forgot %d of nothing", n)
	}
}

func TestLabelsAreForgotten(t *testing.T) {
	now := time.Unix(1000, 0)
	m := New(Options{Max: 10, TTL: time.Minute, Now: func() time.Time { return now }})
	for i := range 500 {
		text := fmt.Sprint("a text of number ", i)
		m.Keep(text, fmt.Sprint("label ", i))
		if i%3 == 0 {
			m.Keep(text, "another")
		}
		if i%7 == 0 {
			m.Forget(text, "")
		}
		if got := m.Recall(text); i%7 != 0 && i%3 != 0 && got.Label != fmt.Sprint("label ", i) {
			t.Fatalf("text %d: %+v", i, got)
		}
	}
	if len(m.labels) > 10 || len(m.numbers) > 10 || len(m.unused) > 10 {
		t.Errorf("10 texts have %d labels, %d numbers, %d unused", len(m.labels), len(m.numbers), len(m.unused))
	}
	now = now.Add(time.Hour)
	if m.Len() != 0 || len(m.numbers) != 0 {
		t.Errorf("after an hour: %d texts, %d labels", m.Len(), len(m.numbers))
	}
	for _, l := range m.labels {
		if l.text != "" {
			t.Errorf("%q is kept", l.text)
		}
	}
}

func TestTextsAge(t *testing.T) {
	now := time.Unix(1000, 0)
	m := New(Options{TTL: time.Minute, Now: func() time.Time { return now }})
	m.Keep("an old text", "a")
	now = now.Add(40 * time.Second)
	m.Keep("a younger text", "b")
	now = now.Add(40 * time.Second)
	if got := m.Recall("an old text"); got.Label != "b" || got.Score == 1 {
		t.Errorf("an expired text is recalled: %+v", got)
	}
	if m.Len() != 1 {
		t.Errorf("%d texts, want 1", m.Len())
	}
	now = now.Add(time.Hour)
	if got := m.Recall("a younger text"); got != (Recollection{}) || m.Len() != 0 {
		t.Errorf("after an hour: %+v, %d texts", got, m.Len())
	}
}

// TestIndexIsSound keeps and forgets at random and then compares the index with what is remembered.
func TestIndexIsSound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	m := New(Options{Max: 50})
	text := func() string { return fmt.Sprintf("text %d of %d", random.IntN(200), random.IntN(3)) }
	for range 5000 {
		if random.IntN(4) == 0 {
			m.Forget(text(), "a")
		} else {
			m.Keep(text(), string(rune('a'+random.IntN(3))))
		}
	}
	if m.Len() != len(m.places) || m.Len() > 50 || len(m.entries) > 50 {
		t.Errorf("%d texts, %d places, %d entries", m.Len(), len(m.places), len(m.entries))
	}
	lists := map[uint32][]uint32{}
	for i := range m.used {
		place := (m.oldest + i) % m.options.Max
		for _, block := range m.entries[place].grams {
			for _, g := range block {
				lists[g.number()] = append(lists[g.number()], uint32(place))
			}
		}
	}
	for number, list := range m.lists {
		if !slices.Equal(list, lists[uint32(number)]) {
			t.Fatalf("n-gram %d has places %v, want %v", number, list, lists[uint32(number)])
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	m := New(Options{Max: 100})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				text := fmt.Sprintf("text %d", (g*37+i)%150)
				switch i % 3 {
				case 0:
					m.Keep(text, "a")
				case 1:
					if got := m.Recall(text); got.Score < 0 || got.Score > 1 {
						t.Errorf("got %+v", got)
					}
				default:
					m.Forget(text, "b")
				}
			}
		})
	}
	wg.Wait()
}

func FuzzRecall(f *testing.F) {
	f.Add("where is my card", "a")
	f.Add("", "\xff\xfe")
	f.Add(strings.Repeat("long ", 5000), strings.Repeat("漢", 9000))
	f.Fuzz(func(t *testing.T, a, b string) {
		m := New(Options{Max: 2})
		for range 2 {
			m.Keep(a, "a")
			m.Keep(b, "b")
			m.Keep(a+b, "c")
			for _, text := range []string{a, b, a + b, b + a} {
				if got := m.Recall(text); !(got.Score >= 0 && got.Score <= 1) || (got.Label == "") != (got.Score == 0) {
					t.Errorf("%q: %+v", text, got)
				}
			}
		}
		if m.Forget(a+b, "b"); m.Len() > 2 {
			t.Errorf("%d texts in room for two", m.Len())
		}
	})
}

// banking returns the training part of Banking77.
func banking(tb testing.TB) (texts, labels []string) {
	tb.Helper()
	for _, row := range shareddata.CSV(tb, "banking77/train.csv") {
		texts, labels = append(texts, row[0]), append(labels, row[1])
	}
	return texts, labels
}

// TestBanking measures the share of texts that could be answered with 95 % right: a fifth of the training part asked, the
// rest remembered.
func TestBanking(t *testing.T) {
	texts, labels := banking(t)
	m := New(Options{})
	for i := range texts {
		if i%5 != 0 {
			m.Keep(texts[i], labels[i])
		}
	}
	type judged struct {
		score float64
		right bool
	}
	var all []judged
	for i := 0; i < len(texts); i += 5 {
		got := m.Recall(texts[i])
		all = append(all, judged{got.Score, got.Label == labels[i]})
	}
	slices.SortFunc(all, func(a, b judged) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	right, share := 0, 0.0
	for i, j := range all {
		if j.right {
			right++
		}
		if float64(right) >= 0.95*float64(i+1) {
			share = float64(i+1) / float64(len(all))
		}
	}
	accuracy := float64(right) / float64(len(all))
	t.Logf("accuracy %.3f, 95 %% right on %.3f", accuracy, share)
	if accuracy < 0.84 || share < 0.74 {
		t.Errorf("accuracy %.3f and 95 %% right on a share of %.3f, want 0.84 and 0.74", accuracy, share)
	}
}

func BenchmarkRecall(b *testing.B) {
	texts, labels := banking(b)
	m := New(Options{})
	for i := range texts {
		m.Keep(texts[i], labels[i])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Recall(texts[i%len(texts)] + " please")
	}
}

func BenchmarkKeep(b *testing.B) {
	texts, labels := banking(b)
	m := New(Options{Max: 5000})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Keep(texts[i%len(texts)], labels[i%len(texts)])
	}
}
