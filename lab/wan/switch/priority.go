package main

import (
	"syscall"
	"unsafe"
)

// raisePriority gives this thread priority over the machines on the same processors. It returns what the kernel granted:
// "rr" (real time), "nice" (a higher priority) or "none".
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
