package main

import (
	"context"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/connectivity"
)

// longestStayAway bounds the time without a probe of an endpoint that fails repeatedly.
const longestStayAway = 30 * time.Second

// endpoint is one member for one client.
//
// An endpoint that failed an attempt, or lost its connection, is not used until a probe has succeeded: a linearizable
// read in the background, which only a member with a leader and a quorum can answer. So no operation has to find out
// whether the nearest member is available again, and it is used again within about a second of that. The first probe
// comes after one attempt's deadline, as the cause of a failure (a leadership transfer, a restart) is mostly over by
// then. Each failure soon after a return doubles the wait: a member that answers probes but not writes would otherwise
// cost every second write an attempt.
type endpoint struct {
	url      string
	client   *clientv3.Client
	limits   *limits
	probeKey string
	// distance is the round-trip time to it; unmeasured until it has answered.
	distance time.Duration
	well     atomic.Bool
	failed   chan struct{}
	// asked is whether a request for a sign of life is in flight. askedAndAnswered is when the last answered one was sent, in
	// Unix nanoseconds, and answerTook how long its answer took, in nanoseconds.
	asked            atomic.Bool
	askedAndAnswered atomic.Int64
	answerTook       atomic.Int64
	// open ends when the endpoint is removed.
	open  context.Context
	close func()
}

// newEndpoint makes an endpoint. The client must be allowed to read probeKey.
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

// fail is called after an attempt that timed out here or found the endpoint unavailable.
func (e *endpoint) fail() {
	e.well.Store(false)
	select {
	case e.failed <- struct{}{}:
	default:
	}
}

// usable tells whether an attempt can start here without waiting for a connection. A call of clientv3 waits for a ready
// connection, up to its whole deadline, so this has to be known before.
func (e *endpoint) usable() bool {
	return e.well.Load() && e.client.ActiveConnection().GetState() == connectivity.Ready
}

// connect waits until the connection is ready or the context ends.
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

// watch makes the endpoint available again after failures, by probes, until it is removed.
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
	// Earlier attempts may have failed meanwhile; they belong to the failure that this probe has shown to be over.
	if _, err := e.client.Get(ctx, e.probeKey, clientv3.WithCountOnly()); err == nil {
		select {
		case <-e.failed:
		default:
		}
		e.well.Store(true)
	}
}

// watchConnection counts the loss of the connection as a failure: the member may be restarting, and accepts connections
// again before it has a leader.
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
