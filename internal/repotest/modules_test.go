// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestNoReplaceDirectives(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(raw), "\n") {
		if strings.HasPrefix(line, "replace") {
			t.Errorf("go.mod:%d: a replace directive breaks go install for everybody else", i+1)
		}
	}
}

// licences are the ones that we may link, each with words that only its text has.
var licences = []struct{ name, words string }{
	{"Apache-2.0", "apache license version 2.0"},
	{"MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"ISC", "permission to use, copy, modify, and/or distribute this software for any purpose"},
	{"ISC", "permission to use, copy, modify, and distribute this software for any purpose"},
	{"BSD", "redistribution and use in source and binary forms, with or without modification, are permitted"},
}

// TestLicencesOfAllLinkedModules reads the licence of every module that some package or test of ours needs.
func TestLicencesOfAllLinkedModules(t *testing.T) {
	modules, err := linkedModules()
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) == 0 {
		t.Fatal("go list found no modules; the test would prove nothing")
	}
	for path, dir := range modules {
		name, err := licenceOf(dir)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		t.Logf("%-12s %s", name, path)
	}
}

// linkedModules returns the folders of the modules outside ours that packages and tests need, by module path.
func linkedModules() (map[string]string, error) {
	cmd := exec.Command("go", "list", "-deps", "-test", "-e", "-json=Module", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("list the modules in use: %w", err)
	}
	modules := map[string]string{}
	for dec := json.NewDecoder(out); ; {
		var pkg struct {
			Module *struct {
				Path, Dir string
				Main      bool
			}
		}
		err := dec.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the list of modules: %w", err)
		}
		if m := pkg.Module; m != nil && !m.Main {
			modules[m.Path] = m.Dir
		}
	}
	return modules, cmd.Wait()
}

// licenceOf finds which licence a module's folder declares.
func licenceOf(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		upper := strings.ToUpper(entry.Name())
		if entry.IsDir() || !strings.HasPrefix(upper, "LICENSE") && !strings.HasPrefix(upper, "LICENCE") && !strings.HasPrefix(upper, "COPYING") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return "", err
		}
		text := strings.Join(strings.Fields(strings.ToLower(string(raw))), " ")
		for _, l := range licences {
			if strings.Contains(text, l.words) {
				return l.name, nil
			}
		}
	}
	return "", errors.New("its licence is missing or not on the list of those we may link")
}
