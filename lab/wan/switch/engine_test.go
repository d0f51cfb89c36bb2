package main

import (
	"encoding/binary"
	"math"
	"math/rand"
	"net"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"
)

func number(f float64) *float64 { return &f }
func boolean(b bool) *bool      { return &b }

// world is an engine whose devices are socket pairs, which needs no privileges.
type world struct {
	t      *testing.T
	engine *engine
	far    map[string]int
}

func newWorld(t *testing.T, pairs ...pairSettings) *world {
	t.Helper()
	e, err := newEngine(0)
	if err != nil {
		t.Fatal(err)
	}
	e.late = 0
	if err := e.links.setMatrix(pairs, nil); err != nil {
		t.Fatal(err)
	}
	return &world{t, e, map[string]int{}}
}

func (w *world) attach(id, location string, addresses ...addressRequest) *endpoint {
	w.t.Helper()
	end, err := parseAttach(attachRequest{ID: id, Device: "wan0", Location: location, Addresses: addresses})
	if err != nil {
		w.t.Fatal(err)
	}
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	end.fd = fds[0]
	w.far[id] = fds[1]
	if err := w.engine.plug(end); err != nil {
		w.t.Fatal(err)
	}
	return end
}

func packet(from, to string, mark byte) []byte {
	p := make([]byte, 60)
	p[0] = 0x45
	p[9] = syscall.IPPROTO_UDP
	copy(p[12:], net.ParseIP(from).To4())
	copy(p[16:], net.ParseIP(to).To4())
	p[59] = mark
	return p
}

// send puts a packet into the switch as the device's other end would.
func (w *world) send(id string, p []byte) {
	w.t.Helper()
	if _, err := syscall.Write(w.far[id], p); err != nil {
		w.t.Fatal(err)
	}
	w.engine.read(w.engine.ends[id])
}

// receive reads all packets delivered so far.
func (w *world) receive(id string) []byte {
	w.engine.release()
	marks := []byte{}
	buffer := make([]byte, slotSize)
	for {
		n, err := syscall.Read(w.far[id], buffer)
		if err != nil || n <= 0 {
			return marks
		}
		marks = append(marks, buffer[n-1])
	}
}

// pass advances the engine's clock.
func (w *world) pass(time time.Duration) { w.engine.start = w.engine.start.Add(-time) }

func address4(ip string) addressRequest { return addressRequest{IP: ip} }

func apart(rtt float64) []pairSettings {
	return []pairSettings{
		{"a", "a", linkSettings{RttMs: number(0)}},
		{"b", "b", linkSettings{RttMs: number(0)}},
		{"a", "b", linkSettings{RttMs: number(rtt)}},
	}
}

func TestDelaysByHalfTheRoundTrip(t *testing.T) {
	w := newWorld(t, apart(10000)...)
	w.attach("one", "a", address4("198.18.1.1"))
	w.attach("two", "b", address4("198.18.2.1"))
	before := w.engine.now()
	w.send("one", packet("198.18.1.1", "198.18.2.1", 1))
	after := w.engine.now()
	if due, half := w.engine.heap.due[0], int64(5*time.Second); due < before+half || due > after+half {
		t.Fatalf("due %v after it was sent, not half of 10 s", time.Duration(due-before))
	}
	w.pass(4 * time.Second)
	if got := w.receive("two"); len(got) != 0 {
		t.Fatalf("delivered after 4 s: %v", got)
	}
	w.pass(time.Second)
	if got := w.receive("two"); len(got) != 1 || got[0] != 1 {
		t.Fatalf("delivered %v", got)
	}
	if w.engine.slots.used != 0 {
		t.Fatalf("%d slots are still in use", w.engine.slots.used)
	}
}

func TestKeepsTheOrderOfAFlowUnderJitter(t *testing.T) {
	w := newWorld(t, apart(1)...)
	if err := w.engine.links.change(pairSettings{"a", "b", linkSettings{JitterMs: number(4)}}); err != nil {
		t.Fatal(err)
	}
	w.attach("one", "a", address4("198.18.1.1"))
	w.attach("two", "b", address4("198.18.2.1"))
	got := []byte{}
	for i := 0; i < 200; i++ {
		w.send("one", packet("198.18.1.1", "198.18.2.1", byte(i)))
		w.pass(100 * time.Microsecond)
		got = append(got, w.receive("two")...)
	}
	w.pass(30 * time.Millisecond)
	got = append(got, w.receive("two")...)
	if len(got) != 200 || !sort.SliceIsSorted(got, func(i, j int) bool { return got[i] < got[j] }) {
		t.Fatalf("%d packets, in the order %v", len(got), got)
	}
}

func TestJitterHasTheMeanItWasGiven(t *testing.T) {
	f := &flow{path: &path{jitter: int64(5 * time.Millisecond)}}
	r := &random{state: 42}
	sum, now := 0.0, int64(0)
	const draws = 20000
	for i := 0; i < draws; i++ {
		sum += float64(f.jitter(now, r))
		now += 20 * int64(time.Millisecond)
	}
	if mean := sum / draws / 1e6; math.Abs(mean-5) > 0.2 {
		t.Fatalf("the mean is %.2f ms, not 5", mean)
	}
}

func TestLosesTheShareItWasGiven(t *testing.T) {
	w := newWorld(t, apart(0)...)
	if err := w.engine.links.change(pairSettings{"a", "b", linkSettings{Loss: number(30)}}); err != nil {
		t.Fatal(err)
	}
	w.attach("one", "a", address4("198.18.1.1"))
	w.attach("two", "b", address4("198.18.2.1"))
	got := 0
	for i := 0; i < 3000; i++ {
		w.send("one", packet("198.18.1.1", "198.18.2.1", 0))
		got += len(w.receive("two"))
	}
	if got < 1950 || got > 2250 {
		t.Fatalf("%d of 3000 arrived; about 2100 were to", got)
	}
}

func TestLimitsBandwidth(t *testing.T) {
	w := newWorld(t, apart(0)...)
	// 60 bytes at 0.0048 Mbit/s take 100 ms.
	if err := w.engine.links.change(pairSettings{"a", "b", linkSettings{Mbps: number(0.0048)}}); err != nil {
		t.Fatal(err)
	}
	w.attach("one", "a", address4("198.18.1.1"))
	w.attach("two", "b", address4("198.18.2.1"))
	began := w.engine.now()
	for i := 0; i < 40; i++ {
		w.send("one", packet("198.18.1.1", "198.18.2.1", 0))
	}
	p := w.engine.path("a", "b")
	// One packet is on the wire and 200 ms of packets wait; each that has been sent meanwhile makes room for another.
	room := 3 + uint64((w.engine.now()-began)/int64(100*time.Millisecond))
	if accepted := 40 - p.overflow; accepted < 3 || accepted > room {
		t.Fatalf("%d of 40 packets were accepted", accepted)
	}
}

func TestDropsWhatMustNotPass(t *testing.T) {
	w := newWorld(t, apart(0)...)
	ports := []uint16{80}
	one := w.attach("one", "a", address4("198.18.1.1"), addressRequest{IP: "10.0.0.1", PrivatePrefix: 24})
	w.attach("two", "a", address4("198.18.1.2"), addressRequest{IP: "10.0.0.2", PrivatePrefix: 24})
	w.attach("three", "b", addressRequest{IP: "198.18.2.1", TCPPorts: &ports}, addressRequest{IP: "10.0.1.3", PrivatePrefix: 24})

	expect := func(what, to string, p []byte, arrives bool) {
		t.Helper()
		w.send("one", p)
		if got := len(w.receive(to)) == 1; got != arrives {
			t.Fatalf("%s: arrived %v", what, got)
		}
	}
	syn := func(port uint16, flags byte) []byte {
		p := packet("198.18.1.1", "198.18.2.1", 0)
		p[9] = syscall.IPPROTO_TCP
		binary.BigEndian.PutUint16(p[22:], port)
		p[33] = flags
		return p
	}
	expect("public", "two", packet("198.18.1.1", "198.18.1.2", 0), true)
	expect("private", "two", packet("10.0.0.1", "10.0.0.2", 0), true)
	expect("another private network", "three", packet("10.0.0.1", "10.0.1.3", 0), false)
	expect("from public to private", "two", packet("198.18.1.1", "10.0.0.2", 0), false)
	expect("from private to public", "two", packet("10.0.0.1", "198.18.1.2", 0), false)
	expect("a neighbour's address", "three", packet("198.18.1.2", "198.18.2.1", 0), false)
	expect("nobody", "three", packet("198.18.1.1", "198.18.9.9", 0), false)
	expect("an open port", "three", syn(80, 0x02), true)
	expect("a closed port", "three", syn(81, 0x02), false)
	expect("an answer", "three", syn(81, 0x12), true)
	expect("not IPv4", "three", append([]byte{0x60}, make([]byte, 59)...), false)
	expect("a stub", "three", []byte{0x45, 0}, false)
	if one.hidden != 3 || one.foreign != 1 || one.unknown != 1 || one.refused != 1 || one.other != 2 {
		t.Fatalf("counted %d hidden, %d foreign, %d unknown, %d refused, %d other", one.hidden, one.foreign, one.unknown, one.refused, one.other)
	}
	one.isolated = true
	expect("isolated", "two", packet("198.18.1.1", "198.18.1.2", 0), false)
}

func TestPacketsLeaveAPrivateNetworkThroughItsGateway(t *testing.T) {
	w := newWorld(t, apart(0)...)
	inside := func(ip string) addressRequest {
		return addressRequest{IP: ip, PrivatePrefix: 24, Gateway: "10.0.0.1"}
	}
	w.attach("one", "a", inside("10.0.0.2"))
	w.attach("outside", "b", address4("198.18.2.1"))

	expect := func(what, from, to string, p []byte, arrives bool) {
		t.Helper()
		w.send(from, p)
		if got := len(w.receive(to)) == 1; got != arrives {
			t.Fatalf("%s: arrived %v", what, got)
		}
	}
	expect("without a gateway", "one", "outside", packet("10.0.0.2", "198.18.2.1", 0), false)
	w.attach("gateway", "b", address4("198.18.1.1"), addressRequest{IP: "10.0.0.1", PrivatePrefix: 24})
	w.attach("two", "b", inside("10.0.0.3"))
	w.attach("apart", "b", addressRequest{IP: "10.0.0.4", PrivatePrefix: 24})
	expect("out", "one", "gateway", packet("10.0.0.2", "198.18.2.1", 0), true)
	expect("out, to nobody", "one", "gateway", packet("10.0.0.2", "192.0.2.1", 0), true)
	expect("to the gateway's public address", "one", "gateway", packet("10.0.0.2", "198.18.1.1", 0), true)
	expect("from there", "gateway", "one", packet("198.18.1.1", "10.0.0.2", 0), true)
	expect("in a neighbour's name", "gateway", "one", packet("10.0.0.3", "10.0.0.2", 0), false)
	expect("the answer", "gateway", "one", packet("198.18.2.1", "10.0.0.2", 0), true)
	expect("within", "one", "two", packet("10.0.0.2", "10.0.0.3", 0), true)
	expect("within, to nobody", "one", "gateway", packet("10.0.0.2", "10.0.0.9", 0), false)
	expect("from another in its place", "two", "one", packet("198.18.2.1", "10.0.0.2", 0), false)
	expect("from outside", "outside", "one", packet("198.18.2.1", "10.0.0.2", 0), false)
	expect("by the gateway to one that has none", "gateway", "apart", packet("198.18.2.1", "10.0.0.4", 0), false)

	for _, gateway := range []string{"10.0.0.2", "10.0.1.1", "198.18.1.1", "::1", "here"} {
		_, err := parseAttach(attachRequest{ID: "x", Device: "wan0", Addresses: []addressRequest{{IP: "10.0.0.2", PrivatePrefix: 24, Gateway: gateway}}})
		if err == nil {
			t.Fatalf("%q is taken for a gateway", gateway)
		}
	}
	if _, err := parseAttach(attachRequest{ID: "x", Device: "wan0", Addresses: []addressRequest{{IP: "198.18.1.1", Gateway: "198.18.1.2"}}}); err == nil {
		t.Fatal("a public address has a gateway")
	}
}

func TestWhatWasSentBeforeTheCutStillArrives(t *testing.T) {
	w := newWorld(t, apart(20)...)
	w.attach("one", "a", address4("198.18.1.1"))
	w.attach("two", "b", address4("198.18.2.1"))
	w.send("one", packet("198.18.1.1", "198.18.2.1", 1))
	if err := w.engine.links.change(pairSettings{"b", "a", linkSettings{Down: boolean(true)}}); err != nil {
		t.Fatal(err)
	}
	w.engine.applyLinks()
	w.send("one", packet("198.18.1.1", "198.18.2.1", 2))
	syscall.Close(w.engine.remove("one"))
	w.pass(12 * time.Millisecond)
	if got := w.receive("two"); len(got) != 1 || got[0] != 1 {
		t.Fatalf("delivered %v", got)
	}
}

func TestForgetsAnEndpointWithPacketsOnTheWayToIt(t *testing.T) {
	w := newWorld(t, apart(4)...)
	w.attach("one", "a", address4("198.18.1.1"))
	w.attach("two", "b", address4("198.18.2.1"))
	w.send("one", packet("198.18.1.1", "198.18.2.1", 1))
	syscall.Close(w.engine.remove("two"))
	// Another machine with the same address must not get them.
	w.attach("new two", "b", address4("198.18.2.1"))
	w.pass(4 * time.Millisecond)
	if got := w.receive("new two"); len(got) != 0 {
		t.Fatalf("delivered %v", got)
	}
	w.send("one", packet("198.18.1.1", "198.18.2.1", 2))
	w.pass(4 * time.Millisecond)
	if got := w.receive("new two"); len(got) != 1 || w.engine.slots.used != 0 {
		t.Fatalf("delivered %v, %d slots in use", got, w.engine.slots.used)
	}
}

func TestFullQueuesDropAndCount(t *testing.T) {
	w := newWorld(t, apart(10000)...)
	w.attach("one", "a", address4("198.18.1.1"))
	w.attach("two", "b", address4("198.18.2.1"))
	for i := 0; i < flowLimit+5; i++ {
		w.send("one", packet("198.18.1.1", "198.18.2.1", 0))
	}
	if p := w.engine.path("a", "b"); p.overflow != 5 || w.engine.slots.used != flowLimit {
		t.Fatalf("%d overflowed, %d in flight", p.overflow, w.engine.slots.used)
	}
}

func TestHeapYieldsTheEarliest(t *testing.T) {
	h := flowHeap{}
	for i := 0; i < 500; i++ {
		h.push(&flow{}, rand.Int63n(1000))
	}
	last := int64(-1)
	for len(h.flows) > 0 {
		if h.due[0] < last {
			t.Fatalf("%d after %d", h.due[0], last)
		}
		last = h.due[0]
		if rand.Intn(3) == 0 {
			h.replaceTop(last + rand.Int63n(100))
		} else {
			h.popTop()
		}
	}
}

func TestTheMatrixMustBeComplete(t *testing.T) {
	l := newLinks()
	pairs := apart(10)
	if err := l.setMatrix(append(pairs, pairSettings{"c", "a", linkSettings{RttMs: number(1)}}), nil); err == nil ||
		!strings.Contains(err.Error(), "no rttMs for b-c") {
		t.Fatalf("missing pair: %v", err)
	}
	if err := l.setMatrix(append(pairs, pairs[2]), nil); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Fatalf("same pair again: %v", err)
	}
	if err := l.setMatrix(pairs, []string{"d"}); err == nil || codeOf(err) != "unknown-location" {
		t.Fatalf("location in use: %v", err)
	}
	if err := l.setMatrix(pairs, []string{"a"}); err != nil {
		t.Fatal(err)
	}
}

func TestHealingGoesBackToTheMatrix(t *testing.T) {
	l := newLinks()
	if err := l.setMatrix(apart(10), nil); err != nil {
		t.Fatal(err)
	}
	for _, change := range []pairSettings{
		{"b", "a", linkSettings{RttMs: number(99)}},
		{"a", "b", linkSettings{Loss: number(1)}},
		{"a", "a", linkSettings{Down: boolean(true)}},
	} {
		if err := l.change(change); err != nil {
			t.Fatal(err)
		}
	}
	if s := l.of("a", "b"); *s.RttMs != 99 || *s.Loss != 1 {
		t.Fatalf("changes do not add up: %+v", s)
	}
	l.heal("b", "")
	if s := l.of("a", "b"); *s.RttMs != 10 || s.Loss != nil || !*l.of("a", "a").Down {
		t.Fatalf("healed %+v", s)
	}
	l.heal("", "")
	if len(l.override) != 0 {
		t.Fatalf("left: %v", l.override)
	}
}
