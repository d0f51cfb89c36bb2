package main

import (
	"context"
	"testing"
	"time"
)

func TestAttemptsOfASlowClusterGetLonger(t *testing.T) {
	u, _, prefix := newUnreliable(t)
	// Every answer takes longer than twice the deadline of the first two attempts.
	u.far = 500 * time.Millisecond
	u.limits = newLimits(200*time.Millisecond, 10*time.Second)
	e := u.endpoints.all()[0]
	e.limits = u.limits
	record := u.put(context.Background(), &slot{key: prefix + "k"}, "v-1")
	if !record.OK || record.Attempts != 4 {
		t.Fatalf("answers take %v; expected success with the fourth attempt, after 200, 200 and 400 ms: %+v", u.far, record)
	}
}

func TestDeadlinesOfAttempts(t *testing.T) {
	l := newLimits(750*time.Millisecond, 5700*time.Millisecond)
	for count, ms := range []int{750, 750, 1500, 3000, 5700, 5700} {
		if got := l.afterTimeouts(count); got != milliseconds(ms) {
			t.Errorf("after %d attempts without an answer: %v, expected %d ms", count, got, ms)
		}
	}
	if got := l.afterTimeouts(1000); got != milliseconds(5700) {
		t.Errorf("after a thousand: %v, expected no more than the call's own 5.7 s", got)
	}
}
