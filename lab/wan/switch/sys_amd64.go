package main

const (
	sysSetns             = 308
	sysEpollPwait2       = 441
	sysSchedSetscheduler = 144
	sysEventfd2          = 290
)
