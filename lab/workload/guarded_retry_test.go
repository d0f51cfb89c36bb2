package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What becomes of a transaction on its way.
const (
	passes = iota
	loseRequest
	loseAnswer
	dropInSilence
)

// unreliable is a recommended client of a real etcd whose transactions meet these fates, one after the other; later ones
// pass. after runs after each one.
type unreliable struct {
	*recommended
	fates []int
	after func(transaction int)
	made  int
	// silent is a member without power: nothing is answered.
	silent bool
}

func (u *unreliable) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if u.silent {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	if !strings.HasSuffix(method, "/Txn") {
		return invoke(ctx, method, req, reply, cc, opts...)
	}
	fate := passes
	if u.made < len(u.fates) {
		fate = u.fates[u.made]
	}
	u.made++
	if u.after != nil {
		defer u.after(u.made)
	}
	if fate == dropInSilence {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	if fate == loseRequest {
		return status.Error(codes.Unavailable, "request lost")
	}
	err := invoke(ctx, method, req, reply, cc, opts...)
	if fate == loseAnswer {
		return status.Error(codes.Unavailable, "answer lost")
	}
	return err
}

// Given by the lab test that runs these: a member of a real etcd.
const endpointVariable = "WORKLOAD_TEST_ENDPOINT"

// newUnreliable also gives a client that nothing gets in the way of, and the test's own prefix.
func newUnreliable(t *testing.T, fates ...int) (*unreliable, *clientv3.Client, string) {
	t.Helper()
	url := os.Getenv(endpointVariable)
	if url == "" {
		t.Skip(endpointVariable + " names no etcd to test with")
	}
	direct, err := connection{dial: 5 * time.Second}.client(url)
	if err != nil {
		t.Fatal(err)
	}
	u := &unreliable{fates: fates, recommended: &recommended{attempt: 5 * time.Second, total: 10 * time.Second}}
	client, err := connection{dial: 5 * time.Second}.open(clientv3.Config{
		Endpoints: []string{url}, MaxUnaryRetries: 1, DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(u.intercept)},
	})
	if err != nil {
		t.Fatal(err)
	}
	u.endpoints = newEndpointSet(connection{dial: 5 * time.Second}, nil)
	u.endpoints.list.Store(&[]*endpoint{{url: url, client: client, probeKey: "probe", failed: make(chan struct{}, 1)}})
	t.Cleanup(func() {
		_ = client.Close()
		_ = direct.Close()
	})
	return u, direct, fmt.Sprintf("/guarded-retry/%d/", time.Now().UnixNano())
}

func putDirectly(t *testing.T, client *clientv3.Client, key, value string) int64 {
	t.Helper()
	response, err := client.Put(context.Background(), key, value)
	if err != nil {
		t.Fatal(err)
	}
	return response.Header.Revision
}

// expectKey also counts how often the key was ever written.
func expectKey(t *testing.T, client *clientv3.Client, key, value string, revision, writes int64) {
	t.Helper()
	response, err := client.Get(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	if len(response.Kvs) != 1 {
		t.Fatalf("%s is not there", key)
	}
	kv := response.Kvs[0]
	if string(kv.Value) != value || kv.ModRevision != revision || kv.Version != writes {
		t.Errorf("%s: %q at revision %d after %d writes, expected %q at %d after %d", key, kv.Value, kv.ModRevision, kv.Version, value, revision, writes)
	}
}

func TestPutIsRepeatedSafely(t *testing.T) {
	for name, fate := range map[string]int{"its request lost": loseRequest, "its answer lost": loseAnswer} {
		t.Run(name, func(t *testing.T) {
			u, direct, prefix := newUnreliable(t, fate)
			s := &slot{key: prefix + "k"}
			r := u.put(context.Background(), s, "v-1")
			if !r.OK || r.Attempts != 2 {
				t.Fatalf("%+v", r)
			}
			expectKey(t, direct, s.key, "v-1", r.Revision, 1)
			if r = u.put(context.Background(), s, "v-2"); !r.OK || r.Attempts != 1 {
				t.Fatalf("%+v", r)
			}
			expectKey(t, direct, s.key, "v-2", r.Revision, 2)
		})
	}
}

func TestPutAfterOneOfUnknownOutcome(t *testing.T) {
	for name, fate := range map[string]int{"that never arrived": loseRequest, "that was applied": loseAnswer} {
		t.Run(name, func(t *testing.T) {
			u, direct, prefix := newUnreliable(t, fate, loseRequest, loseRequest, loseRequest, loseRequest, loseRequest, loseRequest, loseRequest)
			u.total = 500 * time.Millisecond
			s := &slot{key: prefix + "k"}
			if r := u.put(context.Background(), s, "v-1"); r.OK || !r.Unknown || r.Error != "unavailable" {
				t.Fatalf("%+v", r)
			}
			u.fates = nil
			r := u.put(context.Background(), s, "v-2")
			if !r.OK || r.Attempts != 1 {
				t.Fatalf("%+v", r)
			}
			writes := int64(1)
			if fate == loseAnswer {
				writes = 2
			}
			expectKey(t, direct, s.key, "v-2", r.Revision, writes)
		})
	}
}

func TestPutWhereSomebodyElseWrote(t *testing.T) {
	u, direct, prefix := newUnreliable(t)
	s := &slot{key: prefix + "k"}
	if r := u.put(context.Background(), s, "v-1"); !r.OK {
		t.Fatalf("%+v", r)
	}
	foreign := putDirectly(t, direct, s.key, "foreign")
	if r := u.put(context.Background(), s, "v-2"); r.OK || r.Unknown || r.Error != "conflict" {
		t.Errorf("%+v", r)
	}
	expectKey(t, direct, s.key, "foreign", foreign, 2)
}

func TestSwapThatWasOverwrittenBeforeItsRetry(t *testing.T) {
	cases := map[string]struct {
		fate    int
		compact bool
		swapped bool
		unknown bool
	}{
		"had succeeded":     {fate: loseAnswer, swapped: true},
		"had never arrived": {fate: loseRequest},
		"had succeeded, and nobody can tell by now": {fate: loseAnswer, compact: true, unknown: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			u, direct, prefix := newUnreliable(t, c.fate)
			key := prefix + "k"
			first := putDirectly(t, direct, key, "first")
			var last int64
			u.after = func(transaction int) {
				if transaction > 1 {
					return
				}
				putDirectly(t, direct, key, "foreign-1")
				last = putDirectly(t, direct, key, "foreign-2")
				if c.compact {
					if _, err := direct.Compact(context.Background(), last); err != nil {
						t.Error(err)
					}
				}
			}
			r := u.cas(context.Background(), key, first, "v-1")
			if r.OK == c.unknown || r.Unknown != c.unknown || r.Swapped != c.swapped || r.Attempts != 2 {
				t.Fatalf("%+v", r)
			}
			switch {
			case c.swapped:
				// The two foreign writes came right after it.
				if r.Revision != last-2 {
					t.Errorf("revision %d, expected %d", r.Revision, last-2)
				}
			case !c.unknown:
				if r.Found != "foreign-2" || r.FoundRevision != last {
					t.Errorf("found %q at %d", r.Found, r.FoundRevision)
				}
			}
		})
	}
}

// A transfer of leadership drops what it meets; only a member that is gone makes the long way to another one worth it.
func TestTheNearestIsTriedAgainWhileItLives(t *testing.T) {
	const attempt = 400 * time.Millisecond
	for name, c := range map[string]struct {
		silent    bool
		fates     []int
		attempts  int
		atAnother bool
	}{
		"one drop":                 {fates: []int{dropInSilence}, attempts: 2},
		"two drops":                {fates: []int{dropInSilence, dropInSilence}, attempts: 3, atAnother: true},
		"a member without a sound": {silent: true, attempts: 2, atAnother: true},
	} {
		t.Run(name, func(t *testing.T) {
			u, direct, prefix := newUnreliable(t, c.fates...)
			u.attempt, u.silent = attempt, c.silent
			first := (*u.endpoints.list.Load())[0]
			first.attempt = attempt
			first.well.Store(true)
			another := &endpoint{url: "another", client: direct, probeKey: "probe", attempt: attempt, failed: make(chan struct{}, 1)}
			u.endpoints.list.Store(&[]*endpoint{first, another})
			r := u.put(context.Background(), &slot{key: prefix + "k"}, "v-1")
			if !r.OK || r.Attempts != c.attempts || (r.Endpoint == "another") != c.atAnother {
				t.Fatalf("%+v", r)
			}
			if first.well.Load() == c.atAnother {
				t.Errorf("the nearest is left alone: %v, expected %v", !first.well.Load(), c.atAnother)
			}
		})
	}
}
