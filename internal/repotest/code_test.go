// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"go/ast"
	"path"
	"strings"
	"testing"
)

const licence = "// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0"

func TestEverySourceFileHasTheLicence(t *testing.T) {
	for _, f := range files(t) {
		if ext := path.Ext(f.path); ext != ".go" && ext != ".s" || strings.Contains(f.path, "testdata/") {
			continue
		}
		if !strings.HasPrefix(f.text, licence+"\n\n") {
			t.Errorf("%s: its first line must be %q, then a blank line", f.path, licence)
		}
	}
}

func TestNoFileIsTooLong(t *testing.T) {
	const most = 800
	for _, f := range files(t) {
		if ext := path.Ext(f.path); ext != ".go" && ext != ".s" || strings.Contains(f.path, "testdata/") {
			continue
		}
		if n := strings.Count(f.text, "\n"); n > most {
			t.Errorf("%s: %d lines, at most %d; split it by what it does", f.path, n, most)
		}
	}
}

func TestNoFunctionIsTooLong(t *testing.T) {
	const most = 120
	for _, f := range goFiles(t) {
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || f.isTest() {
				continue
			}
			if n := f.pos.Position(fn.End()).Line - f.line(fn) + 1; n > most {
				t.Errorf("%s:%d: %s has %d lines, at most %d", f.path, f.line(fn), fn.Name.Name, n, most)
			}
		}
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range goFiles(t) {
		if f.isTest() {
			continue
		}
		documented[f.dir()] = documented[f.dir()] || f.ast.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.isTest() || f.ast.Name.Name == "main" {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, name := range undocumented(decl) {
				t.Errorf("%s:%d: exported %s has no doc comment", f.path, f.line(name), name.Name)
			}
		}
	}
}

// undocumented returns the exported names of a declaration that have no comment, neither their own nor one of their
// group.
func undocumented(decl ast.Decl) []*ast.Ident {
	var bare []*ast.Ident
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || receiver(d).IsExported()) {
			bare = append(bare, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if d.Doc == nil && s.Doc == nil && s.Name.IsExported() {
					bare = append(bare, s.Name)
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if d.Doc == nil && s.Doc == nil && s.Comment == nil && name.IsExported() {
						bare = append(bare, name)
					}
				}
			}
		}
	}
	return bare
}

// receiver returns the name of the type that a method is of.
func receiver(fn *ast.FuncDecl) *ast.Ident {
	expr := fn.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e
		default:
			return ast.NewIdent("_")
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s:%d: func init: build values where they are used, and hand them in", f.path, f.line(fn))
			}
		}
	}
}

func TestContextComesFirstAndIsNotKeptUnexplained(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.isTest() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncType:
				checkContextFirst(t, f, n)
			case *ast.StructType:
				for _, field := range n.Fields.List {
					if isContext(field.Type) && field.Doc == nil && field.Comment == nil {
						t.Errorf("%s:%d: a context is kept in a struct; pass it to the calls that need it, or say beside it why that cannot be", f.path, f.line(field))
					}
				}
			}
			return true
		})
	}
}

func checkContextFirst(t *testing.T, f file, fn *ast.FuncType) {
	for i, field := range fn.Params.List {
		if i > 0 && isContext(field.Type) && !isContext(fn.Params.List[0].Type) {
			t.Errorf("%s:%d: the context is not the first parameter", f.path, f.line(field))
		}
	}
}

func isContext(expr ast.Expr) bool {
	sel, ok := expr.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Context" {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "context"
}
