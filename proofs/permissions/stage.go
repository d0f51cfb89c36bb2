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

// A role and a member that do not exist.
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
}

// leaseOn makes a lease for 60 s, with a key on it that begins so; with none if that is empty.
func (s *stage) leaseOn(ctx context.Context, begins string) (int64, error) {
	lease, err := s.admin.Grant(ctx, 60)
	if err != nil {
		return 0, err
	}
	if begins == "" {
		return int64(lease.ID), nil
	}
	// Others may be tried beside: each lease has a key of its own.
	_, err = s.admin.Put(ctx, fmt.Sprintf("%slease-%x", begins, lease.ID), "", clientv3.WithLease(lease.ID))
	return int64(lease.ID), err
}

// happens writes a key that the try watches.
func (s *stage) happens(ctx context.Context, one try) error {
	_, err := s.admin.Put(ctx, one.watches, "happened")
	return err
}
