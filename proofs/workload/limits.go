package main

import (
	"sync/atomic"
	"time"
)

// limits are the deadlines of a recommended client's calls and attempts. They follow the client's etcd.env while it runs,
// but only upwards: a cluster that grows to a greater distance needs the longer limits before its new members vote, and
// one that shrinks keeps its far members until the end.
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

// afterTimeouts is the deadline of an attempt after so many without an answer in the same call. The first two are short,
// as a leadership transfer may have dropped the request. After that each has twice the time of the one before: otherwise
// a cluster that is merely slow would answer none in time, and the retries of all clients would keep it slow.
func (l *limits) afterTimeouts(count int) time.Duration {
	limit := l.attempt()
	for ; count > 1 && limit < l.total(); count-- {
		limit *= 2
	}
	return min(limit, l.total())
}

func (l *limits) total() time.Duration {
	return time.Duration(l.totalNs.Load())
}

// raise must be called by one goroutine at a time.
func (l *limits) raise(attempt, total time.Duration) {
	l.attemptNs.Store(int64(max(l.attempt(), attempt)))
	l.totalNs.Store(int64(max(l.total(), total)))
}
