// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"retort/internal/config"
)

// ExistsError says that there is a configuration already.
type ExistsError struct{ Path string }

// Error names the file.
func (e *ExistsError) Error() string { return e.Path + " exists already" }

// Hint says how to go on.
func (e *ExistsError) Hint() string {
	return "write over it with --force, or write another file with -c FILE"
}

// Unwrap returns fs.ErrExist.
func (e *ExistsError) Unwrap() error { return fs.ErrExist }

// Free reports whether Write may write path: with force always, else when nothing is there. Ask it before calls are made.
func Free(path string, force bool) error {
	if _, err := os.Lstat(path); err == nil && !force {
		return &ExistsError{path}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}

// Write writes the configuration made of checked findings to path, whole or not at all. What it writes has been read
// back by package config before.
func (f *Findings) Write(path string, force bool, env Env) error {
	if err := Free(path, force); err != nil {
		return err
	}
	text := f.YAML()
	if _, err := config.Parse(path, text, env); err != nil {
		return fmt.Errorf("write configuration: the result would be wrong: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".retort-*.yaml")
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	defer os.Remove(temp.Name()) // fails once renamed
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Chmod(0o644), temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
