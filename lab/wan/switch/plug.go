package main

import (
	"fmt"
	"syscall"
)

// plug adds a new endpoint to the event loop.
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

// remove forgets an endpoint and returns its descriptor, or -1. Packets that it has sent are still delivered.
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

// lose unplugs an endpoint whose device is gone, as epoll would report it endlessly.
func (e *engine) lose(end *endpoint) {
	if end.fd < 0 {
		return
	}
	fd := end.fd
	e.unplug(end)
	end.lost = true
	go syscall.Close(fd)
}

// unplug takes an endpoint out of the event loop. The caller closes its descriptor on another thread, because removing a
// device takes the kernel milliseconds.
func (e *engine) unplug(end *endpoint) {
	_ = syscall.EpollCtl(e.epoll, syscall.EPOLL_CTL_DEL, end.fd, nil)
	delete(e.byFd, int32(end.fd))
	end.fd = -1
}
