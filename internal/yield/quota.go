// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package yield

import (
	"bufio"
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Quota returns how many processors the control groups of this process allow at most, of both versions, by the files in root, a Linux system's; 0
// where there is no limit or none is known.
func Quota(root fs.FS) float64 {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	least := 0.0
	take := func(n float64) {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		_, rest, _ := strings.Cut(lines.Text(), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		switch {
		case controllers == "":
			for _, mount := range []string{"sys/fs/cgroup", "sys/fs/cgroup/unified"} {
				up(group, func(group string) { take(quota2(root, path.Join(mount, group))) })
			}
		case slices.Contains(strings.Split(controllers, ","), "cpu"):
			for _, mount := range []string{"cpu", controllers} {
				up(group, func(group string) { take(quota1(root, path.Join("sys/fs/cgroup", mount, group))) })
			}
		}
	}
	return least
}

// up calls do with a group and those that it is in, the outermost last. In a container the path may be one of the host's: then only the last is there.
func up(group string, do func(group string)) {
	for {
		do(group)
		if group == "/" || group == "." || group == "" {
			return
		}
		group = path.Dir(group)
	}
}

// quota2 reads a group of version 2: "max 100000" is no limit.
func quota2(root fs.FS, dir string) float64 {
	text, err := fs.ReadFile(root, path.Join(dir, "cpu.max"))
	if err != nil {
		return 0
	}
	quota, period, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	return ratio(quota, period)
}

// quota1 reads a group of version 1: -1 is no limit.
func quota1(root fs.FS, dir string) float64 {
	quota, err := fs.ReadFile(root, path.Join(dir, "cpu.cfs_quota_us"))
	if err != nil {
		return 0
	}
	period, err := fs.ReadFile(root, path.Join(dir, "cpu.cfs_period_us"))
	if err != nil {
		return 0
	}
	return ratio(strings.TrimSpace(string(quota)), strings.TrimSpace(string(period)))
}

func ratio(quota, period string) float64 {
	q, err := strconv.ParseFloat(quota, 64)
	if err != nil {
		return 0
	}
	p, err := strconv.ParseFloat(period, 64)
	if err != nil || !(q > 0 && p > 0) {
		return 0
	}
	return q / p
}
