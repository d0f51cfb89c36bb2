package main

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
)

// syncInterval is between two looks at who the members are. Machines that are replaced all at once take longer than this
// for each, so a client always knows members that are still there.
const syncInterval = 10 * time.Second

// member is one endpoint with a client of its own, because a clientv3.Client with several takes them in turn, far ones as
// often as near.
type member struct {
	url      string
	client   *clientv3.Client
	distance time.Duration
	// Unix times in nanoseconds: of its last failure, and of the last question that it answered. How long that took, too.
	failedAt, askedAndAnswered, answerTook atomic.Int64
}

func (m *member) failed() {
	m.failedAt.Store(time.Now().UnixNano())
}

func (m *member) askForSignOfLife(ctx context.Context) bool {
	asked := time.Now()
	_, err := m.client.Get(ctx, "alive", clientv3.WithSerializable(), clientv3.WithCountOnly())
	// Whether the client may read that key is no matter: a refusal is an answer, too.
	if err != nil && !errors.Is(err, rpctypes.ErrPermissionDenied) {
		return false
	}
	m.answerTook.Store(int64(time.Since(asked)))
	m.askedAndAnswered.Store(asked.UnixNano())
	return true
}

// aliveSince tells whether it has answered a question of since then. One of before may have been its last.
func (m *member) aliveSince(begun time.Time) bool {
	return m.askedAndAnswered.Load() >= begun.UnixNano()
}

// members are the endpoints, the nearest first.
type members struct {
	settings settings
	mu       sync.Mutex
	list     []*member
}

func newMembers(s settings) (*members, error) {
	made := &members{settings: s}
	for _, url := range s.endpoints {
		one, err := made.open(url)
		if err != nil {
			made.close()
			return nil, err
		}
		// The file has the nearest first, and nothing has been measured yet.
		made.list = append(made.list, one)
	}
	return made, nil
}

func (m *members) open(url string) (*member, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:            []string{url},
		DialTimeout:          m.settings.dialTimeout,
		DialOptions:          []grpc.DialOption{grpc.WithTransportCredentials(m.settings.credentials)},
		DialKeepAliveTime:    m.settings.keepaliveTime,
		DialKeepAliveTimeout: m.settings.keepaliveTimeout,
	})
	return &member{url: url, client: client, distance: math.MaxInt64}, err
}

// become makes these URLs the endpoints, in the order of their distance.
func (m *members) become(urls []string) {
	var next []*member
	for _, one := range m.snapshot() {
		if slices.Contains(urls, one.url) {
			next = append(next, one)
		}
	}
	for _, url := range urls {
		if slices.ContainsFunc(next, func(one *member) bool { return one.url == url }) {
			continue
		}
		if one, err := m.open(url); err == nil {
			next = append(next, one)
		}
	}
	for _, one := range next {
		one.measure(m.settings.dialTimeout)
	}
	// Differences of a few milliseconds are chance, and no reason to change the order.
	slices.SortStableFunc(next, func(a, b *member) int {
		return cmp.Compare(a.distance.Round(20*time.Millisecond), b.distance.Round(20*time.Millisecond))
	})

	m.mu.Lock()
	before := m.list
	m.list = next
	m.mu.Unlock()
	for _, one := range before {
		if !slices.Contains(next, one) {
			// Attempts under way there may still be answered.
			time.AfterFunc(m.settings.limits.attempt(), func() { _ = one.client.Close() })
		}
	}
}

// measure takes the quickest of three reads of the member's own store: one round trip each, once it is connected.
func (m *member) measure(timeout time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for range 3 {
		begun := time.Now()
		if _, err := m.client.Get(ctx, "distance", clientv3.WithSerializable(), clientv3.WithCountOnly()); err != nil {
			return
		}
		m.distance = min(m.distance, time.Since(begun))
	}
}

func (m *members) snapshot() []*member {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.list
}

// inOrder lists those that failed a moment ago last.
func (m *members) inOrder() []*member {
	var well, failed []*member
	for _, one := range m.snapshot() {
		if time.Since(time.Unix(0, one.failedAt.Load())) < m.settings.keepaliveTime {
			failed = append(failed, one)
		} else {
			well = append(well, one)
		}
	}
	return append(well, failed...)
}

// next is the first of them that was not tried; nil if all were.
func (m *members) next(tried map[*member]bool) *member {
	for _, one := range m.inOrder() {
		if !tried[one] {
			return one
		}
	}
	return nil
}

func (m *members) close() {
	for _, one := range m.snapshot() {
		_ = one.client.Close()
	}
}

// votersOf asks for the client URLs of all members but learners, which take no requests.
func votersOf(ctx context.Context, client *clientv3.Client) ([]string, error) {
	list, err := client.MemberList(ctx)
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, one := range list.Members {
		if !one.IsLearner {
			urls = append(urls, one.ClientURLs...)
		}
	}
	return urls, nil
}
