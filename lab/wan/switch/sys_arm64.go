package main

const (
	sysSetns             = 268
	sysEpollPwait2       = 441
	sysSchedSetscheduler = 119
	sysEventfd2          = 19
)
