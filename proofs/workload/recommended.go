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

// Pauses between attempts that failed at once; one that timed out has waited long enough.
const (
	firstPause   = 25 * time.Millisecond
	longestPause = 400 * time.Millisecond
)

// errWatchEnded is a history that broke off; another endpoint may have all of it.
var errWatchEnded = status.Error(codes.Unavailable, "the watch ended before it had shown the key's versions")

// recommended is a client as the library recommends it: the nearest endpoint first, a deadline for each attempt and one
// for the whole call, and writes that are safe to repeat.
//
// It has one clientv3.Client per endpoint, because a single one with all endpoints sends its requests to each of them in
// turn (gRPC's round_robin): on three continents two of three requests would take the long way.
type recommended struct {
	endpoints *endpointSet
	limits    *limits
	// seen is the cluster's revision as an answer has told it last. Not the highest one: a cluster that was founded anew from
	// a survivor's data may be behind that.
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

// reload has the next look at the endpoints be at these; the one after that is at the cluster's members again.
func (r *recommended) reload(urls []string) {
	r.reread <- urls
}

// result is how a call ended.
type result struct {
	attempts int
	endpoint string
	err      error
}

// call makes attempts until one succeeds, fails for good, or the call's deadline is over.
func (r *recommended) call(ctx context.Context, attempt func(ctx context.Context, client *clientv3.Client) error) result {
	ctx, cancel := context.WithTimeout(ctx, r.limits.total())
	defer cancel()
	// tried has the number of the last attempt at each.
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
		if err == nil || !elsewhereMayHelp(err) {
			return result{made, e.url, err}
		}
		if timedOut {
			timeouts++
		}
		if timedOut && ctx.Err() == nil {
			r.endpoints.leaveSilentOnes(begun)
			// A member that answers by itself is not what is wrong: a transfer of leadership or an election has dropped the
			// request, and that is over by now. Every other way is longer. But only once: it may be cut off from the others.
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

// next is a usable endpoint. If there is none, it is one that has given a sign of life since that moment: in an election
// no member is usable, and one that is gone stays so when all others have been tried. If there is none either, it is any.
// Among several it is the one that this call tried least recently, of untried ones the nearest.
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

// put is the guarded retry: a transaction that writes only if the key is still at the revision that this writer last saw.
// It is safe to repeat, as at most one of the attempts can find that revision. An attempt that does not, and finds this
// call's own value there, has learned that an earlier one succeeded.
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
			// An earlier write of this slot whose outcome was unknown, or one of an earlier run, has been applied. Every
			// attempt that was made at the older revision has thereby failed for good, those of this call included.
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

// get is a linearizable read, safe to repeat by nature.
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

// saw keeps the revision of an answer, if there was one.
func (r *recommended) saw(revision int64) {
	if revision != 0 {
		r.seen.Store(revision)
	}
}

// cas swaps the value if the key is still at the expected revision. Others write this key too, so that a comparison that
// fails is a legitimate answer. After an attempt whose outcome is unknown it is none: that attempt may have succeeded, and
// been overwritten since. The key's own history tells, for as long as it is not compacted; else the outcome stays
// unknown.
func (r *recommended) cas(ctx context.Context, key string, expected int64, value string) Record {
	record := Record{Kind: kindCAS, Key: key, Expected: expected, Value: value}
	unknown := false
	// What this call writes is newer than what was seen before it.
	before := r.seen.Load()
	// compared is the first answer that the comparison failed: from then on no attempt can succeed any more.
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

// revisionOfOwn looks through the versions of a key, from after the one expected up to the one found, and returns the
// revision at which this call's value was written, or 0 if it never was. It leaves out what the cluster had before the call:
// that may long be compacted, as all that came before a key that was expected not to be there. A watch shows the rest in one
// answer; reading one version after the other takes a round trip for each, too long for an attempt where many write the key.
func revisionOfOwn(ctx context.Context, client *clientv3.Client, key, value string, found version, expected, before int64) (int64, error) {
	after := expected
	// No watch shows the end of what a key had that is not there any more, if that was before the call.
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
			// Whatever ended it, be it that this member has lost its leader, which etcd may tell as a watch that was canceled.
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
