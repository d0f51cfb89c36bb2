// A stand-in for a command, under whose name it lies first in the scripts' PATH. It asks the world what that command says and how it ends; where files are changed it has the
// real command do it, and tells before and after. Under any other name it gives a script the directories of one machine, and becomes it.
package main

import (
	"os"
	"syscall"

	"lab.invalid/exploration/wire"
)

const (
	lost    = 111
	cantRun = 126
)

func main() {
	name := os.Args[0]
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			name = name[i+1:]
			break
		}
	}
	if name == "stand-in" {
		enter(os.Args[1:])
		os.Exit(cantRun)
	}
	os.Exit(standIn(name))
}

func standIn(name string) int {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return lost
	}
	if syscall.Connect(fd, &syscall.SockaddrUnix{Name: os.Getenv(wire.SocketVariable)}) != nil {
		return lost
	}
	if wire.Send(fd, append([]string{os.Getenv(wire.RunVariable), name}, os.Args[1:]...)) != nil {
		return lost
	}
	told, err := wire.Receive(fd)
	if err != nil {
		return lost
	}
	if len(told) == 3 {
		os.Stdout.WriteString(told[0])
		os.Stderr.WriteString(told[1])
		return int(told[2][0])
	}
	code := carryOut(name)
	if wire.Send(fd, nil) != nil {
		return lost
	}
	if _, err := wire.Receive(fd); err != nil {
		return lost
	}
	return code
}

func carryOut(name string) int {
	pid, err := syscall.ForkExec("/usr/bin/"+name, append([]string{name}, os.Args[1:]...), &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		return cantRun
	}
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	return status.ExitStatus()
}

// enter PATH, pairs of a place and what is to be there, "--", and the script: called in a mount namespace of its own.
func enter(args []string) {
	if syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "") != nil {
		return
	}
	path := args[0]
	i := 1
	for ; args[i] != "--"; i += 2 {
		if syscall.Mount(args[i+1], args[i], "", syscall.MS_BIND|syscall.MS_REC, "") != nil {
			os.Stderr.WriteString("can't mount " + args[i+1] + " at " + args[i] + "\n")
			return
		}
	}
	environment := []string{"PATH=" + path, "LC_ALL=C"}
	for _, name := range []string{wire.SocketVariable, wire.RunVariable} {
		environment = append(environment, name+"="+os.Getenv(name))
	}
	syscall.Chdir("/")
	syscall.Umask(0o077)
	syscall.Exec("/bin/sh", append([]string{"sh"}, args[i+1:]...), environment)
}
