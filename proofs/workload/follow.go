package main

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// distanceSamples is the number of round trips measured of an endpoint; the shortest counts, as only distance makes all
// of them long.
const distanceSamples = 3

// clearlyNearer is by how much an endpoint has to be nearer than another to come before it; less may be chance.
const clearlyNearer = 5 * time.Millisecond

// unmeasured is the distance of an endpoint that has not answered yet.
const unmeasured = time.Duration(math.MaxInt64)

// endpointSet is the endpoints of a recommended client, the nearest first. It follows the cluster's members, all of which
// may be replaced, one after the other, while the client runs.
type endpointSet struct {
	open func(url string) (*endpoint, error)
	dial time.Duration
	// list is replaced, never changed. Only one goroutine at a time replaces it.
	list atomic.Pointer[[]*endpoint]
}

func newEndpointSet(c connection, open func(url string) (*endpoint, error)) *endpointSet {
	s := &endpointSet{open: open, dial: c.dial}
	s.list.Store(&[]*endpoint{})
	return s
}

func (s *endpointSet) all() []*endpoint {
	return *s.list.Load()
}

// become makes these URLs the endpoints. It connects to new ones before it removes old ones.
func (s *endpointSet) become(ctx context.Context, urls []string) error {
	var next []*endpoint
	for _, e := range s.all() {
		if slices.Contains(urls, e.url) {
			next = append(next, e)
		}
	}
	kept := len(next)
	for _, url := range urls {
		if slices.ContainsFunc(next, func(e *endpoint) bool { return e.url == url }) {
			continue
		}
		e, err := s.open(url)
		if err != nil {
			for _, opened := range next[kept:] {
				opened.close()
			}
			return err
		}
		next = append(next, e)
	}
	// Connects before an endpoint is used: a handshake takes four round trips, more than an attempt can spare.
	dialled, done := context.WithTimeout(ctx, s.dial)
	defer done()
	for _, e := range next[kept:] {
		go e.watch()
	}
	var order, unplaced []*endpoint
	for _, e := range next {
		if e.distance == unmeasured {
			unplaced = append(unplaced, e)
		} else {
			order = append(order, e)
		}
	}
	for _, e := range unplaced {
		if e.connect(dialled) {
			e.measure(dialled)
		}
		order = slices.Insert(order, e.placeIn(order), e)
	}
	before := s.all()
	s.list.Store(&order)
	for _, e := range before {
		if !slices.Contains(order, e) {
			// Attempts in progress there may still be answered.
			time.AfterFunc(e.limits.attempt(), e.close)
		}
	}
	return nil
}

// placeIn returns the place before the first endpoint that is clearly farther, so that endpoints with about the same
// distance keep the given order.
func (e *endpoint) placeIn(order []*endpoint) int {
	for i, other := range order {
		if other.distance-e.distance > clearlyNearer {
			return i
		}
	}
	return len(order)
}

// measure measures the distance: a read of the member's own store takes one round trip.
func (e *endpoint) measure(ctx context.Context) {
	for range distanceSamples {
		begun := time.Now()
		if _, err := e.client.Get(ctx, e.probeKey, clientv3.WithSerializable(), clientv3.WithCountOnly()); err != nil {
			return
		}
		e.distance = min(e.distance, time.Since(begun))
	}
}

// follow periodically sets the endpoints to the voting members', and to the file's on each request to reread it. The time
// limits are reread each time too, as they must be in force before the members that they are for.
func (r *recommended) follow(ctx context.Context, c connection) {
	ticker := time.NewTicker(c.sync)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case urls := <-r.reread:
			_ = r.endpoints.become(ctx, urls)
			continue
		case <-ticker.C:
		}
		if c.envFile != "" {
			r.readLimits(c.envFile)
		}
		var urls []string
		answer := r.call(ctx, func(ctx context.Context, client *clientv3.Client) error {
			list, err := client.MemberList(ctx)
			if err != nil {
				return err
			}
			urls = nil
			for _, member := range list.Members {
				if !member.IsLearner {
					// A member that has not started yet has no URLs.
					urls = append(urls, member.ClientURLs...)
				}
			}
			return nil
		})
		if answer.err == nil && len(urls) > 0 {
			_ = r.endpoints.become(ctx, urls)
		}
	}
}

func (r *recommended) readLimits(envFile string) {
	// A file that is just being written is read the next time.
	if env, err := readClientEnv(envFile); err == nil {
		r.limits.raise(env.limits["attempt-ms"], env.limits["total-ms"])
	}
}
