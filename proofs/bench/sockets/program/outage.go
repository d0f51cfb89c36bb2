package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// outage holds a watch and a stream of writes, each on its own connection, through an outage of the path, and prints how
// long after its end each of them works again. The begin and the end of the outage are given as times.
func outage(args []string) (any, error) {
	flags := flag.NewFlagSet("outage", flag.ExitOnError)
	a := accessFlags(flags)
	key := flags.String("watch", "/outage0", "key that somebody else keeps writing to")
	keepalive := flags.Duration("keepalive", 0, "gRPC keepalive time; 0 is none")
	keepaliveTimeout := flags.Duration("keepalive-timeout", 3*time.Second, "gRPC keepalive timeout")
	healsIn := flags.Duration("heals-in", 0, "from now until the path is whole again")
	limit := flags.Duration("limit", 90*time.Second, "how long after that to wait")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	started := time.Now()
	healed := started.Add(*healsIn)
	ctx, cancel := context.WithDeadline(context.Background(), healed.Add(*limit))
	defer cancel()

	// Exceeding the limit is a valid result: a watch whose server has given up silently waits for ever.
	orLimit := func(took time.Duration, err error) (time.Duration, error) {
		if err != nil && ctx.Err() != nil {
			return *limit, nil
		}
		return took, err
	}
	var group sync.WaitGroup
	var watched, written time.Duration
	var watchFailure, writeFailure error
	group.Add(2)
	go func() {
		defer group.Done()
		watched, watchFailure = orLimit(firstEvent(ctx, a, *key, *keepalive, *keepaliveTimeout, healed))
	}()
	go func() {
		defer group.Done()
		written, writeFailure = orLimit(firstWrite(ctx, a, *keepalive, *keepaliveTimeout, healed))
	}()
	group.Wait()
	if err := errors.Join(watchFailure, writeFailure); err != nil {
		return nil, err
	}
	return map[string]any{"watchSeconds": watched.Seconds(), "writeSeconds": written.Seconds()}, nil
}

// firstEvent is how long after the path was restored an event arrived.
func firstEvent(ctx context.Context, a *access, key string, keepalive, timeout time.Duration, healed time.Time) (time.Duration, error) {
	client, err := a.dial(keepalive, timeout)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	for answer := range client.Watch(ctx, key) {
		if err := answer.Err(); err != nil {
			return 0, err
		}
		if now := time.Now(); now.After(healed) && len(answer.Events) > 0 {
			return now.Sub(healed), nil
		}
	}
	return 0, fmt.Errorf("watch of %s: no event within the limit", a.endpoint)
}

// firstWrite is how long after the path was restored a write was acknowledged; each attempt has a second.
func firstWrite(ctx context.Context, a *access, keepalive, timeout time.Duration, healed time.Time) (time.Duration, error) {
	client, err := a.dial(keepalive, timeout)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	for ctx.Err() == nil {
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		_, err := client.Put(attempt, "/outage-write", "1", clientv3.WithPrevKV())
		cancel()
		if now := time.Now(); err == nil && now.After(healed) {
			return now.Sub(healed), nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return 0, fmt.Errorf("writes to %s: none acknowledged within the limit", a.endpoint)
}
