package main

import (
	"context"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/connectivity"
)

// longestStayAway bounds how long an endpoint that fails again and again goes unprobed.
const longestStayAway = 30 * time.Second

// endpoint is one member as one client sees it.
//
// An endpoint that failed an attempt, or lost its connection, is left alone until a probe has succeeded: a linearizable
// read in the background, which only a member with a leader and a quorum behind it can answer. So no operation ever
// pays for finding out whether the nearest member is well again, and it is used again within about a second of that.
// The first probe comes after one attempt's deadline, as the cause of one failure (a leadership transfer, a member that
// restarts) is mostly over by then. Each failure soon after a return doubles the wait: a member that answers probes but
// not writes would otherwise cost every second write an attempt.
type endpoint struct {
	url      string
	client   *clientv3.Client
	limits   *limits
	probeKey string
	// distance is the round trip to it; unmeasured until it has answered.
	distance time.Duration
	well     atomic.Bool
	failed   chan struct{}
	// asked is whether it is being asked for a sign of life, askedAndAnswered when it was for the last one that it gave, in Unix
	// nanoseconds, and answerTook for how long that was on its way, in nanoseconds.
	asked            atomic.Bool
	askedAndAnswered atomic.Int64
	answerTook       atomic.Int64
	// open ends when the endpoint is given up.
	open  context.Context
	close func()
}

// newEndpoint probes with a key that the client must be allowed to read.
func newEndpoint(ctx context.Context, c connection, url string, limits *limits, probeKey string) (*endpoint, error) {
	client, err := c.singleEndpointClient(url)
	if err != nil {
		return nil, err
	}
	open, cancel := context.WithCancel(ctx)
	e := &endpoint{
		url: url, client: client, limits: limits, probeKey: probeKey, distance: unmeasured,
		failed: make(chan struct{}, 1), open: open,
		close: func() {
			cancel()
			_ = client.Close()
		},
	}
	e.well.Store(true)
	return e, nil
}

// fail says that an attempt timed out here or found the endpoint unavailable.
func (e *endpoint) fail() {
	e.well.Store(false)
	select {
	case e.failed <- struct{}{}:
	default:
	}
}

// usable tells whether an attempt may start here without waiting for a connection. clientv3 has each call wait until
// its connection is ready, for all of its deadline if need be, so this has to be known before.
func (e *endpoint) usable() bool {
	return e.well.Load() && e.client.ActiveConnection().GetState() == connectivity.Ready
}

// connect waits until the connection stands, or for as long as the context allows.
func (e *endpoint) connect(ctx context.Context) bool {
	connection := e.client.ActiveConnection()
	connection.Connect()
	for {
		state := connection.GetState()
		if state == connectivity.Ready {
			return true
		}
		if !connection.WaitForStateChange(ctx, state) {
			return false
		}
	}
}

// watch ends an endpoint's time away, until it is given up.
func (e *endpoint) watch() {
	ctx := e.open
	go e.watchConnection(ctx)
	stayAway := e.limits.attempt()
	var returned time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.failed:
		}
		if e.well.Load() {
			continue
		}
		if time.Since(returned) < longestStayAway {
			stayAway = min(2*stayAway, longestStayAway)
		} else {
			stayAway = e.limits.attempt()
		}
		for !e.well.Load() {
			if !sleep(ctx, stayAway) {
				return
			}
			e.probe(ctx)
		}
		returned = time.Now()
	}
}

func (e *endpoint) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, e.limits.attempt())
	defer cancel()
	// Attempts that had begun before may still fail; they are part of the failure that is being probed for.
	if _, err := e.client.Get(ctx, e.probeKey, clientv3.WithCountOnly()); err == nil {
		select {
		case <-e.failed:
		default:
		}
		e.well.Store(true)
	}
}

// watchConnection counts the loss of the connection as a failure: the member may be restarting, and one that has just
// come back accepts connections before it has a leader.
func (e *endpoint) watchConnection(ctx context.Context) {
	for e.connect(ctx) {
		if !e.client.ActiveConnection().WaitForStateChange(ctx, connectivity.Ready) {
			return
		}
		e.fail()
	}
}

// sleep returns false if the context ended first.
func sleep(ctx context.Context, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
