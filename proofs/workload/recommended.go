package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Pauses after an attempt that failed at once; after a time-out there is none.
const (
	firstPause   = 25 * time.Millisecond
	longestPause = 400 * time.Millisecond
)

// errWatchEnded means that reading a key's history ended early; another endpoint may have all of it.
var errWatchEnded = status.Error(codes.Unavailable, "the watch ended before it had shown the key's versions")

// recommended is a client as the library recommends it: the nearest endpoint first, a deadline for each attempt and one
// for the whole call, and writes that are safe to repeat.
//
// It has one clientv3.Client per endpoint, because a single one with all endpoints sends its requests to each of them in
// turn (gRPC's round_robin): on three continents two of three requests would take the long way.
type recommended struct {
	endpoints *endpointSet
	limits    *limits
	// seen is the cluster's revision in the last answer. Not the highest one: a cluster that was founded anew from a
	// survivor's data may be behind that.
	seen     atomic.Int64
	reread   chan []string
	cancel   context.CancelFunc
	followed chan struct{}
}

func newRecommended(c connection, prefix string, attempt, total time.Duration) (*recommended, error) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &recommended{limits: newLimits(attempt, total), reread: make(chan []string), cancel: cancel, followed: make(chan struct{})}
	r.endpoints = newEndpointSet(c, func(url string) (*endpoint, error) {
		return newEndpoint(ctx, c, url, r.limits, prefix+"probe")
	})
	if err := r.endpoints.become(ctx, c.endpoints); err != nil {
		cancel()
		return nil, err
	}
	go func() {
		defer close(r.followed)
		r.follow(ctx, c)
	}()
	return r, nil
}

func (r *recommended) close() {
	r.cancel()
	<-r.followed
	for _, e := range r.endpoints.all() {
		e.close()
	}
}

// reload makes these the endpoints; the next periodic update uses the cluster's members again.
func (r *recommended) reload(urls []string) {
	r.reread <- urls
}

// result is how a call ended.
type result struct {
	attempts int
	endpoint string
	err      error
}

// call makes attempts until one succeeds or fails permanently, or the call's deadline is over.
func (r *recommended) call(ctx context.Context, attempt func(ctx context.Context, client *clientv3.Client) error) result {
	ctx, cancel := context.WithTimeout(ctx, r.limits.total())
	defer cancel()
	// tried has the number of the last attempt at each endpoint.
	tried, repeated := map[*endpoint]int{}, map[*endpoint]bool{}
	pause, timeouts := firstPause, 0
	var e *endpoint
	var begun time.Time
	again := false
	for made := 1; ; made++ {
		if e == nil {
			e = r.next(tried, begun)
		}
		tried[e] = made
		limit := r.limits.afterTimeouts(timeouts)
		limited, cancel := context.WithTimeout(ctx, limit)
		attemptCtx, giveUp := context.WithCancelCause(limited)
		begun = time.Now()
		if again {
			go e.giveUpIfItDied(attemptCtx, limit, giveUp)
		}
		r.endpoints.askForSignsOfLife(attemptCtx, limit/2)
		err := attempt(attemptCtx, e.client)
		timedOut := limited.Err() != nil
		if err != nil && context.Cause(attemptCtx) == errDiedMeanwhile {
			err = errDiedMeanwhile
		}
		giveUp(nil)
		cancel()
		if authorizationChanged(err) && ctx.Err() == nil {
			// The member is well.
			sleep(ctx, pause)
			pause = min(2*pause, longestPause)
			continue
		}
		if err == nil || !elsewhereMayHelp(err) {
			return result{made, e.url, err}
		}
		if timedOut {
			timeouts++
		}
		if timedOut && ctx.Err() == nil {
			r.endpoints.leaveSilentOnes(begun)
			// If the member has given a sign of life, a leadership transfer or an election has dropped the request, and is over
			// by now. Every other path is longer. But only once, as the member may be cut off from the others.
			if e.aliveSince(begun) && e.usable() && !repeated[e] {
				repeated[e], again = true, true
				continue
			}
		}
		again = false
		if ctx.Err() == nil {
			e.fail()
		}
		if !timedOut {
			sleep(ctx, pause)
			pause = min(2*pause, longestPause)
		}
		if ctx.Err() != nil {
			return result{made, e.url, err}
		}
		e = nil
	}
}

// next returns a usable endpoint or, without any, one that has given a sign of life since that moment: during an election
// no member is usable, but those that are gone must not be tried again only because all others were. Without any of these
// it returns any endpoint. Among several it takes the one that this call tried least recently, and of untried ones the
// nearest.
func (r *recommended) next(tried map[*endpoint]int, since time.Time) *endpoint {
	all := r.endpoints.all()
	among := slices.DeleteFunc(slices.Clone(all), func(e *endpoint) bool { return !e.usable() })
	if len(among) == 0 && !since.IsZero() {
		among = slices.DeleteFunc(slices.Clone(all), func(e *endpoint) bool { return !e.aliveSince(since) })
	}
	if len(among) == 0 {
		among = all
	}
	return slices.MinFunc(among, func(a, b *endpoint) int { return cmp.Compare(tried[a], tried[b]) })
}

// put is a guarded retry: a transaction that writes only if the key is still at the revision that this writer last saw.
// It is safe to repeat, as at most one attempt can find that revision. An attempt that finds this call's own value
// instead shows that an earlier one succeeded.
func (r *recommended) put(ctx context.Context, s *slot, value string) Record {
	var revision int64
	unknown := false
	result := r.call(ctx, func(ctx context.Context, client *clientv3.Client) error {
		for {
			response, err := guardedPut(ctx, client, s.key, s.revision, value)
			if err != nil {
				unknown = unknown || mayHaveApplied(err)
				return err
			}
			if response.Succeeded {
				revision = response.Header.Revision
				return nil
			}
			found := foundIn(response)
			if found.value == value {
				revision = found.revision
				return nil
			}
			if s.settled {
				return errConflict
			}
			// An earlier write of this slot with unknown outcome, or one of an earlier run, has been applied. So every attempt
			// at the older revision has failed permanently, including those of this call.
			s.revision, s.settled = found.revision, true
			unknown = false
		}
	})
	if s.settled = result.err == nil; s.settled {
		s.revision = revision
	}
	r.saw(revision)
	return Record{
		Kind: kindPut, Key: s.key, Value: value, Revision: revision, OK: result.err == nil,
		Error: errorClass(result.err), Unknown: result.err != nil && unknown,
		Attempts: result.attempts, Endpoint: result.endpoint,
	}
}

// get is a linearizable read, which is always safe to repeat.
func (r *recommended) get(ctx context.Context, key string) Record {
	record := Record{Kind: kindGet, Key: key}
	result := r.call(ctx, func(ctx context.Context, client *clientv3.Client) error {
		return readInto(ctx, client, &record)
	})
	record.OK, record.Error = result.err == nil, errorClass(result.err)
	record.Attempts, record.Endpoint = result.attempts, result.endpoint
	r.saw(record.Revision)
	return record
}

// saw records the revision of an answer, if there was one.
func (r *recommended) saw(revision int64) {
	if revision != 0 {
		r.seen.Store(revision)
	}
}

// cas swaps the value if the key is still at the expected revision. Others write this key too, so a failed comparison is
// a valid answer. After an attempt of unknown outcome it is not: that attempt may have succeeded and been overwritten
// since. The key's history decides this, unless it is compacted: then the outcome stays unknown.
func (r *recommended) cas(ctx context.Context, key string, expected int64, value string) Record {
	record := Record{Kind: kindCAS, Key: key, Expected: expected, Value: value}
	unknown := false
	// This call's write is newer than everything seen before it.
	before := r.seen.Load()
	// compared is the first answer with a failed comparison: after that, no attempt can succeed any more.
	var compared *clientv3.TxnResponse
	result := r.call(ctx, func(ctx context.Context, client *clientv3.Client) error {
		if compared == nil {
			response, err := guardedPut(ctx, client, key, expected, value)
			if err != nil {
				unknown = unknown || mayHaveApplied(err)
				return err
			}
			if response.Succeeded {
				record.Swapped, record.Revision = true, response.Header.Revision
				return nil
			}
			compared = response
		}
		found := foundIn(compared)
		if unknown {
			own, err := revisionOfOwn(ctx, client, key, value, found, expected, before)
			if err != nil {
				return err
			}
			if own != 0 {
				record.Swapped, record.Revision = true, own
				return nil
			}
		}
		record.Found, record.FoundRevision, record.Revision = found.value, found.revision, compared.Header.Revision
		return nil
	})
	record.OK, record.Error = result.err == nil, errorClass(result.err)
	record.Unknown = result.err != nil && unknown
	record.Attempts, record.Endpoint = result.attempts, result.endpoint
	r.saw(record.Revision)
	return record
}

// revisionOfOwn searches the versions of a key, from after the expected one up to the found one, and returns the revision
// at which this call's value was written, or 0 if it was not. Versions from before the call are left out, as they may
// have been compacted long ago, like everything before a key that was expected not to exist. A watch shows the others in
// one answer; reading one version after the other takes a round trip each, too long for an attempt if many clients write
// the key.
func revisionOfOwn(ctx context.Context, client *clientv3.Client, key, value string, found version, expected, before int64) (int64, error) {
	after := expected
	// A watch for a deleted key starts at the expected version: its deletion may be from before the call, and no later
	// watch would show it.
	if found.revision != 0 {
		after = max(expected, before)
		if found.revision <= after {
			return 0, nil
		}
	}
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	for response := range client.Watch(ctx, key, clientv3.WithRev(after+1)) {
		if err := response.Err(); errors.Is(err, rpctypes.ErrCompacted) {
			return 0, err
		} else if err != nil {
			// Any error, including the loss of the member's leader, which etcd may report as a canceled watch.
			break
		}
		for _, event := range response.Events {
			switch {
			case string(event.Kv.Value) == value:
				return event.Kv.ModRevision, nil
			case event.Kv.ModRevision >= found.revision:
				return 0, nil
			}
		}
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return 0, errWatchEnded
}
