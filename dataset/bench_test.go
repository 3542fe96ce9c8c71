// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkReadFile reads 100,000 rows of about 100 bytes.
func BenchmarkReadFile(b *testing.B) {
	tables := map[string]func(i int) string{
		"csv": func(i int) string {
			return fmt.Sprintf("\"I paid %d, and the card was refused, why is that so?\",card_%d\n", i, i%77)
		},
		"jsonl": func(i int) string {
			return fmt.Sprintf("{\"text\": \"I paid %d, and the card was refused, why is that so?\", \"label\": \"card_%d\"}\n", i, i%77)
		},
	}
	for ext, row := range tables {
		b.Run(ext, func(b *testing.B) {
			var text strings.Builder
			if ext == "csv" {
				text.WriteString("text,label\n")
			}
			for i := range 100_000 {
				text.WriteString(row(i))
			}
			path := filepath.Join(b.TempDir(), "a."+ext)
			if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if _, err := ReadFile(path, Columns{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
