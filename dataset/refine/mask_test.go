// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"encoding/json"
	"strings"
	"testing"

	"retort/dataset"
)

func TestMask(t *testing.T) {
	in := []dataset.Example{
		ex("write to jane@example.org, cc JANE@example.org", "mail"),
		ex("Jane is jane@example.org, card 4111 1111 1111 1111", `{"mail":"jane@example.org","card":"4111111111111111","kind":"vip"}`),
		ex("my BSN is 111222333", `{"bsn":111222333,"n":2}`),
		ex("mail joe@sub.example.org", `{"host":"sub.example.org"}`),
		ex("which is joe@sub.example.org?", "joe@sub.example.org"),
		ex("see <EMAIL_1>", "mail"),
		ex("who gets this? ann@example.org", "desk@example.org"),
		ex("and this?", "desk@example.org"),
	}
	in[0].Soft = map[string]float64{"mail": 0.75, "other": 0.25}
	left, report := run(t, "private=mask", Options{}, in)
	want := []dataset.Example{
		ex("write to <EMAIL_2>, cc <EMAIL_2>", "mail"),
		ex("Jane is <EMAIL_2>, card <CARD_1>", `{"mail":"<EMAIL_2>","card":"<CARD_1>","kind":"vip"}`),
		ex("which is <EMAIL_3>?", "<EMAIL_3>"),
		ex("see <EMAIL_1>", "mail"),
		ex("who gets this? <EMAIL_4>", "desk@example.org"),
		ex("and this?", "desk@example.org"),
	}
	if len(left) != len(want) {
		t.Fatalf("left %+v", left)
	}
	for i := range want {
		if left[i].Text != want[i].Text || left[i].Label != want[i].Label {
			t.Errorf("got %q %s, want %q %s", left[i].Text, left[i].Label, want[i].Text, want[i].Label)
		}
	}
	if left[0].Soft["mail"] != 0.75 {
		t.Errorf("soft labels %v", left[0].Soft)
	}
	if report.Changed["email"] != 4 || report.Changed["card"] != 1 || report.Changed["label"] != 2 || report.Removed[errNumber.Error()] != 1 || report.Removed[errPart.Error()] != 1 ||
		report.Flagged["label is no copy and holds email"] != 2 {
		t.Errorf("changed %v, removed %v, flagged %v", report.Changed, report.Removed, report.Flagged)
	}
	if text, err := json.Marshal(report); err != nil || strings.Contains(string(text), "example.org") || strings.Contains(string(text), "4111") {
		t.Errorf("report %s, %v", text, err)
	}
}

func FuzzMaskLabels(f *testing.F) {
	f.Add("mail jane@example.org", `{"a":["jane@example.org","é\u0041",-1.5e3],"jane@example.org":null}`)
	f.Add("BSN 111222333", `[111222333,"x"]`)
	f.Add(`password="PASSWORD_1"`, `"PASSWORD_1" PASSWORD_1`)
	f.Add("a@b.example", "{\"a\":\"b.example\"}")
	f.Fuzz(func(t *testing.T, text, label string) {
		e := ex(text, label)
		w := &masking{values: map[string]int{}, classes: map[string]bool{}}
		w.look(&e)
		reason := w.example(&e, &notes{})
		if structured(label) && reason == "" && !json.Valid([]byte(e.Label)) {
			t.Fatalf("%s became %s", label, e.Label)
		}
		if reason != "" && (e.Text != text || e.Label != label) {
			t.Fatalf("changed although it goes: %q", e.Text)
		}
	})
}
