package main

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// listen opens the control socket. A lock on a file beside it tells whether a switch still serves an existing socket.
func listen(path string) (net.Listener, error) {
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("another switch serves %s", path)
	}
	keepLock = lock
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	return net.Listen("unix", path)
}

// keepLock keeps the lock file open, and so locked, until the process ends.
var keepLock *os.File
