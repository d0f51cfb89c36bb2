package main

import (
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// answered are commands that the world answers; carriedOut are run for real, and reported to the world before and after.
var (
	answered   = []string{"etcdctl", "curl", "systemctl", "journalctl", "date", "sleep"}
	carriedOut = []string{"mv", "rm", "cp", "install", "mkdir", "touch"}
)

// answer is a command's output and exit status.
type answer struct {
	Stdout string
	Stderr string
	Code   int
}

type contextKind int

const (
	// contextStep is a step of the deploy: the one that may be cut off.
	contextStep contextKind = iota
	// contextUnit is a script of etcd's unit, for which the world waits.
	contextUnit
	// contextJoin is the unit that joins in the background: it continues when the world lets it.
	contextJoin
)

// mostCalls is more than any script that ends needs.
const mostCalls = 3000

// run is a running script.
type run struct {
	number  int
	kind    contextKind
	machine *machine
	script  string
	command *exec.Cmd
	output  bytes.Buffer
	code    int
	ended   chan struct{}

	// asked counts all commands that the world answers.
	asked int
	// calls counts commands that change something. The script is cut off at number cutAt, before or after it takes effect.
	calls    int
	cutAt    int
	cutAfter bool
	wasCut   bool
	cutOff   string

	// For a background script: a token in goOn ends its sleep, and one in sleeps says that it sleeps again.
	goOn   chan struct{}
	sleeps chan struct{}
	killed chan struct{}
}

// server answers the stand-ins of one world.
type server struct {
	// Held by whoever changes the world: the history, but for when it waits for scripts, or the answer to one of these.
	mutex    sync.Mutex
	world    *world
	listener *net.UnixListener
	runs     map[int]*run
	runsLock sync.Mutex
	lastRun  int
	// Whether background joins continue while a step sleeps.
	interleave func() bool
	// Whether somebody waits for the background joins already.
	joinsGoOn bool
}

func serve(w *world, socket string) *server {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	must(err)
	s := &server{world: w, listener: listener, runs: map[int]*run{}}
	w.server = s
	go func() {
		for {
			connection, err := listener.AcceptUnix()
			if err != nil {
				return
			}
			go s.answer(connection)
		}
	}()
	return s
}

// start prepares a script on a machine.
func (w *world) start(m *machine, kind contextKind, script string, args ...string) *run {
	s := w.server
	s.runsLock.Lock()
	s.lastRun++
	r := &run{number: s.lastRun, kind: kind, machine: m, script: script, ended: make(chan struct{}), goOn: make(chan struct{}), sleeps: make(chan struct{}), killed: make(chan struct{})}
	s.runs[r.number] = r
	s.runsLock.Unlock()
	if kind != contextUnit {
		m.changes.Add(1)
	}
	path := "/usr/local/sbin:/usr/bin:/bin"
	if kind == contextUnit {
		// The world waits for it and gives no answers meanwhile, so it gets the real commands.
		path = ".:/usr/bin:/bin"
	}
	command := []string{path, filepath.Join(m.dir, "local/lib/cdktf-etcd"), w.scripts}
	for place, from := range mounts {
		command = append(command, place, filepath.Join(m.dir, from))
	}
	r.command = exec.Command(w.standIn, slices.Concat(command, []string{"--", script}, args)...)
	r.command.Env = []string{
		socketVariable + "=" + s.listener.Addr().String(),
		runVariable + "=" + strconv.Itoa(r.number),
	}
	r.command.Stdout, r.command.Stderr = &r.output, &r.output
	r.command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return r
}

// wait runs a script to its end.
func (w *world) wait(r *run) {
	must(r.command.Start())
	if r.kind == contextUnit {
		w.waitStarted(r)
		return
	}
	w.let(func() { w.waitStarted(r) })
}

// let waits for scripts that are answered meanwhile.
func (w *world) let(wait func()) {
	w.server.mutex.Unlock()
	defer w.server.mutex.Lock()
	wait()
}

func (w *world) waitStarted(r *run) {
	_ = r.command.Wait()
	r.code = r.command.ProcessState.ExitCode()
	if r.kind != contextUnit {
		r.machine.changes.Add(1)
	}
	close(r.ended)
	s := w.server
	s.runsLock.Lock()
	delete(s.runs, r.number)
	s.runsLock.Unlock()
}

func (r *run) kill() {
	if r.command.Process != nil {
		_ = syscall.Kill(-r.command.Process.Pid, syscall.SIGKILL)
	}
}

func (s *server) answer(connection *net.UnixConn) {
	defer connection.Close()
	// Read and written by blocking system calls, without Go's poller.
	file, err := connection.File()
	if err != nil {
		return
	}
	defer file.Close()
	fd := int(file.Fd())
	asked, err := receiveWords(fd)
	if err != nil {
		return
	}
	number, _ := strconv.Atoi(asked[0])
	args := asked[1:]
	s.runsLock.Lock()
	r := s.runs[number]
	s.runsLock.Unlock()
	if r == nil {
		return
	}
	if r.kind == contextJoin && args[0] == "sleep" {
		for _, step := range []func() bool{r.tell, r.hear} {
			if !step() {
				return
			}
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if r.wasCut || closed(r.killed) {
		return
	}
	if r.kind != contextUnit {
		r.machine.changes.Add(1)
	}
	carriedOut := slices.Contains(carriedOut, args[0])
	changing := carriedOut || changes(args)
	if changing {
		r.calls++
	}
	cutHere := changing && r.kind == contextStep && r.calls == r.cutAt
	if cutHere {
		r.cutOff = fmt.Sprintf("%v", args)
		r.wasCut = true
		if !r.cutAfter {
			r.kill()
			return
		}
	}
	if carriedOut {
		if send(fd, []string{"carry out"}) != nil {
			return
		}
		// Other scripts cannot interfere meanwhile: this one changes files of its own machine.
		var err error
		s.world.let(func() { _, err = receiveWords(fd) })
		if err != nil {
			return
		}
		if cutHere {
			r.kill()
			return
		}
		_ = send(fd, nil)
		return
	}
	told := s.say(r, args)
	if r.asked++; r.asked > mostCalls {
		s.world.violate(endsHealthy, "%v on %s comes to no end", r.script, r.machine)
	}
	// After a violation the clock stands still, and a waiting script would never end.
	if cutHere || s.world.verdict != nil {
		r.kill()
		return
	}
	_ = send(fd, []string{told.Stdout, told.Stderr, string([]byte{byte(told.Code)})})
}

// tell and hear are the two halves of a background script's sleep; both return false once it is killed.
func (r *run) tell() bool {
	select {
	case r.sleeps <- struct{}{}:
		return true
	case <-r.killed:
		return false
	}
}

func (r *run) hear() bool {
	select {
	case <-r.goOn:
		return true
	case <-r.killed:
		return false
	}
}

// startJoin is systemctl start --no-block etcd-join.service.
func (m *machine) startJoin() { m.joinWanted = true }

// endJoin is systemctl stop etcd-join.service.
func (m *machine) endJoin() {
	m.joinWanted = false
	if r := m.join; r != nil {
		m.join = nil
		close(r.killed)
		r.kill()
	}
}

// letJoinsGoOn lets every background join continue to its next sleep or its end.
func (w *world) letJoinsGoOn() {
	if w.server.joinsGoOn {
		return
	}
	w.server.joinsGoOn = true
	defer func() { w.server.joinsGoOn = false }()
	for _, m := range append([]*machine{}, w.machines...) {
		if !m.up || !m.joinWanted {
			continue
		}
		r := m.join
		begins := r == nil
		if begins {
			r = w.start(m, contextJoin, "/usr/local/lib/cdktf-etcd/join")
			m.join = r
			must(r.command.Start())
			go w.waitStarted(r)
		}
		w.let(func() {
			if !begins {
				select {
				case r.goOn <- struct{}{}:
				case <-r.ended:
				case <-r.killed:
				}
			}
			select {
			case <-r.sleeps:
			case <-r.killed:
			case <-r.ended:
			}
		})
		if m.join == r && closed(r.ended) {
			m.join = nil
			// Restart=on-failure
			m.joinWanted = r.code != 0
			w.note("%s: the join in the background ended with %d: %s", m, r.code, lastLine(r.output.String()))
		}
	}
}

func closed(channel chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}
