// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package rig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Apart keeps this process and the one with the given id each on a core of its own, until together is called: so that
// neither waits for the other, as they would not on two machines. It is a MissingError where there is but one core.
func Apart(pid int) (together func() error, err error) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, fmt.Errorf("ask for this process's cores: %w", err)
	}
	var cores []int
	for core := 0; len(cores) < 2 && core < len(all)*64; core++ {
		if all.IsSet(core) {
			cores = append(cores, core)
		}
	}
	if len(cores) < 2 {
		return nil, &MissingError{"two cores are needed to keep two processes apart"}
	}
	together = func() error { return errors.Join(keepOn(os.Getpid(), &all), keepOn(pid, &all)) }
	for i, process := range []int{os.Getpid(), pid} {
		var one unix.CPUSet
		one.Set(cores[i])
		if err := keepOn(process, &one); err != nil {
			return nil, errors.Join(err, together())
		}
	}
	return together, nil
}

// keepOn keeps all threads of a process on some cores. One that begins later keeps to those of the thread that began it.
func keepOn(pid int, cores *unix.CPUSet) error {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		return err
	}
	if len(threads) == 0 {
		return fmt.Errorf("process %d: %w", pid, fs.ErrNotExist)
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(filepath.Base(thread))
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, cores); err != nil && !errors.Is(err, unix.ESRCH) { // one that has ended needs none
			return fmt.Errorf("keep thread %d of process %d on a core: %w", id, pid, err)
		}
	}
	return nil
}
