package main

import (
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// wire is a path to a member that can silently lose all packets, as to a machine without power: a connection that existed
// then never recovers, a later one works.
type wire struct {
	listener net.Listener
	member   string
	// cuts counts the cuts: a connection carries nothing any more once this has changed since its start.
	cuts atomic.Int32
}

func newWire(t *testing.T, member string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	w := &wire{listener: listener, member: member}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", member)
			if err != nil {
				_ = near.Close()
				continue
			}
			seen := w.cuts.Load()
			go w.carry(near, far, seen)
			go w.carry(far, near, seen)
		}
	}()
	return w
}

func (w *wire) url() string {
	return "http://" + w.listener.Addr().String()
}

func (w *wire) carry(from, to net.Conn, seen int32) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if w.cuts.Load() == seen {
			_, _ = to.Write(buffer[:n])
		}
		if err != nil {
			_ = from.Close()
			if w.cuts.Load() == seen {
				_ = to.Close()
			}
			return
		}
	}
}

func TestObserverSeesAMemberThatIsBackAfterItWasSilent(t *testing.T) {
	endpoint := os.Getenv(endpointVariable)
	if endpoint == "" {
		t.Skipf("%s is not set: no etcd to run against", endpointVariable)
	}
	w := newWire(t, strings.TrimPrefix(endpoint, "http://"))
	o, err := newObserver(connection{endpoints: []string{w.url()}, dial: time.Second}, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	until := func(what string, within time.Duration, holds func() bool) {
		t.Helper()
		for deadline := time.Now().Add(within); !holds(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: expected within %v, but the view is %+v", what, within, o.view())
			}
		}
	}
	answers := func() bool { return o.view().Term > 0 }
	o.become([]*pb.Member{{ID: 1, Name: "one", ClientURLs: []string{w.url()}}})
	until("the member answers", 5*time.Second, answers)

	w.cuts.Add(1)
	until("the member is silent", 5*time.Second, func() bool { return !answers() })
	if out := o.view().Out; len(out) > 0 {
		t.Fatalf("a member that has been silent for a second only counts as out of service: %v", out)
	}
	// A lost connection is noticed after one keepalive and its time-out, and replaced within the pause between two attempts.
	until("the member answers on a new connection", observeKeepalive+2*observeTimeout+5*time.Second, answers)
}

func TestObserverMissesALearnerOnlyOnceItHasVotedForTooLong(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	_ = listener.Close()
	o, err := newObserver(connection{endpoints: []string{url}, dial: time.Second}, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	as := func(learner bool) []*pb.Member {
		return []*pb.Member{{ID: 1, Name: "one", ClientURLs: []string{url}, IsLearner: learner}}
	}
	silentFor := func(d time.Duration) {
		one := o.asked[1]
		one.mu.Lock()
		defer one.mu.Unlock()
		one.spoke = time.Now().Add(-d)
	}
	o.become(as(true))
	silentFor(2 * silence)
	o.become(as(true))
	o.become(as(false))
	time.Sleep(500 * time.Millisecond)
	if out := o.view().Out; len(out) > 0 {
		t.Errorf("a member that votes since now counts as out of service for what it was silent as a learner: %v", out)
	}
	silentFor(2 * silence)
	o.become(as(false))
	for deadline := time.Now().Add(5 * time.Second); len(o.view().Out) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a voter that refuses connections, and has done so for too long, does not count as out of service")
		}
	}
}
