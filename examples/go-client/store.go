package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errUnknown: an attempt was given up, and by the time of the next somebody else had written. Whether ours came before
// theirs cannot be told any more; only who knows what the values mean can decide what to do.
var errUnknown = errors.New("outcome unknown: the key was written by others after an attempt without an answer")

// entry is a key as it was read: its value, and the revision of its last write, which is 0 where there was none.
type entry struct {
	Key, Value  string
	ModRevision int64
}

// store reaches the cluster through one member at a time, the nearest that works.
//
// It has a client for each endpoint, because a clientv3.Client with several takes them in turn, far ones as often as near.
type store struct {
	settings settings
	clients  []*clientv3.Client // in the order of the endpoints

	mu       sync.Mutex
	failedAt []time.Time
}

func newStore(s settings) (*store, error) {
	made := &store{settings: s, failedAt: make([]time.Time, len(s.endpoints))}
	for _, endpoint := range s.endpoints {
		client, err := clientv3.New(clientv3.Config{
			Endpoints:            []string{endpoint},
			TLS:                  s.tls,
			DialTimeout:          s.dialTimeout,
			DialKeepAliveTime:    s.keepaliveTime,
			DialKeepAliveTimeout: s.keepaliveTimeout,
		})
		if err != nil {
			made.Close()
			return nil, err
		}
		made.clients = append(made.clients, client)
	}
	return made, nil
}

func (s *store) Close() {
	for _, client := range s.clients {
		_ = client.Close()
	}
}

// Get reads a key, linearizably.
func (s *store) Get(ctx context.Context, key string) (entry, error) {
	found := entry{Key: key}
	err := s.try(ctx, func(ctx context.Context, client *clientv3.Client) error {
		response, err := client.Get(ctx, key)
		if err == nil && len(response.Kvs) > 0 {
			found.Value = payload(string(response.Kvs[0].Value))
			found.ModRevision = response.Kvs[0].ModRevision
		}
		return err
	})
	return found, err
}

// PutIfUnchanged writes a value if the key is as it was read, and says whether it did.
//
// It is safe to repeat: of several attempts the guard lets one through at most, and the mark in the value tells, when the
// guard holds, whether it was one of ours.
func (s *store) PutIfUnchanged(ctx context.Context, before entry, value string) (bool, error) {
	marked := rand.Text() + " " + value
	guard := clientv3.Compare(clientv3.ModRevision(before.Key), "=", before.ModRevision)
	attempts, written := 0, false
	err := s.try(ctx, func(ctx context.Context, client *clientv3.Client) error {
		attempts++
		response, err := client.Txn(ctx).
			If(guard).
			Then(clientv3.OpPut(before.Key, marked)).
			Else(clientv3.OpGet(before.Key)).
			Commit()
		if err != nil {
			return err
		}
		written = response.Succeeded
		if !written {
			kvs := response.Responses[0].GetResponseRange().Kvs
			written = len(kvs) > 0 && string(kvs[0].Value) == marked
		}
		if !written && attempts > 1 {
			return errUnknown
		}
		return nil
	})
	return written, err
}

// try makes attempts, each with its own deadline, until one is answered or the total time is over.
func (s *store) try(ctx context.Context, attempt func(context.Context, *clientv3.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.settings.totalTimeout)
	defer cancel()
	for {
		for _, index := range s.inOrder() {
			err := func() error {
				ctx, cancel := context.WithTimeout(ctx, s.settings.attemptTimeout)
				defer cancel()
				return attempt(ctx, s.clients[index])
			}()
			if !worthAnother(err) {
				return err
			}
			s.failed(index)
			if ctx.Err() != nil {
				return fmt.Errorf("no answer within %v: %w", s.settings.totalTimeout, err)
			}
		}
		// All have failed: there may be a failover. Refusals come at once, so leave the members some air.
		select {
		case <-ctx.Done():
		case <-time.After(s.settings.attemptTimeout / 10):
		}
	}
}

// worthAnother tells an attempt without an answer from one with an answer that will not change.
func worthAnother(err error) bool {
	if err == nil || errors.Is(err, errUnknown) {
		return false
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	code := status.Code(err)
	var fromServer interface{ Code() codes.Code }
	if errors.As(err, &fromServer) {
		code = fromServer.Code()
	}
	return code == codes.Unavailable || code == codes.DeadlineExceeded
}

// inOrder lists the endpoints, the nearest first; those that failed a moment ago come last.
func (s *store) inOrder() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var well, failed []int
	for index := range s.clients {
		if time.Since(s.failedAt[index]) < s.settings.keepaliveTime {
			failed = append(failed, index)
		} else {
			well = append(well, index)
		}
	}
	return append(well, failed...)
}

func (s *store) failed(index int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failedAt[index] = time.Now()
}

// payload is a value without the mark of who wrote it.
func payload(marked string) string {
	_, value, _ := strings.Cut(marked, " ")
	return value
}
