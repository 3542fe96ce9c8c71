// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package quickstart

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"retort/internal/capture"
	"retort/internal/sample"
)

// The files of the folder that a quickstart leaves.
const (
	ConfigFile    = "retort.yaml"
	ReportFile    = "report.html"
	recordingFile = "recording.jsonl"
	dataFolder    = "data"
)

//go:embed retort.yaml.tmpl
var configText string

// mark is how a folder is known to be a quickstart's, and may be written anew.
const mark = "# Written by retort quickstart."

// prepare makes dir a fresh quickstart folder. It replaces an earlier quickstart's, and nothing else.
func prepare(dir string) error {
	if err := clear(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the quickstart folder: %w", err)
	}
	text, err := configuration()
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{ConfigFile: text, recordingFile: sample.Recording()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return fmt.Errorf("fill the quickstart folder: %w", err)
		}
	}
	return nil
}

// clear removes an earlier quickstart's files, unless somebody has begun to use them: a configuration that was changed
// and a gateway that runs there are refused.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look into the quickstart folder: %w", err)
	case len(entries) == 0:
		return nil
	}
	text, err := os.ReadFile(filepath.Join(dir, ConfigFile))
	if err != nil || !bytes.HasPrefix(text, []byte(mark)) {
		return &folderError{dir, "is not empty and not an earlier quickstart's"}
	}
	if written, err := configuration(); err != nil || !bytes.Equal(text, written) {
		return &folderError{dir, "is an earlier quickstart's whose " + ConfigFile + " has been changed since"}
	}
	traces := filepath.Join(dir, dataFolder, "traces")
	if _, err := os.Stat(traces); err == nil {
		log, err := capture.Open(traces, capture.Options{})
		if err != nil {
			return &folderError{dir, "is an earlier quickstart's that is in use: " + err.Error()}
		}
		if err := log.Close(); err != nil {
			return fmt.Errorf("close the earlier quickstart: %w", err)
		}
	}
	for _, name := range []string{dataFolder, ReportFile, recordingFile, ConfigFile} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("remove the earlier quickstart: %w", err)
		}
	}
	return nil
}

// folderError refuses to write into a folder that holds what somebody may want to keep.
type folderError struct{ dir, why string }

func (e *folderError) Error() string { return fmt.Sprintf("the folder %s %s", e.dir, e.why) }
func (e *folderError) Hint() string {
	return "name another folder with --dir FOLDER, or remove this one yourself"
}

func configuration() ([]byte, error) {
	var b bytes.Buffer
	t, err := template.New("retort.yaml").Parse(configText)
	if err == nil {
		err = t.Execute(&b, map[string]any{"Task": sample.Task, "Labels": sample.Labels(),
			"Instructions": strings.Split(sample.Instructions, "\n")})
	}
	if err != nil {
		return nil, fmt.Errorf("write the quickstart's configuration: %w", err)
	}
	return b.Bytes(), nil
}
