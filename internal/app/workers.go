// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"io"
	"os/exec"
	"sync"
	"time"
)

// workers are processes that work on runs for clients of a serving process, and yield to it. They end when it does.
type workers struct {
	leave chan struct{} // closed when the gateway ends
	group sync.WaitGroup
}

// worker is such a process.
type worker struct {
	cmd   *exec.Cmd
	stay  io.Closer // it ends when this is closed, so also when the gateway is killed
	said  bytes.Buffer
	ended chan struct{} // closed once it has
	err   error         // then: how
}

// start starts a worker.
func (g *workers) start(cmd *exec.Cmd) (*worker, error) {
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
	g.group.Go(func() {
		select {
		case <-w.ended:
			return
		case <-g.leave:
		}
		_ = w.stay.Close() // at worst it is closed
		select {
		case <-w.ended:
		case <-time.After(leaving):
			_ = cmd.Process.Kill() // its run goes on another time
			<-w.ended
		}
	})
	return w, nil
}

// end ends all workers and waits for them.
func (g *workers) end() {
	close(g.leave)
	g.group.Wait()
}
