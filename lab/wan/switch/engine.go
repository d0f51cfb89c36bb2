package main

import (
	"fmt"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// totalSlots is how many packets can be in flight at once: 128 MiB.
const totalSlots = 1 << 16

// engine is the switch, with all of its state. Only run uses that, on an OS thread of its own; other goroutines pass
// functions to it, see do.
type engine struct {
	epoll    int
	wake     int
	commands chan func()
	start    time.Time
	random   random
	slots    *slots
	heap     flowHeap
	bias     int64 // ns that the kernel adds to each packet's delay, whatever the load
	late     int64 // median lateness of deliveries in ns, see noteLateness
	worst    int64 // greatest lateness since the last stats request, in ns
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

// run forwards packets until epoll fails.
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
	_, _ = syscall.Read(e.wake, buffer[:]) // clears the counter
	for {
		select {
		case f := <-e.commands:
			f()
		default:
			return
		}
	}
}

// wait sleeps until a device has a packet or the first packet in flight is due. The kernel takes that time in
// nanoseconds; Go's own timers are exact only to about a millisecond.
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
		// A raw system call, without the runtime's knowledge: after any other, the runtime may have this thread wait for
		// threads of lower priority. If it needs this thread, it sends a signal, which ends the call.
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
	// Linux before 5.11: ppoll takes nanoseconds, and can wait for an epoll descriptor.
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

// path returns one direction between two locations. It is made at first use, and kept for its counters.
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

// applyLinks updates all paths to the settings of their links.
func (e *engine) applyLinks() {
	for _, row := range e.paths {
		for _, p := range row {
			e.links.apply(p)
		}
	}
}
