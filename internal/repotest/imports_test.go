// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// outside stands for modules other than ours; without it a package may import the standard library alone.
const outside = "(outside)"

// allowed says what each package may import of ours, and whether it may import other modules. A pattern that ends in
// "/..." covers a folder and all below it. The first line that matches a package counts. Dependencies point down:
// nothing may be added that lets a lower line import a higher one.
var allowed = []struct {
	pkg  string
	uses []string
}{
	{".", nil},
	{"model", nil},
	{"model/modeltest", []string{"model"}},
	{"compose", []string{"model", outside}},
	{"dialect", []string{"model", "dialect/internal/called"}},
	{"dialect/sse", nil},
	{"dialect/internal/...", []string{"model", "dialect/sse", "dialect/internal/...", outside}},
	{"dialect/all", []string{"dialect", "dialect/..."}},
	{"dialect/dialecttest", []string{"...", outside}},
	{"dialect/...", []string{"model", "dialect", "dialect/sse", "dialect/internal/...", outside}},
	{"router/language", nil},
	{"router/live", []string{"model", "router", outside}},
	{"tune", []string{"internal/suggest", "model", "router", "eval", "eval/judge", "task", "eval/consensus"}},
	{"router/rule", []string{"model", "router/language", outside}},
	{"provider/auth", []string{"model", outside}},
	{"provider/preset", nil},
	{"provider/account", []string{"model", "dialect", "dialect/...", "provider", "provider/auth", "provider/preset"}},
	{"provider", []string{"model", "dialect", outside}},
	{"provider/replay", []string{"model"}},
	{"task", []string{"model"}},
	{"dataset", []string{"model", outside}},
	{"dataset/near", []string{outside}},
	{"dataset/private", nil},
	{"dataset/confident", nil},
	{"eval/anytime", nil},
	{"eval/binomial", []string{outside}},
	{"eval/certify", []string{"eval/anytime", "eval/binomial", outside}},
	{"eval/consensus", nil},
	{"eval/experiment", []string{"eval/anytime"}},
	{"eval", []string{"model", "eval/binomial", outside}},
	{"eval/judge", []string{"model", "compose", "task", "eval/certify", "internal/sections", outside}},
	{"student/internal/...", []string{"student/internal/...", outside}},
	{"student/recall", []string{"student/internal/text"}},
	{"student", []string{"student/internal/...", "eval/certify", "internal/sections", outside}},
	{"task/discover", []string{"task", "student"}},
	{"dataset/refine", []string{"dataset", "dataset/near", "dataset/confident", "dataset/private", "student", "router/language"}},
	{"router", []string{"model", "student", "internal/sections", outside}},
	{"audit", []string{"dataset", "dataset/near", "dataset/private", "eval", outside}},
	{"flow", []string{"model", "internal/blob", "internal/filelock", "internal/sqlite", outside}},
	{"distill/active", []string{"task", "student", "dataset"}},
	{"distill/label", []string{"model", "task", "dataset", "eval/consensus", "internal/filelock"}},
	{"wheel", []string{"student", "eval", "eval/anytime", "eval/certify"}},
	{"distill", []string{"distill/label", "model", "task", "student", "dataset", "dataset/refine", "eval", "eval/certify"}},

	{"internal/repotest", nil},
	{"internal/testsum", nil},
	{"internal/shareddata", nil},
	{"internal/sections", []string{outside}},
	{"internal/sample", []string{"model"}},
	{"internal/marked", []string{"dataset/private"}},
	{"internal/scripted", []string{outside}},
	{"internal/chaos", nil},
	{"internal/suggest", nil},
	{"internal/config", []string{"model", "task", "student", "provider/preset", "router/rule", "internal/suggest", outside}},
	{"internal/connect", []string{"provider", "provider/account", "internal/config"}},
	{"internal/origin", []string{"model", "dialect", "internal/config"}},
	{"internal/discover", []string{"model", "provider", "provider/preset", "internal/config", "internal/connect", outside}},
	{"internal/filelock", []string{outside}},
	{"internal/sqlite", nil},
	{"internal/blob", []string{"internal/filelock"}},
	{"internal/capture", []string{"model", "internal/filelock", outside}},
	{"internal/store", []string{"model", "internal/capture", "internal/filelock", "internal/sqlite", outside}},
	{"internal/outfile", nil},
	{"internal/yield", []string{outside}},
	{"internal/datasets", []string{"dataset", "dataset/refine", "internal/blob", "internal/outfile", "internal/store", "internal/suggest"}},
	{"internal/savings", []string{"eval/binomial", outside}},
	{"internal/server", []string{"model", "dialect", "internal/suggest", outside}},
	{"internal/desk", []string{"model", "compose", "task", "student", "eval/certify", "internal/config", "internal/origin", "internal/similar"}},
	{"internal/similar", []string{"compose", "eval/certify", "student/recall"}},
	{"internal/plant", []string{"model", "compose", "dialect", "provider", "provider/replay", "router", "router/rule", "router/live", "task", "tune",
		"eval/certify", "eval/consensus", "eval/judge", "internal/config", "internal/connect", "internal/desk", "internal/origin", "internal/suggest", outside}},
	{"internal/report", []string{"model", "dataset/refine", "distill", "distill/label", "eval", "eval/certify"}},
	{"internal/app", []string{"...", outside}},
	{"internal/quickstart", []string{"...", outside}},
	{"internal/cli", []string{"...", outside}},
	{"cmd/retort", []string{"internal/cli"}},
	{"bench/...", []string{"...", outside}},
	{"examples/...", []string{"...", outside}},
}

// top are packages that only their own kind may import, tests included.
var top = map[string][]string{
	"internal/app": {"internal/app", "internal/quickstart", "internal/cli"},
	"internal/cli": {"internal/cli", "cmd/retort"},
	"cmd/...":      {},
	"bench/...":    {"bench/..."},
}

// forbidden are modules that the house has decided against.
var forbidden = map[string]string{
	"github.com/stretchr/testify": "tests use the standard library and go-cmp",
	"github.com/golang/mock":      "fakes are written by hand; see model/modeltest",
	"go.uber.org/mock":            "fakes are written by hand; see model/modeltest",
	"github.com/pkg/errors":       "errors are wrapped with %w",
	"C":                           "Retort builds without cgo",
}

func TestImportsPointDown(t *testing.T) {
	unknown := map[string]bool{}
	for _, f := range goFiles(t) {
		if _, known := rule(f.dir()); !known {
			unknown[f.dir()] = true
			continue
		}
		for _, spec := range f.ast.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := refuse(f, name); why != "" {
				t.Errorf("%s:%d: %s", f.path, f.line(spec), why)
			}
		}
	}
	for dir := range unknown {
		t.Errorf("package %s is not in the table of allowed imports; add it to internal/repotest/imports_test.go", dir)
	}
}

// refuse says why a file may not import a package, or nothing.
func refuse(f file, name string) string {
	for bad, why := range forbidden {
		if name == bad || strings.HasPrefix(name, bad+"/") {
			return "imports " + name + ": " + why
		}
	}
	own, ours := strings.CutPrefix(name, module+"/")
	if ours {
		for pkg, users := range top {
			if matches(pkg, own) && !matchesAny(users, f.dir()) {
				return "imports " + own + ", which only " + strings.Join(users, " and ") + " may import"
			}
		}
	}
	if f.isTest() || own == f.dir() {
		return ""
	}
	uses, _ := rule(f.dir())
	switch {
	case ours && !matchesAny(uses, own):
		return "imports " + own + "; package " + f.dir() + " may import of ours: " + strings.Join(ownOf(uses), " ")
	case !ours && isOutside(name) && !slices.Contains(uses, outside):
		return "imports " + name + "; package " + f.dir() + " uses the standard library only"
	}
	return ""
}

func rule(dir string) (uses []string, known bool) {
	for _, a := range allowed {
		if matches(a.pkg, dir) {
			return a.uses, true
		}
	}
	return nil, false
}

// isOutside reports whether an import path is of another module: its first element has a dot, as host names do.
func isOutside(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return strings.Contains(first, ".")
}

func ownOf(uses []string) []string {
	own := slices.DeleteFunc(slices.Clone(uses), func(s string) bool { return s == outside })
	if len(own) == 0 {
		return []string{"nothing"}
	}
	return own
}

func matches(pattern, dir string) bool {
	if pattern == "..." {
		return true
	}
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return dir == folder || strings.HasPrefix(dir, folder+"/")
	}
	return pattern == dir
}

func matchesAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, dir) })
}
