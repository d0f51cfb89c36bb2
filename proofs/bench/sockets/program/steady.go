package main

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"time"
)

// steady writes small values through one member at an even pace, without waiting for earlier ones, and prints how long
// each took. The first seconds, in which connections warm up, do not count.
func steady(args []string) (any, error) {
	flags := flag.NewFlagSet("steady", flag.ExitOnError)
	a := accessFlags(flags)
	rate := flags.Float64("rate", 18, "writes a second")
	lasting := flags.Duration("for", time.Minute, "how long, after the warm-up")
	warmUp := flags.Duration("warm-up", 3*time.Second, "how long writes are not counted")
	key := flags.String("to", "/steady", "key that is written")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	client, err := a.dial(0, 0)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), *warmUp+*lasting+30*time.Second)
	defer cancel()

	var group sync.WaitGroup
	var lock sync.Mutex
	milliseconds := []float64{}
	failures := 0
	started := time.Now()
	ticker := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	defer ticker.Stop()
	for time.Since(started) < *warmUp+*lasting {
		begun := <-ticker.C
		group.Add(1)
		go func() {
			defer group.Done()
			_, err := client.Put(ctx, *key, "0123456789abcdef")
			took := time.Since(begun)
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				failures++
			} else if begun.Sub(started) >= *warmUp {
				milliseconds = append(milliseconds, float64(took)/float64(time.Millisecond))
			}
		}()
	}
	group.Wait()
	if failures > 0 {
		return nil, fmt.Errorf("%d writes through %s failed", failures, a.endpoint)
	}
	return map[string]any{"ms": milliseconds}, nil
}
