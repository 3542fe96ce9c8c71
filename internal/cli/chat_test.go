// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// TestBrokenAnswersEndTheirLine asks an upstream whose stream breaks off: the error that follows begins a line.
func TestBrokenAnswersEndTheirLine(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"Hello "}}]}`+"\n\n")
	}))
	defer up.Close()
	dir := place(t, map[string]string{"retort.yaml": "providers:\n  up: {dialect: openai, base_url: " + up.URL + ", retries: 0}\nmodels:\n  m: {provider: up}\n"})
	var screen bytes.Buffer
	code := Run(t.Context(), Process{Args: []string{"chat", "m", "hi", "-c", filepath.Join(dir, "retort.yaml")},
		Stdin: strings.NewReader(""), Stdout: &screen, Stderr: &screen, Getenv: func(string) (string, bool) { return "", false }})
	if got := screen.String(); code != exitFailed || !strings.HasPrefix(got, "Hello \nretort: error: ") {
		t.Errorf("exit code %d, on the screen %q", code, got)
	}
}
