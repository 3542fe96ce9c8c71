// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestSummarise(t *testing.T) {
	const pass = `{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
`
	cases := []struct {
		name, in   string
		want       []string
		wantNot    string
		wantFailed bool
		wantErr    bool
	}{
		{"passing tests are silent", pass + `{"Action":"pass","Package":"p","Elapsed":0.5}`,
			[]string{"ok    p 0.5s\n", "1 passed, 0 failed, 0 skipped\n"}, "noise", false, false},
		{"a failing test shows its output", pass + `{"Action":"output","Package":"p","Test":"TestB","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p","Elapsed":1}`,
			[]string{"got 1, want 2\n", "FAIL  p 1.0s\n", "1 passed, 1 failed, 0 skipped\n"}, "noise", true, false},
		{"a skipped test says why", pass + `{"Action":"output","Package":"p","Test":"TestC","Output":"=== RUN TestC\n"}
{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:3: no data\n"}
{"Action":"skip","Package":"p","Test":"TestC"}`,
			[]string{"skip  p TestC: c_test.go:3: no data\n", "1 passed, 0 failed, 1 skipped\n"}, "RUN", false, false},
		{"a panic fails the run though no test failed", pass + `{"Action":"output","Package":"p","Test":"TestD","Output":"panic: oops\n"}
{"Action":"fail","Package":"p","Elapsed":1}`,
			[]string{"panic: oops\n", "1 passed, 0 failed, 0 skipped\n"}, "noise", true, false},
		{"a package that does not build fails the run", pass + `{"Action":"build-output","ImportPath":"q","Output":"q.go:1: undefined: x\n"}
{"Action":"build-fail","ImportPath":"q"}`,
			[]string{"undefined: x\n"}, "noise", true, false},
		{"lines of the go command pass through", "go: no module\n" + pass, []string{"go: no module\n"}, "noise", false, false},
		{"no test at all is an error", "", []string{"0 passed, 0 failed, 0 skipped\n"}, "noise", true, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			failed, err := summarise(strings.NewReader(c.in), &out)
			if failed != c.wantFailed || (err != nil) != c.wantErr {
				t.Errorf("failed %v, error %v; want %v, error %v", failed, err, c.wantFailed, c.wantErr)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("output lacks %q:\n%s", want, out.String())
				}
			}
			if strings.Contains(out.String(), c.wantNot) {
				t.Errorf("output holds %q:\n%s", c.wantNot, out.String())
			}
		})
	}
}
