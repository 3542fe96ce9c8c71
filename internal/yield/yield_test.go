// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package yield

import (
	"testing"
	"testing/fstest"
	"time"
)

func TestQuota(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		want  float64
	}{
		{"not Linux", fstest.MapFS{}, 0},
		{"no limit", fstest.MapFS{"proc/self/cgroup": file("0::/user\n"), "sys/fs/cgroup/user/cpu.max": file("max 100000\n")}, 0},
		{"a container, version 2", fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/cpu.max": file("150000 100000\n")}, 1.5},
		{"the group above is the narrower", fstest.MapFS{"proc/self/cgroup": file("0::/a/b\n"), "sys/fs/cgroup/a/b/cpu.max": file("400000 100000\n"),
			"sys/fs/cgroup/a/cpu.max": file("50000 100000\n")}, 0.5},
		{"version 1", fstest.MapFS{"proc/self/cgroup": file("5:cpu,cpuacct:/x\n4:memory:/y\n"), "sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us": file("200000\n"),
			"sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us": file("100000\n")}, 2},
		{"version 1, a path of the host's", fstest.MapFS{"proc/self/cgroup": file("1:cpu:/docker/0123\n"), "sys/fs/cgroup/cpu/cpu.cfs_quota_us": file("100000\n"),
			"sys/fs/cgroup/cpu/cpu.cfs_period_us": file("100000\n")}, 1},
		{"version 1 without a limit", fstest.MapFS{"proc/self/cgroup": file("1:cpu:/\n"), "sys/fs/cgroup/cpu/cpu.cfs_quota_us": file("-1\n"),
			"sys/fs/cgroup/cpu/cpu.cfs_period_us": file("100000\n")}, 0},
		{"nonsense", fstest.MapFS{"proc/self/cgroup": file("what\n::\n0::/../..\n"), "sys/fs/cgroup/cpu.max": file("x y")}, 0},
	} {
		if got := Quota(c.files); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestDivide(t *testing.T) {
	for _, c := range []struct {
		processors int
		quota      float64
		whole      int
		part       float64
	}{
		{16, 0, 8, 1}, {1, 0, 1, 1}, {2, 0, 1, 1}, {64, 2, 1, 1}, {64, 4, 2, 1}, {64, 1, 1, 0.5}, {64, 0.5, 1, 0.25}, {2, 4, 1, 1}, {64, 3, 1, 1}, {1, 1, 1, 1},
	} {
		if whole, part := divide(c.processors, c.quota); whole != c.whole || part != c.part {
			t.Errorf("%d processors, quota %v: got %d and %v, want %d and %v", c.processors, c.quota, whole, part, c.whole, c.part)
		}
	}
}

// After work of any length the share of the time is the same, however late the scheduler had the pace say so.
func TestRest(t *testing.T) {
	for _, part := range []float64{0.05, 0.25, 0.5, 1} {
		for _, worked := range []time.Duration{slice, 7 * slice, 3 * time.Second} {
			got := worked.Seconds() / (worked + rest(worked, part)).Seconds()
			if got > part+1e-6 || got < part-1e-6 {
				t.Errorf("after %v of work the share is %v, want %v", worked, got, part)
			}
		}
	}
}
