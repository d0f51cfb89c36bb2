package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// Longer than the longest fail-over measured with any setting (16 s).
	watchStart = 30 * time.Second
	// For the newest events, after all operations have ended.
	watchCatchUp = 15 * time.Second
)

// watch records every event below the prefix. It has a clientv3.Client of its own with all endpoints: clientv3 itself
// continues a watch at another endpoint after the last revision seen, as soon as the member loses its leader. It sends
// keepalives and follows the cluster's members even in naive mode: otherwise a stream would not notice that its member's
// machine has lost power, or that all endpoints are gone, and missing events would say nothing about the cluster.
type watch struct {
	client  *clientv3.Client
	name    string
	prefix  string
	history *recorder
	cancel  context.CancelFunc
	done    chan struct{}
	mu      sync.Mutex
	// next is the first revision that has not been shown.
	next int64
}

func openWatch(running context.Context, options runOptions, history *recorder) (*watch, error) {
	client, err := options.client(options.endpoints...)
	if err != nil {
		return nil, err
	}
	starting, cancel := context.WithTimeout(running, watchStart)
	defer cancel()
	response, err := client.Get(starting, options.prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("no endpoint answered within %v: %w", watchStart, err), client.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{
		client: client, name: options.name, prefix: options.prefix, history: history,
		cancel: cancel, done: make(chan struct{}), next: response.Header.Revision + 1,
	}
	history.add(Record{Client: w.name, Kind: kindWatchOpen, Key: w.prefix, Revision: w.next, End: time.Now().UnixNano(), OK: true})
	go w.follow(ctx)
	return w, nil
}

// follow reopens the watch where it ended, until the context ends.
func (w *watch) follow(ctx context.Context) {
	defer close(w.done)
	for ctx.Err() == nil {
		w.stream(ctx)
		// Without a leader, each opening is refused at once.
		sleep(ctx, 100*time.Millisecond)
	}
}

func (w *watch) stream(ctx context.Context) {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	for response := range w.client.Watch(ctx, w.prefix, clientv3.WithPrefix(), clientv3.WithRev(w.position())) {
		now := time.Now().UnixNano()
		for _, event := range response.Events {
			w.history.add(Record{
				Client: w.name, Kind: kindWatchEvent, Key: string(event.Kv.Key),
				Found: string(event.Kv.Value), FoundRevision: event.Kv.ModRevision, End: now, OK: true,
			})
			w.advance(event.Kv.ModRevision + 1)
		}
		if errors.Is(response.Err(), rpctypes.ErrCompacted) {
			w.history.add(Record{
				Client: w.name, Kind: kindWatchGap, Key: w.prefix,
				Expected: w.position(), Revision: response.CompactRevision, End: now,
			})
			w.advance(response.CompactRevision)
		}
	}
}

func (w *watch) position() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.next
}

func (w *watch) advance(next int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = max(w.next, next)
}

// finish waits until the newest change below the prefix has been shown, and records whether it was.
func (w *watch) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), watchCatchUp)
	defer cancel()
	newest, err := w.newest(ctx)
	for err == nil && w.position() <= newest && sleep(ctx, 20*time.Millisecond) {
	}
	w.cancel()
	<-w.done
	w.history.add(Record{
		Client: w.name, Kind: kindWatchClose, Key: w.prefix, Revision: newest, End: time.Now().UnixNano(),
		OK: err == nil && w.position() > newest, Error: errorClass(err),
	})
	_ = w.client.Close()
}

// newest is the modification revision of the last change below the prefix.
func (w *watch) newest(ctx context.Context) (int64, error) {
	response, err := w.client.Get(ctx, w.prefix, append(clientv3.WithLastRev(), clientv3.WithPrefix())...)
	if err != nil {
		return 0, err
	}
	return versionOf(response.Kvs).revision, nil
}
