package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// sharedKeys is the number of keys that all clients write with compare-and-swap: few, so that there are conflicts.
const sharedKeys = 8

// generator is an open loop: operations are due at fixed times, without waiting for earlier ones. A client that waited
// for each answer would send nothing during a stall, and so would not measure it.
type generator struct {
	options runOptions
	store   store
	add     func(Record)
	// free holds the unused slots. Each operation in progress holds one, even if it writes another key.
	free chan *slot
	// values makes each written value unique: client, start of the run, number.
	values string
	number atomic.Int64
	// seen has the revision at which this client last saw each shared key.
	mu   sync.Mutex
	seen [sharedKeys]int64
}

// generate starts operations until running ends or the duration is over, and returns when all of them have ended.
func generate(running context.Context, options runOptions, s store, add func(Record)) {
	g := &generator{options: options, store: s, add: add, free: make(chan *slot, options.maxInFlight)}
	begun := time.Now()
	g.values = options.name + "-" + strconv.FormatInt(begun.UnixNano(), 36) + "-"
	for i := range options.maxInFlight {
		g.free <- &slot{key: fmt.Sprintf("%s%s/%d", options.prefix, options.name, i)}
	}
	perSecond := options.rate
	if options.mixed {
		// A read for every two writes.
		perSecond *= 1.5
	}
	ended, cancel := context.WithTimeout(running, options.duration)
	defer cancel()
	var underWay sync.WaitGroup
	defer underWay.Wait()
	for i := 0; ; i++ {
		after := time.Duration(float64(i) / perSecond * float64(time.Second))
		due := begun.Add(after)
		if after >= options.duration || !sleep(running, time.Until(due)) {
			return
		}
		s := g.take(ended)
		if s == nil {
			return
		}
		underWay.Go(func() {
			g.operation(i, due, s)
			g.free <- s
		})
	}
}

// take waits for a free slot until the run has ended. It prefers a free slot to the end, so that operations due before
// that are carried out.
func (g *generator) take(ended context.Context) *slot {
	select {
	case s := <-g.free:
		return s
	default:
	}
	select {
	case s := <-g.free:
		return s
	case <-ended.Done():
		return nil
	}
}

func (g *generator) operation(i int, due time.Time, s *slot) {
	// Not the run's context: an operation in progress keeps its own deadline, so that its outcome is known.
	ctx := context.Background()
	start := time.Now()
	record := g.perform(ctx, i, s)
	record.Client = g.options.name
	record.Due, record.Start = due.UnixNano(), start.UnixNano()
	// By the monotonic clock, so that an operation never ends before it starts, even if the clock is set meanwhile.
	record.End = record.Start + int64(time.Since(start))
	g.add(record)
}

func (g *generator) perform(ctx context.Context, i int, s *slot) Record {
	if !g.options.mixed {
		return g.store.put(ctx, s, g.value())
	}
	shared := rand.IntN(sharedKeys)
	switch i % 3 {
	case 0:
		return g.store.put(ctx, s, g.value())
	case 1:
		record := g.store.cas(ctx, g.sharedKey(shared), g.lastSeen(shared), g.value())
		if record.Swapped {
			g.saw(shared, record.Revision)
		} else if record.OK {
			g.saw(shared, record.FoundRevision)
		}
		return record
	default:
		if i%2 == 0 {
			return g.store.get(ctx, fmt.Sprintf("%s%s/%d", g.options.prefix, g.options.name, rand.IntN(g.options.maxInFlight)))
		}
		record := g.store.get(ctx, g.sharedKey(shared))
		if record.OK {
			g.saw(shared, record.FoundRevision)
		}
		return record
	}
}

func (g *generator) value() string {
	return g.values + strconv.FormatInt(g.number.Add(1), 10)
}

func (g *generator) sharedKey(i int) string {
	return fmt.Sprintf("%sshared/%d", g.options.prefix, i)
}

func (g *generator) lastSeen(shared int) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen[shared]
}

func (g *generator) saw(shared int, revision int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen[shared] = max(g.seen[shared], revision)
}
