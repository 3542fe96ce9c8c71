// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestUnwritten(t *testing.T) {
	for _, c := range []struct {
		line       string
		from, size uintptr
		ok         bool
	}{
		{"00401000-016ea000 r-xp 00001000 08:01 42                         /opt/re tort/retort\n", 0x401000, 0x12e9000, true},
		{"016ea000-02b00000 r--p 012ea000 08:01 42                         /opt/re tort/retort\n", 0x16ea000, 0x1416000, true},
		{"02b00000-02b90000 rw-p 02700000 08:01 42                         /opt/re tort/retort\n", 0, 0, false},
		{"7f0000000000-7f0000021000 r--p 00000000 08:01 43                 /lib/libc.so.6\n", 0, 0, false},
		{"7f0000000000-7f0000021000 r--p 00000000 00:00 0\n", 0, 0, false},
		{"nonsense r--p 0 0 0 /opt/re tort/retort\n", 0, 0, false},
		{"\n", 0, 0, false},
	} {
		from, size, ok := unwritten(c.line, "/opt/re tort/retort")
		if from != c.from || size != c.size || ok != c.ok {
			t.Errorf("%q: %#x, %#x, %v", c.line, from, size, ok)
		}
	}
}

func TestReleaseStartLetsTheProgramGoOn(t *testing.T) {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Skip("no /proc:", err)
	}
	before := residentCode(t, self)
	releaseStart()
	after := residentCode(t, self)
	if after >= before {
		t.Errorf("%d KiB of the program were resident before and %d are after", before, after)
	}
}

// residentCode returns how many KiB of the file's unwritable mappings are resident.
func residentCode(t *testing.T, file string) int {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip("no smaps:", err)
	}
	defer f.Close()
	total, counts := 0, false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := lines.Text(); strings.Contains(line, "-") && !strings.Contains(line, "kB") {
			_, _, counts = unwritten(line, file)
		} else if kib := 0; counts && strings.HasPrefix(line, "Rss:") {
			if _, err := fmt.Sscanf(line, "Rss: %d kB", &kib); err != nil {
				t.Fatal(err)
			}
			total += kib
		}
	}
	return total
}
