// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"io"
	"os/exec"
	"sync"
	"time"
)

// workers are those that work for clients of a serving process.
type workers struct {
	leave chan struct{} // closed when the gateway ends
	group sync.WaitGroup
}

// worker is a process that works on a run for a serving process, and yields to it. It ends when that does.
type worker struct {
	cmd   *exec.Cmd
	stay  io.Closer // it ends when this is closed, so also when the gateway is killed
	said  bytes.Buffer
	ended chan struct{} // closed once it has
	err   error         // then: how
}

// startWorker starts a worker.
func startWorker(cmd *exec.Cmd) (*worker, error) {
	w := &worker{cmd: cmd, ended: make(chan struct{})}
	cmd.Stderr = &w.said
	stay, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	w.stay = stay
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	yield(cmd)
	go func() {
		w.err = cmd.Wait()
		close(w.ended)
	}()
	return w, nil
}

// end has a worker leave its run, and returns how it ended.
func (w *worker) end() error {
	_ = w.stay.Close() // at worst it is closed
	select {
	case <-w.ended:
	case <-time.After(leaving):
		_ = w.cmd.Process.Kill() // its run goes on another time
		<-w.ended
	}
	return w.err
}

// start starts a worker that ends with the others.
func (g *workers) start(cmd *exec.Cmd) (*worker, error) {
	w, err := startWorker(cmd)
	if err != nil {
		return nil, err
	}
	g.group.Go(func() {
		select {
		case <-w.ended:
		case <-g.leave:
			_ = w.end() // who waits for it is told
		}
	})
	return w, nil
}

// end ends all workers and waits for them.
func (g *workers) end() {
	close(g.leave)
	g.group.Wait()
}
