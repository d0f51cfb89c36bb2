package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// fill overwrites the same keys with new values, many at a time, and compacts away the old ones unless -keep is given.
func fill(args []string) (any, error) {
	flags := flag.NewFlagSet("fill", flag.ExitOnError)
	a := accessFlags(flags)
	count := flags.Int("count", 800, "how many values")
	size := flags.Int("size", 250_000, "bytes of each")
	parallel := flags.Int("parallel", 16, "how many writes at a time")
	keep := flags.Bool("keep", false, "keep old values, for watches that have yet to see them")
	prefix := flags.String("prefix", "/fill/", "what the keys begin with")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	client, err := a.dial(0, 0)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	started := time.Now()
	revision, err := putAll(ctx, client, *prefix, *count, *size, *parallel)
	if err != nil {
		return nil, err
	}
	took := time.Since(started)
	if !*keep {
		if _, err := client.Compact(ctx, revision); err != nil {
			return nil, err
		}
	}
	return map[string]any{"revision": revision, "seconds": took.Seconds()}, nil
}

// burst repeatedly writes a few large values at once after a pause. The first burst is the first on its connection.
func burst(args []string) (any, error) {
	flags := flag.NewFlagSet("burst", flag.ExitOnError)
	a := accessFlags(flags)
	count := flags.Int("count", 20, "how many values at once")
	size := flags.Int("size", 100_000, "bytes of each")
	idle := flags.Duration("idle", 5*time.Second, "pause before each burst")
	repeats := flags.Int("repeats", 4, "how many bursts")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	client, err := a.dial(0, 0)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	milliseconds := make([]float64, 0, *repeats)
	for range *repeats {
		time.Sleep(*idle)
		started := time.Now()
		if _, err := putAll(ctx, client, "/burst/", *count, *size, *count); err != nil {
			return nil, err
		}
		milliseconds = append(milliseconds, float64(time.Since(started))/float64(time.Millisecond))
	}
	return map[string]any{"ms": milliseconds}, nil
}

// await returns once the member itself has applied a revision.
func await(args []string) (any, error) {
	flags := flag.NewFlagSet("await", flag.ExitOnError)
	a := accessFlags(flags)
	revision := flags.Int64("revision", 0, "revision to wait for")
	limit := flags.Duration("limit", 10*time.Minute, "how long to wait at most")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	client, err := a.dial(0, 0)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	started := time.Now()
	for time.Since(started) < *limit {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		status, err := client.Status(ctx, a.endpoint)
		cancel()
		if err == nil && status.Header.Revision >= *revision {
			return map[string]any{"reached": true, "seconds": time.Since(started).Seconds(), "dbSize": status.DbSize}, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return map[string]any{"reached": false, "seconds": limit.Seconds()}, nil
}

// putAll writes random values, which cannot be compressed on the way, and returns the last revision.
func putAll(ctx context.Context, client *clientv3.Client, prefix string, count, size, parallel int) (int64, error) {
	numbers := make(chan int)
	var group sync.WaitGroup
	var lock sync.Mutex
	var last int64
	var failure error
	for range parallel {
		group.Add(1)
		go func() {
			defer group.Done()
			value := make([]byte, size)
			_, _ = rand.Read(value)
			for i := range numbers {
				answer, err := put(ctx, client, fmt.Sprintf("%s%d", prefix, i), string(value))
				lock.Lock()
				if err != nil {
					failure = err
				} else if answer.Header.Revision > last {
					last = answer.Header.Revision
				}
				lock.Unlock()
			}
		}()
	}
	for i := range count {
		numbers <- i
	}
	close(numbers)
	group.Wait()
	return last, failure
}

// put repeats a write until it is acknowledged, because an election drops writes in flight.
func put(ctx context.Context, client *clientv3.Client, key, value string) (*clientv3.PutResponse, error) {
	for {
		answer, err := client.Put(ctx, key, value)
		if err == nil || ctx.Err() != nil {
			return answer, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
