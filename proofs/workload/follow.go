package main

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// distanceSamples are taken of an endpoint; the quickest counts, as nothing but distance makes every one slow.
const distanceSamples = 3

// clearlyNearer is by how much an endpoint has to be nearer than another to go before it; less is chance.
const clearlyNearer = 5 * time.Millisecond

// unmeasured is the distance of an endpoint that has not answered yet.
const unmeasured = time.Duration(math.MaxInt64)

// endpointSet is the endpoints of a recommended client, the nearest first. It follows the cluster's members: each of them
// may be replaced while the client runs, one after the other, and in the end no address of the beginning is left.
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

// become makes these URLs the endpoints: it connects to those that are new before it gives up those that are gone.
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
	// All connections stand before the first is needed: a handshake is four round trips, more than an attempt can spare.
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
			// Attempts under way there may still be answered.
			time.AfterFunc(e.limits.attempt(), e.close)
		}
	}
	return nil
}

// placeIn is before the first endpoint that is clearly farther. So what could not be told apart keeps the order that was given.
func (e *endpoint) placeIn(order []*endpoint) int {
	for i, other := range order {
		if other.distance-e.distance > clearlyNearer {
			return i
		}
	}
	return len(order)
}

// measure notes how far the endpoint is: a read of its own store is one round trip.
func (e *endpoint) measure(ctx context.Context) {
	for range distanceSamples {
		begun := time.Now()
		if _, err := e.client.Get(ctx, e.probeKey, clientv3.WithSerializable(), clientv3.WithCountOnly()); err != nil {
			return
		}
		e.distance = min(e.distance, time.Since(begun))
	}
}

// follow has the endpoints become the voting members' every so often, and the file's whenever it was told to reread it. The
// time limits are read again with every look: they have to be there before the members that they are for.
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
					// A member that has not started yet has none.
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
	// A file that is being written anew is read the next time.
	if env, err := readClientEnv(envFile); err == nil {
		r.limits.raise(env.limits["attempt-ms"], env.limits["total-ms"])
	}
}
