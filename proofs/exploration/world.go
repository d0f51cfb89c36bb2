package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// mounts are the directories that each machine has its own of, and their places below the machine's directory.
var mounts = map[string]string{"/etc": "etc", "/var/lib": "varlib", "/run": "run", "/usr/local": "local", "/tmp": "tmp"}

type link struct{ a, b string }

func linkOf(a, b *machine) link {
	if a.address > b.address {
		a, b = b, a
	}
	return link{a.address, b.address}
}

// trouble is a fault between the next machine of a name and those of another: some lost requests, or a cut link.
type trouble struct {
	of, to string
	count  int
}

// world is the state of one history.
type world struct {
	dir       string
	scripts   string
	standIns  string
	standIn   string
	server    *server
	terraform *terraform
	token     string

	now         float64
	lastStep    float64
	machines    []*machine
	replicas    map[string]*replica
	lastReplica int
	lastPid     int
	lastWrite   int
	wroteAt     float64
	cut         map[link]bool
	// missed is how many requests from one machine to another will be lost.
	missed map[[2]string]int
	next   []trouble

	history []string
	verdict *violation
	truth   truth
}

func newWorld(dir, scripts, standIns, standIn string) *world {
	return &world{
		dir: dir, scripts: scripts, standIns: standIns, standIn: standIn, token: "etcd",
		now: 1_700_000_000, lastStep: 1_700_000_000, lastPid: 900_000_000,
		replicas: map[string]*replica{}, cut: map[link]bool{}, missed: map[[2]string]int{},
		truth: truth{acked: map[int]bool{}},
	}
}

func (w *world) note(format string, values ...any) {
	w.history = append(w.history, fmt.Sprintf("%9.1f  ", w.now-1_700_000_000)+fmt.Sprintf(format, values...))
}

func (w *world) machine(address string) *machine {
	for _, m := range w.machines {
		if m.address == address {
			return m
		}
	}
	return nil
}

func (w *world) newMachine(name string, number int) *machine {
	m := &machine{world: w, name: name, id: fmt.Sprint(1000 + number), address: fmt.Sprintf("10.0.%d.1", number), dir: filepath.Join(w.dir, fmt.Sprint(number)), up: true}
	m.wipe()
	for _, one := range w.next {
		for _, other := range w.machines {
			if one.of != name || one.to != other.name {
				continue
			}
			if one.count > 0 {
				w.missed[[2]string{m.address, other.address}] = one.count
			} else {
				w.cut[linkOf(m, other)] = true
			}
		}
	}
	w.next = slices.DeleteFunc(w.next, func(one trouble) bool { return one.of == name })
	w.machines = append(w.machines, m)
	return m
}

func (w *world) destroy(m *machine) {
	m.up = false
	m.stopEtcd()
	m.wanted = false
	m.endJoin()
	w.machines = slices.DeleteFunc(w.machines, func(one *machine) bool { return one == m })
	must(os.RemoveAll(m.dir))
}

func (w *world) processes() []*process {
	running := []*process{}
	for _, m := range w.machines {
		if m.etcd != nil {
			running = append(running, m.etcd)
		}
	}
	return running
}

func (w *world) linked(a, b *machine) bool {
	return a == b || a.up && b.up && !w.cut[linkOf(a, b)]
}

// losesRequest tells whether this request from a to b is lost, and counts it.
func (w *world) losesRequest(a, b *machine) bool {
	if a == b {
		return false
	}
	if !w.linked(a, b) {
		return true
	}
	pair := [2]string{a.address, b.address}
	if w.missed[pair] == 0 {
		return false
	}
	w.missed[pair]--
	return true
}

// advance advances the virtual clock, and carries out everything that happens by itself meanwhile.
func (w *world) advance(seconds float64) {
	end := w.now + seconds
	for w.now < end && w.verdict == nil {
		w.now = min(end, w.lastStep+0.5)
		if w.now-w.lastStep >= 0.5-1e-9 {
			w.step()
		}
	}
}

func (w *world) step() {
	w.lastStep = w.now
	for _, m := range w.machines {
		if m.up && m.wanted && m.etcd == nil && w.now >= m.retryAt {
			m.startEtcd()
		}
	}
	w.settle()
	if w.now-w.wroteAt >= 1 {
		w.wroteAt = w.now
		w.writeSomething()
	}
	w.judge()
}

// settle updates connections, leaders, and what members publish.
func (w *world) settle() {
	for _, p := range w.processes() {
		p.watch()
	}
	w.elect()
	for _, p := range w.processes() {
		w.dropRemoved(p)
	}
	for _, p := range w.processes() {
		if p.ready || p.leader == nil || !p.leader.hasQuorum() {
			continue
		}
		self, listed := p.data.self()
		if !listed {
			continue
		}
		if self.clientURL == "" {
			if !p.propose(entry{kind: publish, member: p.published()}) {
				continue
			}
		}
		p.ready = p.machine.unitStep("mark-start ready")
	}
}

// dropRemoved ends a process that learns that its member was removed.
func (w *world) dropRemoved(p *process) {
	for _, e := range p.data.log[:p.data.committed] {
		if e.kind == remove && e.member.id == p.data.id {
			p.machine.stopEtcd()
			return
		}
	}
	for _, other := range w.processes() {
		if other != p && other.data.cluster == p.data.cluster && w.linked(p.machine, other.machine) && other.removes(p) {
			p.machine.stopEtcd()
			return
		}
	}
}

// writeSomething is a client that writes once a second to every cluster with a leader and a quorum.
func (w *world) writeSomething() {
	for _, p := range w.processes() {
		if !p.leads() || !p.hasQuorum() {
			continue
		}
		w.lastWrite++
		if p.propose(entry{kind: write, id: w.lastWrite}) {
			w.truth.acked[w.lastWrite] = true
		}
	}
}
