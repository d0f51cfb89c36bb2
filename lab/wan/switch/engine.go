package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

const (
	totalSlots   = 1 << 16 // 128 MiB if all are in use at once
	flowLimit    = 1 << 14 // a flow may not take everything: 16384 full packets are 1.7 Gbit/s over 112 ms
	wireBacklog  = int64(200 * time.Millisecond)
	readBurst    = 32
	releaseBurst = 128
)

// An address is one IPv4 address of an endpoint.
type address struct {
	ip       uint32
	network  uint32 // with mask: the private network it belongs to
	mask     uint32 // 0 means public: reachable from every public address
	location string
	end      *endpoint
	// What may be opened towards this address by TCP: everything, or only these ports.
	closed bool
	open   map[uint16]bool
}

// An endpoint is one TUN device.
type endpoint struct {
	spec      attachRequest
	fd        int
	addresses []*address
	isolated  bool
	lost      bool // its device or namespace was removed behind our back

	in, inBytes, out, outBytes                                         uint64
	foreign, unknown, refused, hidden, isolatedDrops, writeErrs, other uint64
}

// engine owns all state. Everything in it is touched by one locked OS thread only; others hand it functions.
type engine struct {
	epoll    int
	wake     int
	commands chan func()
	start    time.Time
	random   random
	slots    *slots
	heap     flowHeap
	bias     int64 // what the kernel adds one way, whatever the load
	late     int64 // how late packets are delivered, in the middle: see noteLateness
	worst    int64 // the latest delivery since somebody asked
	pwait2   bool

	ends      map[string]*endpoint
	byFd      map[int32]*endpoint
	addresses map[uint32]*address
	flows     map[uint64]*flow
	paths     map[string]map[string]*path
	links     *links

	totalIn, totalOut, totalDropped uint64
	peakQueue                       int
	rateAt                          int64
	rateOut                         uint64
	rate                            float64
	scheduler                       string
}

func newEngine(bias time.Duration) (*engine, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	wake, _, errno := syscall.RawSyscall(sysEventfd2, 0, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if errno != 0 {
		return nil, fmt.Errorf("eventfd2: %w", errno)
	}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(wake)}
	if err := syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, int(wake), &event); err != nil {
		return nil, fmt.Errorf("epoll_ctl: %w", err)
	}
	slots, err := newSlots(totalSlots)
	if err != nil {
		return nil, err
	}
	return &engine{
		epoll:     epoll,
		wake:      int(wake),
		commands:  make(chan func(), 64),
		start:     time.Now(),
		random:    random{state: uint64(time.Now().UnixNano()) | 1},
		slots:     slots,
		bias:      int64(bias),
		late:      int64(30 * time.Microsecond),
		pwait2:    true,
		ends:      map[string]*endpoint{},
		byFd:      map[int32]*endpoint{},
		addresses: map[uint32]*address{},
		flows:     map[uint64]*flow{},
		paths:     map[string]map[string]*path{},
		links:     newLinks(),
	}, nil
}

func (e *engine) now() int64 { return int64(time.Since(e.start)) }

// do runs f on the engine's thread and waits for it.
func (e *engine) do(f func()) {
	done := make(chan struct{})
	e.commands <- func() { f(); close(done) }
	one := [8]byte{1}
	if _, err := syscall.Write(e.wake, one[:]); err != nil && err != syscall.EAGAIN {
		panic(err)
	}
	<-done
}

// run is the switch itself; it never returns.
func (e *engine) run() error {
	runtime.LockOSThread()
	e.scheduler = raisePriority()
	events := make([]syscall.EpollEvent, 64)
	for {
		count, err := e.wait(events)
		if err != nil {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for i := 0; i < count; i++ {
			fd := events[i].Fd
			if int(fd) == e.wake {
				e.runCommands()
				continue
			}
			if end := e.byFd[fd]; end != nil {
				e.read(end)
				e.release()
			}
		}
		e.release()
	}
}

func (e *engine) runCommands() {
	var buffer [8]byte
	_, _ = syscall.Read(e.wake, buffer[:]) // only clears the counter
	for {
		select {
		case f := <-e.commands:
			f()
		default:
			return
		}
	}
}

// wait sleeps until a device has a packet or the first packet in flight is due, to the nanosecond as far as the kernel
// is concerned: Go's own timers are only good to a millisecond.
func (e *engine) wait(events []syscall.EpollEvent) (int, error) {
	var timeout syscall.Timespec
	var pointer unsafe.Pointer
	if len(e.heap.due) > 0 {
		rest := e.heap.due[0] - e.now()
		if rest < 0 {
			rest = 0
		}
		timeout = syscall.NsecToTimespec(rest)
		pointer = unsafe.Pointer(&timeout)
	}
	for e.pwait2 {
		// Raw: a call that the runtime knows of may have to wait for other threads when it returns, and those do not have this thread's
		// priority. Should the runtime need this thread, its signal ends the call.
		n, _, errno := syscall.RawSyscall6(sysEpollPwait2, uintptr(e.epoll), uintptr(unsafe.Pointer(&events[0])),
			uintptr(len(events)), uintptr(pointer), 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
			return 0, nil
		case syscall.ENOSYS:
			e.pwait2 = false
		default:
			return 0, errno
		}
	}
	// Linux before 5.11: an epoll descriptor can itself be polled, and ppoll has always known nanoseconds.
	poll := struct {
		fd      int32
		events  int16
		revents int16
	}{fd: int32(e.epoll), events: 1}
	_, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, uintptr(pointer), 0, 8, 0)
	if errno != 0 && errno != syscall.EINTR {
		return 0, errno
	}
	n, err := syscall.EpollWait(e.epoll, events, 0)
	if err == syscall.EINTR {
		return 0, nil
	}
	return n, err
}

// read takes what one device has sent, in bursts so that nobody is starved.
func (e *engine) read(end *endpoint) {
	for i := 0; i < readBurst; i++ {
		slot := e.slots.take()
		if slot == none {
			// Full: the packet is read and forgotten, as a router with full buffers does it.
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

// accept puts a packet in its queue, or says no.
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
	// Waking up takes its time twice: once to deliver, which is measured, and about as long once to notice that the packet is there.
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

// newFlow finds out whether these two may talk at all.
func (e *engine) newFlow(end *endpoint, from, to uint32) *flow {
	source := e.addresses[from]
	if source == nil || source.end != end {
		end.foreign++ // not one of its own addresses
		return nil
	}
	target := e.addresses[to]
	if target == nil {
		end.unknown++
		return nil
	}
	if source.mask != target.mask || source.network != target.network {
		end.hidden++ // a private network is reachable only from within
		return nil
	}
	f := &flow{from: source, to: target, path: e.path(source.location, target.location), head: none, tail: none, heapIndex: -1}
	e.flows[uint64(from)<<32|uint64(to)] = f
	return f
}

// admits says whether a packet may go to a closed address: all but the opening of a TCP connection to another port.
func (a *address) admits(packet []byte) bool {
	header := int(packet[0]&15) * 4
	// Fragments after the first carry no ports; without the first one they come to nothing.
	if packet[9] != syscall.IPPROTO_TCP || binary.BigEndian.Uint16(packet[6:])&0x1fff != 0 {
		return true
	}
	if len(packet) < header+14 {
		return false
	}
	const syn, ack = 0x02, 0x10
	if packet[header+13]&(syn|ack) != syn {
		return true
	}
	return a.open[binary.BigEndian.Uint16(packet[header+2:])]
}

// release delivers what is due.
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
			// Delivering takes time as well: what has become due meanwhile need not wait for another turn.
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

// noteLateness follows the median of how long after its time the first packet of each turn is delivered: on an idle machine a processor has to be
// woken, on a busy one the switch is awake already. A median, in small steps, because one long pause says nothing about the next.
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

// lose takes an endpoint whose device has gone out of the loop, or epoll would report it without end.
func (e *engine) lose(end *endpoint) {
	if end.fd < 0 {
		return
	}
	fd := end.fd
	e.unplug(end)
	end.lost = true
	go syscall.Close(fd)
}

// unplug forgets the descriptor of an endpoint; the caller closes it, away from this thread because removing a device takes
// the kernel milliseconds.
func (e *engine) unplug(end *endpoint) {
	_ = syscall.EpollCtl(e.epoll, syscall.EPOLL_CTL_DEL, end.fd, nil)
	delete(e.byFd, int32(end.fd))
	end.fd = -1
}

// plug puts a new endpoint into the loop.
func (e *engine) plug(end *endpoint) error {
	for _, a := range end.addresses {
		if other := e.addresses[a.ip]; other != nil && other.end != end {
			return failure("address-taken", "%s is already the address of %q", ipString(a.ip), other.end.spec.ID)
		}
		if !e.links.knows(a.location) {
			return failure("unknown-location", "location %q of %q is not in the matrix; known: %s", a.location, end.spec.ID, e.links.known())
		}
	}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(end.fd)}
	if err := syscall.EpollCtl(e.epoll, syscall.EPOLL_CTL_ADD, end.fd, &event); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	e.ends[end.spec.ID] = end
	e.byFd[int32(end.fd)] = end
	for _, a := range end.addresses {
		e.addresses[a.ip] = a
	}
	return nil
}

// remove forgets an endpoint and returns its descriptor, or -1. What it sent before is still delivered: those packets had
// left it already.
func (e *engine) remove(id string) int {
	end := e.ends[id]
	if end == nil {
		return -1
	}
	fd := end.fd
	if fd >= 0 {
		e.unplug(end)
	}
	for key, f := range e.flows {
		if f.from.end == end || f.to.end == end {
			delete(e.flows, key)
		}
	}
	for _, a := range end.addresses {
		delete(e.addresses, a.ip)
	}
	delete(e.ends, id)
	return fd
}

// path is the state of one direction; made at first use and kept, so that its counters live on.
func (e *engine) path(a, b string) *path {
	row := e.paths[a]
	if row == nil {
		row = map[string]*path{}
		e.paths[a] = row
	}
	p := row[b]
	if p == nil {
		p = &path{a: a, b: b}
		e.links.apply(p)
		row[b] = p
	}
	return p
}

func (e *engine) applyLinks() {
	for _, row := range e.paths {
		for _, p := range row {
			e.links.apply(p)
		}
	}
}

// raisePriority asks for a place in front of the machines on the same processors; it says what it got.
func raisePriority() string {
	const (
		prSetTimerslack  = 29
		schedRR          = 2
		schedResetOnFork = 0x40000000 // the runtime's other threads stay ordinary
	)
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetTimerslack, 1, 0)
	priority := int32(10)
	_, _, errno := syscall.RawSyscall(sysSchedSetscheduler, 0, schedRR|schedResetOnFork, uintptr(unsafe.Pointer(&priority)))
	if errno == 0 {
		return "rr"
	}
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, -15); err == nil {
		return "nice"
	}
	return "none"
}

// requestError is an error with a name that a program can tell apart.
type requestError struct{ code, message string }

func (e *requestError) Error() string { return e.message }

func failure(code, format string, args ...interface{}) error {
	return &requestError{code, fmt.Sprintf(format, args...)}
}

func codeOf(err error) string {
	var known *requestError
	if errors.As(err, &known) {
		return known.code
	}
	return "system"
}
