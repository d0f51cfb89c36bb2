package main

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// naiveTimeout is a common choice of programs. It is longer than etcd's own request timeout (5 s + 2 x election timeout)
// at usual settings.
const naiveTimeout = 10 * time.Second

// naive is a client like that of most programs: one clientv3.Client with all endpoints, one attempt, plain puts.
type naive struct {
	client *clientv3.Client
}

func newNaive(c connection) (*naive, error) {
	// clientv3's defaults: no keepalive, and the same endpoints for ever.
	c.keepalive, c.keepaliveTimeout, c.sync = 0, 0, 0
	client, err := c.client(c.endpoints...)
	if err != nil {
		return nil, err
	}
	return &naive{client: client}, nil
}

// reload makes the client use other endpoints, as its program would after a restart.
func (n *naive) reload(urls []string) {
	n.client.SetEndpoints(urls...)
}

func (n *naive) close() {
	_ = n.client.Close()
}

func (n *naive) put(ctx context.Context, s *slot, value string) Record {
	ctx, cancel := context.WithTimeout(ctx, naiveTimeout)
	defer cancel()
	record := Record{Kind: kindPut, Key: s.key, Value: value, Attempts: 1}
	response, err := n.client.Put(ctx, s.key, value)
	if err == nil {
		record.Revision = response.Header.Revision
	}
	return concluded(record, err)
}

func (n *naive) get(ctx context.Context, key string) Record {
	ctx, cancel := context.WithTimeout(ctx, naiveTimeout)
	defer cancel()
	record := Record{Kind: kindGet, Key: key, Attempts: 1}
	err := readInto(ctx, n.client, &record)
	return concluded(record, err)
}

func (n *naive) cas(ctx context.Context, key string, expected int64, value string) Record {
	ctx, cancel := context.WithTimeout(ctx, naiveTimeout)
	defer cancel()
	record := Record{Kind: kindCAS, Key: key, Expected: expected, Value: value, Attempts: 1}
	response, err := guardedPut(ctx, n.client, key, expected, value)
	if err != nil {
		return concluded(record, err)
	}
	record.Swapped, record.Revision = response.Succeeded, response.Header.Revision
	if !response.Succeeded {
		found := foundIn(response)
		record.Found, record.FoundRevision = found.value, found.revision
	}
	return concluded(record, nil)
}

func concluded(record Record, err error) Record {
	record.OK, record.Error = err == nil, errorClass(err)
	record.Unknown = err != nil && record.Kind != kindGet && mayHaveApplied(err)
	return record
}
