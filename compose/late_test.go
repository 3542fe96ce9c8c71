// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"testing"
	"time"
)

type lateKey struct{}

func TestLateOutlivesItsParent(t *testing.T) {
	parent, cancel := context.WithCancel(context.WithValue(context.Background(), lateKey{}, "value"))
	cancel()
	var l late
	l.begin(parent, time.Hour)
	if l.armed != nil || l.Value(lateKey{}) != "value" || l.Err() != nil {
		t.Errorf("value %v, error %v", l.Value(lateKey{}), l.Err())
	}
	if at, ok := l.Deadline(); !ok || time.Until(at) > time.Hour {
		t.Errorf("the deadline is %v, %v", at, ok)
	}
	child, stop := context.WithCancel(&l)
	defer stop()
	l.end()
	<-child.Done()
	if !errors.Is(l.Err(), context.Canceled) {
		t.Errorf("after the end: %v", l.Err())
	}
}

func TestLateEnds(t *testing.T) {
	var l late
	l.begin(context.Background(), time.Millisecond)
	<-l.Done()
	if err := context.Cause(&l); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
	l.end()

	var unused late
	unused.begin(context.Background(), time.Hour)
	unused.end()
	<-unused.Done() // who keeps it too long does not wait
}
