package main

import (
	"sync/atomic"
	"time"
)

// limits are the deadlines of a recommended client's calls and of each attempt. They follow the client's etcd.env while it runs, but
// only upwards: a cluster that grows over a distance needs the longer ones before its new members vote, and one that
// shrinks keeps its far members until last.
type limits struct {
	attemptNs, totalNs atomic.Int64
}

func newLimits(attempt, total time.Duration) *limits {
	l := &limits{}
	l.raise(attempt, total)
	return l
}

func (l *limits) attempt() time.Duration {
	return time.Duration(l.attemptNs.Load())
}

func (l *limits) total() time.Duration {
	return time.Duration(l.totalNs.Load())
}

// raise is called by one goroutine at a time.
func (l *limits) raise(attempt, total time.Duration) {
	l.attemptNs.Store(int64(max(l.attempt(), attempt)))
	l.totalNs.Store(int64(max(l.total(), total)))
}
