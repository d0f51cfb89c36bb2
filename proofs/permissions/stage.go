package main

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Keys. The clients that are tried may use, at most, those that begin with own.
const (
	own = "/app/"
	// ownEnd is the first key after those.
	ownEnd = "/app0"
	// neighbour begins as own does, but for the separator.
	neighbour = "/apple"
	foreign   = "/other/"
	// everything is both ends of the range of all keys; as an end alone it is that of all later keys.
	everything = "\x00"
)

// A user, a role and a member that do not exist.
const (
	nobody   = "nobody-has-this-name"
	noMember = uint64(0xdead)
)

// stage prepares what tries need, as an administrator.
type stage struct {
	admin *clientv3.Client
	// name is the client's.
	name string
	// refusal is why the client is not let in at all; nil if it is.
	refusal error
	put     int
}

// leaseOn makes a lease for 60 s with this key on it; none if it is empty.
func (s *stage) leaseOn(ctx context.Context, key string) (int64, error) {
	lease, err := s.admin.Grant(ctx, 60)
	if err != nil || key == "" {
		return int64(lease.ID), err
	}
	s.put++
	_, err = s.admin.Put(ctx, fmt.Sprintf("%slease-%d", key, s.put), "", clientv3.WithLease(lease.ID))
	return int64(lease.ID), err
}

// happens writes a key that the try watches.
func (s *stage) happens(ctx context.Context, one try) error {
	_, err := s.admin.Put(ctx, one.watches, "happened")
	return err
}
