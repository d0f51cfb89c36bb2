package main

import (
	"fmt"
	"os"
	"regexp"
	"sync/atomic"
	"time"
)

// limits are a call's deadlines. A running program takes longer ones over from the client's etcd.env, as a cluster that
// grows over a distance needs them before its new members vote. Shorter ones wait for its next start: a cluster that
// shrinks keeps its far members until last.
type limits struct {
	attemptNs, totalNs atomic.Int64
}

// attempt is for one attempt, through one endpoint.
func (l *limits) attempt() time.Duration { return time.Duration(l.attemptNs.Load()) }

// total is for a call with all its attempts.
func (l *limits) total() time.Duration { return time.Duration(l.totalNs.Load()) }

// afterTimeouts is the deadline of an attempt of a call that had so many without an answer. The first two end early, as what
// they met may be a transfer. Then each has twice the time of the one before: a cluster that is merely slow would answer
// none of them, and the repetitions of all clients would keep it slow.
func (l *limits) afterTimeouts(count int) time.Duration {
	limit := l.attempt()
	for ; count > 1 && limit < l.total(); count-- {
		limit *= 2
	}
	return min(limit, l.total())
}

// raise takes what of an etcd.env's two limits is longer; lookup gives a variable's value.
func (l *limits) raise(lookup func(variable string) string) error {
	for variable, limit := range map[string]*atomic.Int64{
		"ETCD_CLIENT_ATTEMPT_TIMEOUT": &l.attemptNs,
		"ETCD_CLIENT_TOTAL_TIMEOUT":   &l.totalNs,
	} {
		value, err := time.ParseDuration(lookup(variable))
		if err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
		limit.Store(max(limit.Load(), int64(value)))
	}
	return nil
}

// fromFile looks variables up in an etcd.env; those that are not there are empty.
func fromFile(path string) func(variable string) string {
	text, err := os.ReadFile(path)
	return func(variable string) string {
		found := regexp.MustCompile(`(?m)^export ` + variable + `=(\S+)$`).FindSubmatch(text)
		if err != nil || found == nil {
			return ""
		}
		return string(found[1])
	}
}
