package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Fates of a transaction on its way.
const (
	passes = iota
	loseRequest
	loseAnswer
	dropInSilence
)

// unreliable is a recommended client of a real etcd whose transactions have these fates, one after the other; later ones
// pass. after runs after each one.
type unreliable struct {
	*recommended
	fates []int
	after func(transaction int)
	made  int
	// silent makes the member answer nothing, as without power.
	silent bool
	// lastBreath is how many reads are answered before it becomes silent; 0 is all.
	lastBreath, reads atomic.Int32
	// far is the delay of every answer.
	far time.Duration
	// canceledWatches is how many watches are canceled, as by a member that loses its leader.
	canceledWatches atomic.Int32
}

func (u *unreliable) interceptStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := open(ctx, desc, cc, method, opts...)
	if err == nil && u.canceledWatches.Add(-1) >= 0 {
		return canceledStream{stream}, nil
	}
	return stream, err
}

type canceledStream struct{ grpc.ClientStream }

func (canceledStream) RecvMsg(any) error { return rpctypes.ErrGRPCWatchCanceled }

func (u *unreliable) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := u.meet(ctx, method, req, reply, cc, invoke, opts...)
	if !sleep(ctx, u.far) {
		return status.FromContextError(ctx.Err()).Err()
	}
	return err
}

func (u *unreliable) meet(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	died := u.lastBreath.Load() > 0 && u.reads.Load() >= u.lastBreath.Load()
	if u.silent || died {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	if !strings.HasSuffix(method, "/Txn") {
		u.reads.Add(1)
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

// The URL of a real etcd, set by the lab test that runs these tests.
const endpointVariable = "WORKLOAD_TEST_ENDPOINT"

// newUnreliable also returns a client without interference, and the test's own prefix.
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
	u := &unreliable{fates: fates, recommended: &recommended{limits: newLimits(5*time.Second, 10*time.Second)}}
	client, err := connection{dial: 5 * time.Second}.open(clientv3.Config{
		Endpoints: []string{url}, MaxUnaryRetries: 1, DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(u.intercept), grpc.WithChainStreamInterceptor(u.interceptStream)},
	})
	if err != nil {
		t.Fatal(err)
	}
	u.endpoints = newEndpointSet(connection{dial: 5 * time.Second}, nil)
	u.endpoints.list.Store(&[]*endpoint{{url: url, client: client, probeKey: "probe", open: context.Background(), failed: make(chan struct{}, 1)}})
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

// expectKey checks a key's value, revision and number of writes.
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
			u.limits = newLimits(5*time.Second, 500*time.Millisecond)
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
		fate int
		// absent is whether the swap expects the key not to exist, overtaken whether the expected version was old before the
		// call; in both cases the history from before the call is compacted.
		absent, overtaken bool
		// compact is whether the history of the call itself is compacted too.
		compact  bool
		canceled int32
		swapped  bool
		unknown  bool
		attempts int
	}{
		"had succeeded":     {fate: loseAnswer, swapped: true, attempts: 2},
		"had never arrived": {fate: loseRequest, attempts: 2},
		"had succeeded, and nobody can tell by now":           {fate: loseAnswer, compact: true, unknown: true, attempts: 2},
		"had succeeded, and the member asked lost its leader": {fate: loseAnswer, canceled: 1, swapped: true, attempts: 3},
		"had made the key":                                      {fate: loseAnswer, absent: true, swapped: true, attempts: 2},
		"had never arrived to make the key":                     {fate: loseRequest, absent: true, attempts: 2},
		"had come too late from the beginning":                  {fate: loseAnswer, overtaken: true, attempts: 2},
		"had never arrived, and two members lost their leaders": {fate: loseRequest, canceled: 2, attempts: 4},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			u, direct, prefix := newUnreliable(t, c.fate)
			u.canceledWatches.Store(c.canceled)
			key := prefix + "k"
			expected := putDirectly(t, direct, key, "first")
			if c.absent || c.overtaken {
				revision := putDirectly(t, direct, key, "newer")
				if c.absent {
					key, expected = prefix+"absent", 0
				}
				if read := u.get(context.Background(), key); !read.OK {
					t.Fatalf("%+v", read)
				}
				if _, err := direct.Compact(context.Background(), revision); err != nil {
					t.Fatal(err)
				}
			}
			var last int64
			u.after = func(transaction int) {
				if transaction > 1 || c.overtaken {
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
			r := u.cas(context.Background(), key, expected, "v-1")
			if r.OK == c.unknown || r.Unknown != c.unknown || r.Swapped != c.swapped || r.Attempts != c.attempts {
				t.Fatalf("%+v", r)
			}
			switch {
			case c.swapped:
				// Two other writes came right after it.
				if r.Revision != last-2 {
					t.Errorf("revision %d, expected %d", r.Revision, last-2)
				}
			case c.overtaken:
				if r.Found != "newer" {
					t.Errorf("found %q", r.Found)
				}
			case !c.unknown:
				if r.Found != "foreign-2" || r.FoundRevision != last {
					t.Errorf("found %q at %d", r.Found, r.FoundRevision)
				}
			}
		})
	}
}

// A leadership transfer drops requests, which are best repeated at the same member. Only if that is gone is the long way
// to another one better, which must not be gone either.
func TestWhereAnAttemptWithoutAnAnswerIsRepeated(t *testing.T) {
	const attempt = 400 * time.Millisecond
	silent, drop := true, dropInSilence
	for name, c := range map[string]struct {
		fates  []int
		silent [3]bool
		// dies is whether the nearest member answers one read and nothing after it.
		dies     bool
		attempts int
		at       string
	}{
		"one drop":             {fates: []int{drop}, attempts: 2, at: "nearest"},
		"two drops":            {fates: []int{drop, drop}, attempts: 3, at: "second"},
		"the nearest gone":     {silent: [3]bool{silent}, attempts: 2, at: "second"},
		"the two nearest gone": {silent: [3]bool{silent, silent}, attempts: 2, at: "third"},
		"the nearest gone after its sign of life": {fates: []int{drop}, dies: true, attempts: 3, at: "second"},
		"two drops and the second gone":           {fates: []int{drop, drop}, silent: [3]bool{false, silent}, attempts: 3, at: "third"},
	} {
		t.Run(name, func(t *testing.T) {
			var endpoints []*endpoint
			var prefix string
			for i, url := range []string{"nearest", "second", "third"} {
				var fates []int
				if i == 0 {
					fates = c.fates
				}
				var u *unreliable
				u, _, prefix = newUnreliable(t, fates...)
				u.silent = c.silent[i]
				if i == 0 && c.dies {
					u.lastBreath.Store(1)
				}
				e := u.endpoints.all()[0]
				e.url, e.limits = url, newLimits(attempt, 10*time.Second)
				e.client.ActiveConnection().Connect()
				e.well.Store(e.connect(context.Background()))
				endpoints = append(endpoints, e)
			}
			r := &recommended{limits: newLimits(attempt, 10*time.Second), endpoints: newEndpointSet(connection{}, nil)}
			r.endpoints.list.Store(&endpoints)
			begun := time.Now()
			record := r.put(context.Background(), &slot{key: prefix + "k"}, "v-1")
			if took := time.Since(begun); c.dies && took >= 2*attempt {
				t.Errorf("%v for a write through a member that died in its first attempt, expected less than two attempts, %v: the second was not given up", took, 2*attempt)
			}
			if !record.OK || record.Attempts != c.attempts || record.Endpoint != c.at {
				t.Fatalf("given attempts through the nearest with fates %v and silent members %v, expected success with attempt %d at the %s: %+v", c.fates, c.silent, c.attempts, c.at, record)
			}
			for i, e := range endpoints {
				if c.silent[i] && e.well.Load() {
					t.Errorf("the %s gave no sign of life, and is not left alone", e.url)
				}
			}
		})
	}
}

// Without a leader, attempts at all members time out, including those of concurrent calls, so none counts as usable.
// Members that are alive have to be tried again before one that is gone.
func TestAnElectionIsWaitedForAtTheMembersThatAreThere(t *testing.T) {
	var endpoints []*endpoint
	var prefix string
	for i, url := range []string{"gone", "second", "third"} {
		var u *unreliable
		u, _, prefix = newUnreliable(t, dropInSilence)
		u.silent = i == 0
		e := u.endpoints.all()[0]
		e.url, e.limits = url, newLimits(400*time.Millisecond, 10*time.Second)
		e.client.ActiveConnection().Connect()
		if !e.connect(context.Background()) {
			t.Fatal("no connection to the etcd that was given")
		}
		e.well.Store(false)
		endpoints = append(endpoints, e)
	}
	r := &recommended{limits: newLimits(400*time.Millisecond, 10*time.Second), endpoints: newEndpointSet(connection{}, nil)}
	r.endpoints.list.Store(&endpoints)
	record := r.put(context.Background(), &slot{key: prefix + "k"}, "v-1")
	if !record.OK || record.Attempts != 4 || record.Endpoint != "second" {
		t.Fatalf("given a nearest member that is gone and two that drop one attempt each, expected success with attempt 4 at the second: %+v", record)
	}
}

func TestAnAnswerToAnEarlierQuestionIsNoSignOfLife(t *testing.T) {
	u, _, _ := newUnreliable(t)
	u.far = 100 * time.Millisecond
	e := u.endpoints.all()[0]
	e.client.ActiveConnection().Connect()
	if !e.connect(context.Background()) {
		t.Fatal("no connection to the etcd that was given")
	}
	before := time.Now()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		e.askForSignOfLife(5 * time.Second)
	}()
	time.Sleep(u.far / 2)
	begun := time.Now()
	<-answered
	if !e.aliveSince(before) {
		t.Error("it answered a question of after that moment, and does not count as alive since then")
	}
	if e.aliveSince(begun) {
		t.Error("it was not asked since then, and counts as alive: it may have been stopped after its answer")
	}
}
