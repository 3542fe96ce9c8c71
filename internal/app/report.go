// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"retort/internal/config"
	"retort/internal/report"
)

// WriteReport writes a distillation's page to a file.
func (a *App) WriteReport(path string, d *Distilled) error {
	var page bytes.Buffer
	if err := report.Write(&page, report.Data{Made: time.Now(), Report: d.Report, Judged: d.Judged}); err != nil {
		return err
	}
	return os.WriteFile(path, page.Bytes(), 0o644)
}

// TaskYAML returns the task's section for a configuration that has none for it yet.
func (d *Distilled) TaskYAML() string {
	labels := make([]string, len(d.Task.Labels))
	for i, label := range d.Task.Labels {
		labels[i] = config.Quote(label)
	}
	output := "enum: [" + strings.Join(labels, ", ") + "]"
	if d.Task.Object != nil {
		output = "schema: " + string(d.Task.Object.Schema) // JSON is YAML
	}
	said := "Say here what to do, for the teacher."
	if d.Task.Instructions != "" {
		said = config.Quote(d.Task.Instructions)
	}
	return fmt.Sprintf(`tasks:
  %s:
    instructions: %s
    output: {%s}
    teacher: NAME
    agreement: %v
`, config.Quote(d.Task.Name), said, output, d.Report.Target)
}
