// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

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
	section := yaml.MapSlice{{Key: "tasks", Value: yaml.MapSlice{{Key: d.Task.Name, Value: yaml.MapSlice{
		{Key: "instructions", Value: "Say here what to do, for the teacher."},
		{Key: "output", Value: yaml.MapSlice{{Key: "enum", Value: d.Task.Labels}}},
		{Key: "teacher", Value: "NAME"},
		{Key: "agreement", Value: d.Report.Target},
	}}}}}
	text, err := yaml.MarshalWithOptions(section, yaml.Flow(false))
	if err != nil { // strings and numbers always marshal
		return fmt.Sprintf("tasks: {%s: …}\n", strings.TrimSpace(d.Task.Name))
	}
	return string(text)
}
