// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// unwanted are texts that belong to one person's machine or to a build's surroundings, not to the project.
var unwanted = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`(^|[\s"'(=:])/(home|Users|root|work|workspace)/\w`), "a path of somebody's machine"},
	{regexp.MustCompile(`\b(proxy|sum)\.golang\.org\b|\bregistry\.npmjs\b|\bpypi\.org\b|\bdeb\.debian\.org\b`), "the host of a package registry"},
	{regexp.MustCompile(`^(<{7} |>{7} |={7}$)`), "a left-over of a merge"},
	{regexp.MustCompile(`\b(FIXME|XXX)\b`), "unfinished work; finish it, or say in docs/rough_edges.md what is missing"},
}

func TestNoWordsThatDoNotBelongHere(t *testing.T) {
	for _, f := range files(t) {
		if f.path == "go.sum" || f.path == "internal/repotest/words_test.go" || !utf8.ValidString(f.text) {
			continue
		}
		for n, line := range strings.Split(f.text, "\n") {
			for _, u := range unwanted {
				if found := u.pattern.FindString(line); found != "" {
					t.Errorf("%s:%d: %q: %s", f.path, n+1, strings.TrimSpace(found), u.why)
				}
			}
		}
	}
}

// linked finds relative links and pictures of a Markdown page.
var linked = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)

func TestLinksBetweenPagesLead(t *testing.T) {
	have := map[string]bool{}
	for _, f := range files(t) {
		have[f.path] = true
		for dir := f.dir(); dir != "."; dir = path.Dir(dir) {
			have[dir] = true
		}
	}
	for _, f := range files(t) {
		if !strings.HasSuffix(f.path, ".md") {
			continue
		}
		for _, m := range linked.FindAllStringSubmatch(f.text, -1) {
			if target := m[1]; !strings.Contains(target, ":") && !have[path.Join(f.dir(), target)] {
				t.Errorf("%s: links to %s, which is not there", f.path, target)
			}
		}
	}
}
