// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// module is the import path of the repository's root.
const module = "retort"

// root is the repository's root, seen from the folder in which this test runs.
const root = "../.."

// file is one file of the repository.
type file struct {
	path string // slash-separated, relative to the root
	text string
	ast  *ast.File // nil unless it is Go
	pos  *token.FileSet
}

// dir is the folder of a file: the import path of its package, less the module; "." is the root.
func (f file) dir() string { return path.Dir(f.path) }

func (f file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// line says where a node is.
func (f file) line(n ast.Node) int { return f.pos.Position(n.Pos()).Line }

// tree reads the repository once.
var tree = sync.OnceValues(readTree)

func files(t *testing.T) []file {
	t.Helper()
	fs, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

// goFiles returns the Go files outside testdata.
func goFiles(t *testing.T) []file {
	t.Helper()
	var out []file
	for _, f := range files(t) {
		if f.ast != nil {
			out = append(out, f)
		}
	}
	return out
}

// skipped are folders that hold nothing of ours.
var skipped = map[string]bool{".git": true, "bin": true, "retort-data": true, "retort-quickstart": true, "node_modules": true}

func readTree() ([]file, error) {
	var out []file
	positions := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if skipped[entry.Name()] {
				return filepath.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || entry.Name() == ".git" { // a file of that name is a work tree's link
			return nil
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		f := file{path: filepath.ToSlash(rel), text: string(raw), pos: positions}
		if strings.HasSuffix(f.path, ".go") && !strings.Contains(f.path, "testdata/") {
			if f.ast, err = parser.ParseFile(positions, f.path, raw, parser.ParseComments|parser.SkipObjectResolution); err != nil {
				return err
			}
		}
		out = append(out, f)
		return nil
	})
	return out, err
}
