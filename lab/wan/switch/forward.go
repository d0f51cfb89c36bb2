package main

import (
	"encoding/binary"
	"syscall"
	"time"
	"unsafe"
)

const (
	flowLimit    = 1 << 14                       // packets of one flow, so that it cannot take all slots: 1.7 Gbit/s over 112 ms
	wireBacklog  = int64(200 * time.Millisecond) // what may wait for a wire of limited rate
	readBurst    = 32                            // packets from one device
	releaseBurst = 128                           // packets before devices are read again
)

// read takes packets from one device, at most readBurst, so that other devices get their turn.
func (e *engine) read(end *endpoint) {
	for i := 0; i < readBurst; i++ {
		slot := e.slots.take()
		if slot == none {
			// No slot is free: the packet is read and dropped, as by a router whose buffers are full.
			var scrap [slotSize]byte
			n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(end.fd), uintptr(unsafe.Pointer(&scrap[0])), slotSize)
			if errno != 0 {
				return
			}
			end.in++
			end.inBytes += uint64(n)
			e.totalIn++
			e.totalDropped++
			end.other++
			continue
		}
		data := e.slots.data(slot)
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(end.fd), uintptr(unsafe.Pointer(&data[0])), slotSize)
		if errno != 0 {
			e.slots.give(slot)
			if errno != syscall.EAGAIN && errno != syscall.EINTR {
				e.lose(end)
			}
			return
		}
		end.in++
		end.inBytes += uint64(n)
		e.totalIn++
		if !e.accept(end, slot, data[:n]) {
			e.slots.give(slot)
			e.totalDropped++
		}
	}
}

// accept puts a packet into the queue of its flow; false means that it is to be dropped.
func (e *engine) accept(end *endpoint, slot int32, packet []byte) bool {
	if len(packet) < 20 || packet[0]>>4 != 4 {
		end.other++ // IPv6 neighbour discovery and the like: there is only IPv4 here
		return false
	}
	if end.isolated {
		end.isolatedDrops++
		return false
	}
	from := binary.BigEndian.Uint32(packet[12:])
	to := binary.BigEndian.Uint32(packet[16:])
	f := e.flows[uint64(from)<<32|uint64(to)]
	if f == nil || f.from.end != end {
		if f = e.newFlow(end, from, to); f == nil {
			return false
		}
	}
	if f.to.closed && !f.to.admits(packet) {
		end.refused++
		return false
	}
	p := f.path
	p.packets++
	p.bytes += uint64(len(packet))
	if p.down {
		p.cut++
		return false
	}
	if p.loss != 0 && e.random.next()>>32 < p.loss {
		p.lost++
		return false
	}
	if f.count >= flowLimit {
		p.overflow++
		return false
	}
	now := e.now()
	sent := now
	if p.nsByte != 0 {
		if p.wireFree > now {
			sent = p.wireFree
		}
		if sent-now > wireBacklog {
			p.overflow++
			return false
		}
		sent += int64(p.nsByte * float64(len(packet)))
		p.wireFree = sent
	}
	// The switch wakes up twice for a packet, to take it and to deliver it. The lateness of the second is measured; that
	// of the first is about the same.
	due := sent + p.delay + f.jitter(now, &e.random) - e.bias - 2*e.late
	if due < now {
		due = now
	}
	if due < f.last {
		due = f.last
	}
	f.last = due
	e.slots.length[slot] = uint16(len(packet))
	e.slots.due[slot] = due
	e.slots.next[slot] = none
	if f.count == 0 {
		f.head, f.tail = slot, slot
		e.heap.push(f, due)
	} else {
		e.slots.next[f.tail] = slot
		f.tail = slot
	}
	f.count++
	if e.slots.used > e.peakQueue {
		e.peakQueue = e.slots.used
	}
	return true
}

// newFlow makes the flow from one address to another. If nothing may pass between them, it counts that and returns nil.
func (e *engine) newFlow(end *endpoint, from, to uint32) *flow {
	source, target := e.addresses[from], e.addresses[to]
	if target != nil && target.gateway != 0 && from&target.mask != target.network {
		// The target's gateway hands on what others have sent, or sends under its own public address.
		if gateway := e.addresses[target.gateway]; gateway != nil && gateway.end == end {
			source = gateway
		}
	}
	if source == nil || source.end != end {
		end.foreign++ // not one of its own addresses
		return nil
	}
	if source.gateway != 0 && to&source.mask != source.network && e.addresses[source.gateway] != nil {
		target = e.addresses[source.gateway]
	}
	if target == nil {
		end.unknown++
		return nil
	}
	if source.mask != target.mask || source.network != target.network {
		end.hidden++ // a private network is reachable only from inside
		return nil
	}
	f := &flow{from: source, to: target, path: e.path(source.location, target.location), head: none, tail: none, heapIndex: -1}
	e.flows[uint64(from)<<32|uint64(to)] = f
	return f
}

// release delivers packets that are due, at most releaseBurst.
func (e *engine) release() {
	if len(e.heap.due) == 0 {
		return
	}
	now := e.now()
	if due := e.heap.due[0]; due <= now {
		e.noteLateness(now - due)
	}
	for i := 0; i < releaseBurst && len(e.heap.due) > 0; i++ {
		if e.heap.due[0] > now {
			// Deliveries take time: the next packet may have become due meanwhile.
			if now = e.now(); e.heap.due[0] > now {
				return
			}
		}
		f := e.heap.flows[0]
		slot := f.head
		f.head = e.slots.next[slot]
		f.count--
		if f.count == 0 {
			f.tail = none
			e.heap.popTop()
		} else {
			e.heap.replaceTop(e.slots.due[f.head])
		}
		e.deliver(f, slot)
		e.slots.give(slot)
	}
}

// noteLateness tracks the median lateness of the first packet of each turn. It depends on the load: on an idle machine a
// processor has to be woken first, on a busy one the switch is awake already. A single long pause says nothing about the
// next packet, hence the median and its small steps.
func (e *engine) noteLateness(late int64) {
	if late > e.worst {
		e.worst = late
	}
	const step, most = int64(500), int64(250 * time.Microsecond)
	switch {
	case late > e.late && e.late < most:
		e.late += step
	case late < e.late && e.late > 0:
		e.late -= step
	}
}

// deliver hands a packet to the device of its target.
func (e *engine) deliver(f *flow, slot int32) {
	end := f.to.end
	switch {
	case end.fd < 0:
		e.totalDropped++
		return
	case end.isolated:
		end.isolatedDrops++
		e.totalDropped++
		return
	}
	data := e.slots.data(slot)
	n := uintptr(e.slots.length[slot])
	_, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(end.fd), uintptr(unsafe.Pointer(&data[0])), n)
	if errno != 0 {
		end.writeErrs++
		e.totalDropped++
		if errno == syscall.EBADFD {
			e.lose(end)
		}
		return
	}
	end.out++
	end.outBytes += uint64(n)
	e.totalOut++
}
