package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Stand-ins: this program under the name of a command, first in the scripts' PATH. It asks the world what that command says and how it ends; where files are
// changed it has the real command do it, and tells before and after.

// answered are commands of which the world gives the answer; carriedOut are run for real.
var (
	answered   = []string{"etcdctl", "curl", "systemctl", "journalctl", "date", "sleep"}
	carriedOut = []string{"mv", "rm", "cp", "install", "mkdir", "touch"}
)

const (
	socketVariable  = "CDKTF_ETCD_EXPLORATION_SOCKET"
	contextVariable = "CDKTF_ETCD_EXPLORATION_RUN"
)

type question struct {
	Run  int      `json:"run"`
	Args []string `json:"args"`
}

type answer struct {
	Stdout string `json:"stdout,omitempty"`
	Stderr string `json:"stderr,omitempty"`
	Code   int    `json:"code,omitempty"`
	// CarryOut asks the stand-in to run the real command and to tell when that has ended.
	CarryOut bool `json:"carryOut,omitempty"`
}

// standIn is the whole life of a stand-in.
func standIn(name string) int {
	connection, err := net.Dial("unix", os.Getenv(socketVariable))
	if err != nil {
		return 111
	}
	defer connection.Close()
	run := 0
	for _, digit := range os.Getenv(contextVariable) {
		run = run*10 + int(digit-'0')
	}
	asking, telling := json.NewEncoder(connection), json.NewDecoder(connection)
	var told answer
	if asking.Encode(question{run, append([]string{name}, os.Args[1:]...)}) != nil || telling.Decode(&told) != nil {
		return 111
	}
	if !told.CarryOut {
		io.WriteString(os.Stdout, told.Stdout)
		io.WriteString(os.Stderr, told.Stderr)
		return told.Code
	}
	command := exec.Command(filepath.Join("/usr/bin", name), os.Args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = command.Run()
	if asking.Encode(question{Run: run}) != nil || telling.Decode(&told) != nil {
		return 111
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return failed.ExitCode()
	}
	if err != nil {
		return 127
	}
	return 0
}

// enter gives a script the directories of one machine, and becomes it. Called in a mount namespace of its own.
func enter(dir, scripts string, command []string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount(scripts, filepath.Join(dir, "local/lib/cdktf-etcd"), "", syscall.MS_BIND, ""); err != nil {
		return err
	}
	for place, from := range mounts {
		if err := syscall.Mount(filepath.Join(dir, from), place, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
			return err
		}
	}
	environment := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "CDKTF_ETCD_EXPLORATION_") {
			environment = append(environment, variable)
		}
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	syscall.Umask(0o077)
	return syscall.Exec("/bin/sh", append([]string{"sh"}, command...), environment)
}
