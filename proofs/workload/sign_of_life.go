package main

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A request without an answer does not say what is wrong: the member that it went to, or the cluster behind it. A read of
// the member's own store does, as it can answer that alone. So once half of the time for an attempt is over, all members
// are asked for one; by the end of the attempt it is known whether to repeat it at the same member, and which other ones
// are no use.

// askForSignsOfLife asks all members after that delay, unless the context ends before. Whoever is being asked for another
// attempt already is not asked twice.
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

// answers asks for a sign of life, and waits for it.
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

// errDiedMeanwhile is an attempt that was given up before its time.
var errDiedMeanwhile = status.Error(codes.Unavailable, "the member gave its last sign of life before this attempt")

// giveUpIfItDied ends an attempt at a member whose sign of life was its last one: asked again, it has twice the time of its last
// answer for another, and an eighth of the attempt's.
func (e *endpoint) giveUpIfItDied(ctx context.Context, limit time.Duration, giveUp context.CancelCauseFunc) {
	patience := 2*time.Duration(e.answerTook.Load()) + limit/8
	if !e.answers(ctx, patience) {
		giveUp(errDiedMeanwhile)
	}
}

// aliveSince tells whether it has answered a question of since then. An answer to one of before does not count: a member that
// is stopped may have given it with its last breath.
func (e *endpoint) aliveSince(begun time.Time) bool {
	return e.askedAndAnswered.Load() >= begun.UnixNano()
}

// leaveSilentOnes has the members that gave no sign of life since then left alone until they are well again.
func (s *endpointSet) leaveSilentOnes(since time.Time) {
	for _, e := range s.all() {
		if !e.aliveSince(since) {
			e.fail()
		}
	}
}
