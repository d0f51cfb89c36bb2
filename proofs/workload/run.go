package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// store is one of the two kinds of client. Each call returns a record without client and times.
type store interface {
	put(ctx context.Context, s *slot, value string) Record
	get(ctx context.Context, key string) Record
	cas(ctx context.Context, key string, expected int64, value string) Record
	// reload replaces the endpoints.
	reload(urls []string)
	close()
}

// slot is a key that one operation at a time writes. Keys are named after client and slot, so no other client writes
// them.
type slot struct {
	key string
	// revision is the key's modification revision as this client knows it; 0 if it was never written.
	revision int64
	// settled tells whether only the next write can change it: false at first, as an earlier run may have written the key,
	// and after a write of unknown outcome.
	settled bool
}

type runOptions struct {
	connection
	name, prefix, out string
	recommended       bool
	mixed             bool
	rate              float64
	duration          time.Duration
	maxInFlight       int
	attempt, total    time.Duration
}

func runVerb(args []string) error {
	options, err := parseRun(args)
	if err != nil {
		return err
	}
	running, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	// A second signal ends the program at once.
	context.AfterFunc(running, stop)
	defer stop()
	summary, err := run(running, options)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(summary)
}

func parseRun(args []string) (runOptions, error) {
	flags := flag.NewFlagSet("workload run", flag.ContinueOnError)
	connect := addConnectionFlags(flags)
	mode := flags.String("mode", "recommended", "recommended (nearest endpoint first, deadline per attempt, guarded retry) or naive (all endpoints in one client, one attempt, 10 s)")
	ops := flags.String("ops", "put", "put, or mixed: half puts, half compare-and-swaps on shared keys, a read for every two of them, and a watch on the prefix")
	rate := flags.Float64("rate", 10, "writes per second; they start on schedule whether or not earlier ones have ended")
	seconds := flags.Float64("seconds", 10, "how long to start operations; those in flight then may take their own deadline longer")
	maxInFlight := flags.Int("max-in-flight", 256, "operations under way at once, and keys of this client; when all are, later ones wait")
	prefix := flags.String("prefix", "/workload/", "prefix of all keys; the same for all clients that are checked together")
	name := flags.String("name", "", "this client's name, different from every other's; part of its keys")
	out := flags.String("out", "", "file for the history, one JSON record per line")
	// The defaults are lib/wan's values for London, New York and Singapore.
	attemptMs := flags.Int("attempt-ms", 750, "recommended: deadline of one attempt")
	totalMs := flags.Int("total-ms", 5700, "recommended: deadline of a call with all its attempts")
	keepaliveMs := flags.Int("keepalive-ms", 10000, "recommended: between keepalive pings; gRPC sends none more often than every 10 s")
	syncMs := flags.Int("sync-ms", 10000, "recommended: between two looks at the cluster's members, whose URLs become the endpoints")
	keepaliveTimeoutMs := flags.Int("keepalive-timeout-ms", 2700, "recommended: for the answer to a ping")
	if err := flags.Parse(args); err != nil {
		return runOptions{}, err
	}
	c, err := connect.connection()
	if err != nil {
		return runOptions{}, err
	}
	c.keepalive, c.keepaliveTimeout = milliseconds(*keepaliveMs), milliseconds(*keepaliveTimeoutMs)
	c.sync = milliseconds(*syncMs)
	options := runOptions{
		connection: c, name: *name, prefix: *prefix, out: *out, rate: *rate, maxInFlight: *maxInFlight,
		recommended: *mode == "recommended", mixed: *ops == "mixed",
		duration: time.Duration(*seconds * float64(time.Second)),
		attempt:  milliseconds(*attemptMs), total: milliseconds(*totalMs),
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("%q: expected flags only", flags.Arg(0))
	case *mode != "recommended" && *mode != "naive":
		err = fmt.Errorf("-mode: given %q, expected recommended or naive", *mode)
	case *ops != "put" && *ops != "mixed":
		err = fmt.Errorf("-ops: given %q, expected put or mixed", *ops)
	case *rate <= 0 || *rate > 10000:
		err = fmt.Errorf("-rate: given %g, expected more than 0 and at most 10000", *rate)
	case *seconds <= 0:
		err = fmt.Errorf("-seconds: given %g, expected more than 0", *seconds)
	case *maxInFlight < 1:
		err = fmt.Errorf("-max-in-flight: given %d, expected at least 1", *maxInFlight)
	case *name == "" || strings.Contains(*name, "/"):
		err = fmt.Errorf("-name: given %q, expected a name without slashes", *name)
	case !strings.HasSuffix(*prefix, "/"):
		err = fmt.Errorf("-prefix: given %q, expected one that ends in a slash", *prefix)
	case *out == "":
		err = errors.New("-out: expected a file for the history")
	case *syncMs <= 0:
		err = fmt.Errorf("-sync-ms: given %d, expected more than 0", *syncMs)
	case *attemptMs <= 0 || *totalMs < *attemptMs:
		err = fmt.Errorf("-attempt-ms %d, -total-ms %d: expected 0 < attempt <= total", *attemptMs, *totalMs)
	}
	return options, err
}

func milliseconds(n int) time.Duration {
	return time.Duration(n) * time.Millisecond
}

// run starts operations until the time is over or the context ends, then waits for those in progress and until the watch
// has shown all of them.
func run(running context.Context, options runOptions) (summary Summary, err error) {
	s, err := options.open()
	if err != nil {
		return Summary{}, err
	}
	defer s.close()
	history, err := newRecorder(options.out)
	if err != nil {
		return Summary{}, err
	}
	defer func() {
		err = errors.Join(err, history.close())
	}()
	finishWatch := func() {}
	reload := s.reload
	if options.mixed {
		w, err := openWatch(running, options, history)
		if err != nil {
			return Summary{}, err
		}
		finishWatch = w.finish
		reload = func(urls []string) {
			s.reload(urls)
			w.client.SetEndpoints(urls...)
		}
	}
	defer options.onHangup(reload)()
	begun := time.Now()
	tally := newTally(options)
	generate(running, options, s, func(record Record) {
		history.add(record)
		tally.add(record)
	})
	finishWatch()
	return tally.summary(time.Since(begun)), nil
}

// onHangup rereads the client's etcd.env on each SIGHUP, until the returned function is called.
func (o runOptions) onHangup(reload func(urls []string)) (stop func()) {
	if o.envFile == "" {
		return func() {}
	}
	hangups, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		defer close(done)
		for range hangups {
			urls, err := o.endpointsNow()
			if err != nil {
				fmt.Fprintln(os.Stderr, "error: endpoints stay as they are:", err)
				continue
			}
			reload(urls)
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
		<-done
	}
}

func (o runOptions) open() (store, error) {
	if o.recommended {
		return newRecommended(o.connection, o.prefix, o.attempt, o.total)
	}
	return newNaive(o.connection)
}
