package main

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A request without an answer does not show whether the member or the cluster has failed. A serializable read does, as
// the member answers that alone: it is a sign of life. So after half of an attempt's time, all members are asked for one;
// at the end of the attempt it is known whether to repeat it at the same member, and which others not to try.

// askForSignsOfLife asks all members after a delay, unless the context ends before. A member that is being asked already,
// for another attempt, is not asked twice.
func (s *endpointSet) askForSignsOfLife(ctx context.Context, delay time.Duration) {
	timer := time.AfterFunc(delay, func() {
		for _, e := range s.all() {
			go e.askForSignOfLife(delay)
		}
	})
	context.AfterFunc(ctx, func() { timer.Stop() })
}

func (e *endpoint) askForSignOfLife(timeout time.Duration) {
	if !e.asked.CompareAndSwap(false, true) {
		return
	}
	defer e.asked.Store(false)
	e.answers(e.open, timeout)
}

// answers asks for a sign of life and waits for it.
func (e *endpoint) answers(ctx context.Context, timeout time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	asked := time.Now()
	if _, err := e.client.Get(ctx, e.probeKey, clientv3.WithSerializable(), clientv3.WithCountOnly()); err != nil {
		return false
	}
	e.answerTook.Store(int64(time.Since(asked)))
	e.askedAndAnswered.Store(asked.UnixNano())
	return true
}

// errDiedMeanwhile is the error of an attempt that was given up before its deadline.
var errDiedMeanwhile = status.Error(codes.Unavailable, "the member gave its last sign of life before this attempt")

// giveUpIfItDied ends an attempt at a member that does not give a second sign of life. For that it has twice the time of
// its last answer plus an eighth of the attempt's.
func (e *endpoint) giveUpIfItDied(ctx context.Context, limit time.Duration, giveUp context.CancelCauseFunc) {
	patience := 2*time.Duration(e.answerTook.Load()) + limit/8
	if !e.answers(ctx, patience) {
		giveUp(errDiedMeanwhile)
	}
}

// aliveSince tells whether it has answered a request sent since then. An answer to an earlier one does not count: the
// member may have stopped right after that.
func (e *endpoint) aliveSince(begun time.Time) bool {
	return e.askedAndAnswered.Load() >= begun.UnixNano()
}

// leaveSilentOnes marks the members without a sign of life since then as failed, until a probe succeeds.
func (s *endpointSet) leaveSilentOnes(since time.Time) {
	for _, e := range s.all() {
		if !e.aliveSince(since) {
			e.fail()
		}
	}
}
