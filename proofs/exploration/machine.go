package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

// machine is a machine as systemd and the scripts see it: its files, etcd's unit and the unit that joins in the
// background.
type machine struct {
	world *world
	// name is the member's; a replaced machine and its successor have the same one.
	name    string
	id      string
	address string
	dir     string
	up      bool

	etcd *process
	// wanted is whether etcd's unit is started: systemd restarts etcd 2 s after it has ended.
	wanted  bool
	retryAt float64
	pid     int

	// changes counts possible changes of its files. prepared is the last result of the unit's ExecStartPre steps, and
	// preparedAt the number of changes before it.
	changes    atomic.Int64
	prepared   bool
	preparedAt int64

	joinEnabled bool
	joinWanted  bool
	join        *run
}

func (m *machine) peerURL() string   { return "https://" + m.address + ":2380" }
func (m *machine) clientURL() string { return "https://" + m.address + ":2379" }

// path is the host's path of a file of the machine.
func (m *machine) path(name string) string {
	for prefix, dir := range mounts {
		if strings.HasPrefix(name, prefix+"/") {
			return filepath.Join(m.dir, dir, strings.TrimPrefix(name, prefix))
		}
	}
	panic("no place for " + name)
}

func (m *machine) read(name string) string {
	text, _ := os.ReadFile(m.path(name))
	return strings.TrimSpace(string(text))
}

func (m *machine) exists(name string) bool {
	_, err := os.Lstat(m.path(name))
	return err == nil
}

func (m *machine) write(name, text string) {
	m.changes.Add(1)
	must(os.MkdirAll(filepath.Dir(m.path(name)), 0o755))
	must(os.WriteFile(m.path(name), []byte(text), 0o644))
}

// wipe resets a machine, as a rebuild or a new machine does.
func (m *machine) wipe() {
	m.stopEtcd()
	m.changes.Add(1)
	m.wanted, m.joinEnabled = false, false
	m.endJoin()
	must(os.RemoveAll(m.dir))
	for _, dir := range mounts {
		must(os.MkdirAll(filepath.Join(m.dir, dir), 0o755))
	}
	must(os.MkdirAll(filepath.Join(m.dir, "etc/etcd"), 0o755))
	must(os.MkdirAll(filepath.Join(m.dir, "local/lib/cdktf-etcd"), 0o755))
	must(os.Symlink(m.world.standIns, filepath.Join(m.dir, "local/sbin")))
	// /usr/bin/awk is a link to this one in Debian.
	if awk, err := os.Readlink("/etc/alternatives/awk"); err == nil {
		must(os.MkdirAll(filepath.Join(m.dir, "etc/alternatives"), 0o755))
		must(os.Symlink(awk, filepath.Join(m.dir, "etc/alternatives/awk")))
	}
	for _, file := range []string{"passwd", "group", "nsswitch.conf", "ld.so.cache"} {
		if text, err := os.ReadFile("/etc/" + file); err == nil {
			must(os.WriteFile(filepath.Join(m.dir, "etc", file), text, 0o644))
		}
	}
}

// settings reads a file of NAME=value lines.
func (m *machine) settings(name string) map[string]string {
	values := map[string]string{}
	for _, line := range strings.Split(m.read(name), "\n") {
		if key, value, found := strings.Cut(line, "="); found {
			values[key] = strings.Trim(value, "'")
		}
	}
	return values
}

const (
	dataDir  = "/var/lib/etcd"
	walFile  = dataDir + "/member/wal/replica"
	restartS = 2.0
)

// startEtcd is one attempt of systemd's: the unit's steps before the start, and etcd's decisions at its start. A failed
// attempt is repeated.
func (m *machine) startEtcd() {
	m.wanted = true
	if m.etcd != nil || !m.up {
		return
	}
	m.retryAt = m.world.now + restartS
	// The steps' result depends only on the files. systemd's repeated attempts would take most of the time otherwise.
	if changes := m.changes.Load(); m.preparedAt != changes {
		m.prepared = m.unitStep("check-data && mark-start begun")
		m.preparedAt = changes
	}
	if !m.prepared {
		return
	}
	data, why := m.openData()
	if why != "" {
		m.world.note("%s: etcd does not start: %s", m, why)
		return
	}
	m.run(data)
	m.world.note("%s: etcd runs as %x of cluster %x", m, data.id, data.cluster)
}

func (m *machine) run(data *replica) {
	m.world.lastPid++
	m.pid = m.world.lastPid
	m.etcd = &process{machine: m, data: data, pid: m.pid, connected: map[*process]*stream{}, probers: map[uint64]*probers{}, term: data.lastTerm()}
}

// openData returns the replica that etcd starts with, by its data directory and environment, or its error.
func (m *machine) openData() (*replica, string) {
	w := m.world
	if m.exists(walFile) {
		data := w.replicas[m.read(walFile)]
		if data == nil {
			return nil, "its log is not one"
		}
		for _, e := range data.log[:data.committed] {
			if e.kind == remove && e.member.id == data.id {
				return nil, "the member has been permanently removed from the cluster"
			}
		}
		if m.forced() {
			data.forcedAt, data.survivor = len(data.log), data.id
			data.committed = len(data.log)
			data.log = append(data.log, entry{term: data.lastTerm(), kind: noop})
			data.committed++
			w.forced(data)
		}
		return data, ""
	}
	env := m.settings("/etc/etcd/bootstrap.env")
	urls := []string{}
	for _, part := range strings.Split(env["ETCD_INITIAL_CLUSTER"], ",") {
		if _, url, found := strings.Cut(part, "="); found {
			urls = append(urls, url)
		}
	}
	if !slices.Contains(urls, m.peerURL()) {
		return nil, "it is not in its initial cluster"
	}
	// etcd creates its directory before anything can fail.
	if !m.exists(dataDir + "/member") {
		m.changes.Add(1)
		must(os.MkdirAll(m.path(dataDir+"/member"), 0o700))
	}
	var data *replica
	if env["ETCD_INITIAL_CLUSTER_STATE"] == "existing" {
		for _, other := range w.processes() {
			if data != nil || !slices.Contains(urls, other.machine.peerURL()) || !w.linked(m, other.machine) {
				continue
			}
			known := other.data.members()
			for _, member := range known {
				if member.peerURL == m.peerURL() && len(known) == len(urls) {
					data = &replica{cluster: other.data.cluster, id: member.id, initial: other.data.initial, forcedAt: other.data.forcedAt, survivor: other.data.survivor}
				}
			}
		}
		if data == nil {
			return nil, "no member of its initial cluster knows it"
		}
	} else {
		members, cluster := foundedWith(w.token, urls)
		own := members[slices.IndexFunc(members, func(one member) bool { return one.peerURL == m.peerURL() })]
		for _, other := range w.processes() {
			if !slices.Contains(urls, other.machine.peerURL()) || !w.linked(m, other.machine) {
				continue
			}
			for _, member := range other.data.members() {
				if member.id == own.id && member.clientURL != "" {
					return nil, "member has already been bootstrapped"
				}
			}
		}
		data = &replica{cluster: cluster, id: own.id, initial: members}
		w.founded(cluster, own.id, m)
	}
	data.founding = w.truth.founding
	w.lastReplica++
	data.key = fmt.Sprintf("replica-%d", w.lastReplica)
	w.replicas[data.key] = data
	m.write(walFile, data.key)
	return data, ""
}

func (m *machine) forced() bool {
	return m.exists("/run/systemd/system/etcd.service.d/force-new-cluster.conf")
}

// stopEtcd ends the process, which reachable peers notice at once; systemd may restart it.
func (m *machine) stopEtcd() {
	if m.etcd == nil {
		return
	}
	gone := m.etcd
	m.etcd = nil
	m.pid = 0
	m.retryAt = m.world.now + restartS
	for _, other := range m.world.processes() {
		if m.world.linked(m, other.machine) {
			delete(other.connected, gone)
		}
		if other.leader == gone {
			other.leader = nil
		}
	}
}

// unitStep runs a step of the unit, uninterrupted.
func (m *machine) unitStep(commands string) bool {
	run := m.world.start(m, contextUnit, "-c", "cd /usr/local/lib/cdktf-etcd && "+commands)
	m.world.wait(run)
	return run.code == 0
}

func (m *machine) String() string { return m.name + "@" + m.address }
