package main

import "math"

// path is one direction between two locations: what happens to packets there.
type path struct {
	a, b   string
	delay  int64  // one way, ns
	jitter int64  // mean extra delay one way, ns
	loss   uint64 // a random 32-bit number below this means the packet is lost
	down   bool
	nsByte float64 // ns to put one byte on the wire; 0 is no limit

	wireFree int64 // when the wire will have sent all packets given to it

	packets, bytes, lost, cut, overflow uint64
}

// flow is a queue of the packets from one address to another, in the order of arrival. No packet is due before the one
// in front of it, so jitter never changes their order.
type flow struct {
	from, to   *address
	path       *path
	head, tail int32
	count      int
	last       int64 // when the last packet is due
	heapIndex  int   // -1 while the queue is empty

	spellEnds int64 // until when spell applies
	spell     int64 // the extra delay, ns
}

// spellFactor times the mean jitter is how long a flow keeps an extra delay before it draws another. With a draw for each
// packet, all would be delayed by the greatest of the recent draws, as packets keep their order, and the mean would grow
// with the rate; that of a real queue on the path does not.
const spellFactor = 2

func (f *flow) jitter(now int64, r *random) int64 {
	mean := f.path.jitter
	if mean == 0 {
		return 0
	}
	if now >= f.spellEnds {
		extra := -math.Log(1-r.unit()) * float64(mean)
		if limit := float64(8 * mean); extra > limit {
			extra = limit
		}
		f.spell = int64(extra)
		f.spellEnds = now + spellFactor*mean
	}
	return f.spell
}

// flowHeap holds the flows with packets; the one whose head is due first is on top.
type flowHeap struct {
	flows []*flow
	due   []int64 // of the heads; apart from the flows, so that sifting touches few cache lines
}

func (h *flowHeap) push(f *flow, due int64) {
	h.flows = append(h.flows, f)
	h.due = append(h.due, due)
	f.heapIndex = len(h.flows) - 1
	h.up(f.heapIndex)
}

// replaceTop changes when the head of the top flow is due.
func (h *flowHeap) replaceTop(due int64) {
	h.due[0] = due
	h.down(0)
}

func (h *flowHeap) popTop() {
	last := len(h.flows) - 1
	h.flows[0].heapIndex = -1
	if last > 0 {
		h.flows[0], h.due[0] = h.flows[last], h.due[last]
		h.flows[0].heapIndex = 0
	}
	h.flows[last] = nil
	h.flows, h.due = h.flows[:last], h.due[:last]
	if last > 1 {
		h.down(0)
	}
}

func (h *flowHeap) swap(i, j int) {
	h.flows[i], h.flows[j] = h.flows[j], h.flows[i]
	h.due[i], h.due[j] = h.due[j], h.due[i]
	h.flows[i].heapIndex, h.flows[j].heapIndex = i, j
}

func (h *flowHeap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if h.due[parent] <= h.due[i] {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *flowHeap) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h.due) {
			return
		}
		if right := child + 1; right < len(h.due) && h.due[right] < h.due[child] {
			child = right
		}
		if h.due[i] <= h.due[child] {
			return
		}
		h.swap(i, child)
		i = child
	}
}

// random is xorshift64*: good enough for loss and jitter, and a few instructions long.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state ^= r.state >> 12
	r.state ^= r.state << 25
	r.state ^= r.state >> 27
	return r.state * 2685821657736338717
}

// unit is in [0, 1).
func (r *random) unit() float64 { return float64(r.next()>>11) / (1 << 53) }
