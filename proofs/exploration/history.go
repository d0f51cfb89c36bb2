package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// event is something that happens to the machines Of and To, numbered in the order in which the configuration declares
// them.
type event struct {
	Do string `json:"do"`
	Of int    `json:"of,omitempty"`
	To int    `json:"to,omitempty"`
	// A number of times, seconds or members, depending on the event.
	Count int `json:"count,omitempty"`
	// For a cut, or for lost requests: whether it is about the next machine of that name, from its creation.
	Next bool `json:"next,omitempty"`
	// For a deploy: the number of the change at which a script is cut off, and whether that change still takes effect.
	Cut   int  `json:"cut,omitempty"`
	After bool `json:"after,omitempty"`
	// For a deploy: whether background joins continue while its steps wait.
	Beside bool `json:"beside,omitempty"`
}

// history is that of a cluster: its initial number of members, whether it exists at the start or is to be founded, and
// the events.
type history struct {
	Name    string  `json:"name,omitempty"`
	Members int     `json:"members"`
	Born    bool    `json:"born"`
	Events  []event `json:"events"`
}

// drawn are the events that a round may begin with, and their weights. Deploys end rounds.
var drawn = []struct {
	do     string
	weight int
}{
	{"edit", 3}, {"again", 8}, {"rebuild", 10}, {"replace", 12}, {"lose-machine", 8}, {"lose-data", 4}, {"lose-log", 2}, {"cut", 10}, {"isolate", 6}, {"heal", 3}, {"miss", 12},
	{"stop", 5}, {"start", 3}, {"crash", 3}, {"wait", 3}, {"joins-go-on", 3}, {"grow", 2}, {"shrink", 2}, {"genesis", 4}, {"recover", 3},
}

// draw makes a history of one or two rounds: some events, and mostly a deploy after them, which is mostly cut off.
func draw(random *rand.Rand) history {
	h := history{Members: 3, Born: random.IntN(10) < 8}
	switch random.IntN(20) {
	case 0, 1:
		h.Members = 1
	case 2, 3:
		h.Members = 5
	}
	total := 0
	for _, one := range drawn {
		total += one.weight
	}
	for range 1 + random.IntN(2) {
		for range 1 + random.IntN(2) {
			at := random.IntN(total)
			for _, one := range drawn {
				if at -= one.weight; at < 0 {
					h.Events = append(h.Events, drawEvent(random, one.do, h.Members))
					break
				}
			}
		}
		if random.IntN(5) > 0 {
			h.Events = append(h.Events, drawEvent(random, "deploy", h.Members))
		}
	}
	return h
}

func drawEvent(random *rand.Rand, do string, members int) event {
	e := event{Do: do}
	switch do {
	case "deploy":
		e.Beside = random.IntN(2) == 0
		if random.IntN(2) == 0 {
			e.Cut, e.After = 1+random.IntN(14), random.IntN(2) == 0
		}
	case "cut", "miss":
		e.Of = random.IntN(members)
		e.To = (e.Of + 1 + random.IntN(max(1, members-1))) % members
		if e.Next = random.IntN(2) == 0; e.Next && random.IntN(2) == 0 {
			e.To = e.Of
		}
		if do == "miss" {
			e.Count = 1 + random.IntN(3)
		}
	case "wait":
		e.Count = 1 + random.IntN(60)
	case "heal", "grow", "shrink", "genesis", "joins-go-on":
	default:
		e.Of = random.IntN(members)
	}
	return e
}

// result is the outcome of a history.
type result struct {
	verdict *violation
	lines   []string
	healthy bool
	said    string
	calls   int
}

// workshop is where one worker plays histories, one after the other.
type workshop struct {
	dir       string
	scripts   string
	standIns  string
	standIn   string
	templates templates
	count     int
}

func (s *workshop) play(h history) result {
	s.count++
	dir := filepath.Join(s.dir, fmt.Sprint(s.count))
	must(os.MkdirAll(dir, 0o755))
	defer os.RemoveAll(dir)
	w := newWorld(filepath.Join(dir, "machines"), s.scripts, s.standIns, s.standIn)
	server := serve(w, filepath.Join(dir, "socket"))
	defer server.listener.Close()
	server.mutex.Lock()
	defer server.mutex.Unlock()
	names := []string{}
	for i := range h.Members {
		names = append(names, fmt.Sprintf("m%d", i))
	}
	t := newTerraform(w, s.templates, names)
	if h.Born {
		t.beginBorn()
	}
	for _, e := range h.Events {
		if w.verdict != nil {
			break
		}
		w.happen(e)
		w.judge()
	}
	if w.verdict == nil {
		w.end()
	}
	for _, m := range append([]*machine{}, w.machines...) {
		w.destroy(m)
	}
	return result{verdict: w.verdict, lines: w.history, healthy: w.verdict == nil && t.healthy == "", said: t.said, calls: server.lastRun}
}

// beginBorn sets up the state after a successful founding; foundings themselves are explored by other histories.
func (t *terraform) beginBorn() {
	w := t.world
	t.made, t.recordID, t.record = 1, 1, map[string]founder{}
	urls, initial := []string{}, []string{}
	for _, name := range t.declared {
		m := t.machineOf(name)
		t.machines[name] = m
		t.record[name] = founder{m.id, m.peerURL()}
		urls = append(urls, m.peerURL())
		initial = append(initial, name+"="+m.peerURL())
	}
	members, cluster := foundedWith(w.token, urls)
	w.truth.founding = 1
	for i, name := range t.declared {
		m := t.machines[name]
		t.install(m)
		t.installed[name] = fmt.Sprintf("%s/%d/%d", m.id, t.bundle, 0)
		t.tell(m, t.record)
		m.write("/etc/etcd/bootstrap.env", "ETCD_INITIAL_CLUSTER="+strings.Join(initial, ",")+"\nETCD_INITIAL_CLUSTER_STATE=new\n")
		m.write("/var/lib/cdktf-etcd-node/founded", "1")
		m.write("/var/lib/cdktf-etcd-node/restored", "")
		id := uint64(0)
		for _, one := range members {
			if one.peerURL == m.peerURL() {
				id = one.id
			}
		}
		data := &replica{key: fmt.Sprintf("born-%d", i), founding: 1, cluster: cluster, id: id, initial: members}
		w.replicas[data.key] = data
		m.write(walFile, data.key)
		m.write("/var/lib/cdktf-etcd-node/born", "")
		m.write("/run/cdktf-etcd/started.sha256", m.read("/etc/etcd/restart.sha256"))
		m.wanted = true
		m.run(data)
		m.etcd.ready = true
	}
	w.settle()
	for _, p := range w.processes() {
		p.leader.propose(entry{kind: publish, member: p.published()})
	}
	w.advance(recovered + 1)
	for i, name := range t.order() {
		t.activated[name] = fmt.Sprintf("%s/%d/%d", t.installed[name], t.recordID, i)
	}
	t.converged = t.all()
}

// happen carries out an event as far as possible.
func (w *world) happen(e event) {
	t := w.terraform
	pick := func(number int) *machine {
		if number >= len(t.declared) {
			return nil
		}
		return t.machines[t.declared[number]]
	}
	m, to := pick(e.Of), pick(e.To)
	w.note("%+v", e)
	for _, one := range w.machines {
		one.changes.Add(1)
	}
	switch {
	case e.Do == "deploy":
		w.server.interleave = func() bool { return e.Beside }
		t.deploy(interruption{e.Cut, e.After})
	case e.Do == "edit":
		t.bundle++
	case e.Do == "wait":
		w.advance(float64(e.Count))
	case e.Do == "heal":
		w.cut = map[link]bool{}
		w.next = nil
	case e.Do == "joins-go-on":
		w.letJoinsGoOn()
	case e.Do == "grow":
		if len(t.declared) < 5 && t.settled() {
			t.declared = append(t.declared, fmt.Sprintf("m%d", len(t.declared)), fmt.Sprintf("m%d", len(t.declared)+1))
			t.bundle++
		}
	case e.Do == "shrink":
		if len(t.declared) > 3 && t.settled() {
			t.declared = t.declared[:len(t.declared)-2]
			t.bundle++
		}
	case e.Do == "genesis":
		w.declareFounding()
	case m == nil:
	case e.Do == "again":
		t.replaced[t.declared[e.Of]]++
	case e.Do == "rebuild":
		m.wipe()
		m.up = true
	case e.Do == "replace":
		// As for a new generation: the old machine stays until its successor is in service.
		delete(t.machines, m.name)
		t.leaving = append(t.leaving, m)
	case e.Do == "lose-machine":
		w.destroy(m)
	case e.Do == "lose-data":
		m.stopEtcd()
		must(os.RemoveAll(m.path(dataDir)))
	case e.Do == "lose-log":
		m.stopEtcd()
		must(os.RemoveAll(m.path(dataDir + "/member/wal")))
	case e.Do == "stop":
		m.up = false
		m.stopEtcd()
	case e.Do == "start":
		m.up = true
	case e.Do == "crash":
		m.stopEtcd()
	case e.Do == "isolate":
		for _, other := range w.machines {
			if other != m {
				w.cut[linkOf(m, other)] = true
			}
		}
	case e.Do == "recover":
		w.declareRecovery(m)
	case e.Next && to != nil:
		w.next = append(w.next, trouble{m.name, to.name, e.Count})
	case to == nil || to == m:
	case e.Do == "cut":
		w.cut[linkOf(m, to)] = true
	case e.Do == "miss":
		w.missed[[2]string{m.address, to.address}] = e.Count
	}
	w.settle()
}

// settled tells whether the last deploy completed. Edits before that are checked on the machines, which is no part of
// the exploration.
func (t *terraform) settled() bool {
	return t.made == t.genesis && t.converged != "" && t.converged == t.all()
}

// declareFounding increments genesis. That is meant for a cluster whose data is lost; if it is not, it must do no harm.
func (w *world) declareFounding() {
	t := w.terraform
	t.genesis++
	t.recoverFrom = ""
	t.bundle++
}

// declareRecovery names a survivor, if the majority is permanently lost.
func (w *world) declareRecovery(m *machine) {
	t := w.terraform
	with := 0
	for _, one := range w.machines {
		if one.exists(walFile) && one.up {
			with++
		}
	}
	if !m.exists(walFile) || 2*with > len(t.declared) || !t.settled() {
		return
	}
	t.genesis++
	t.recoverFrom = m.name
	t.bundle++
}

// end repairs the network and the machines, and deploys once more: then the cluster is healthy, or an error says what to
// do.
func (w *world) end() {
	t := w.terraform
	w.note("the end: everything is mended")
	w.cut = map[link]bool{}
	w.missed = map[[2]string]int{}
	w.next = nil
	for _, m := range w.machines {
		m.up = true
	}
	w.advance(15)
	for range 3 {
		w.letJoinsGoOn()
		w.advance(3)
	}
	w.server.interleave = func() bool { return true }
	// A deploy without changes does nothing: if a machine has lost its data, its steps are replaced, as docs/operations.md
	// says.
	if t.settled() {
		for _, name := range t.declared {
			if m := t.machines[name]; m != nil && (m.etcd == nil || !m.etcd.inQuorum()) {
				t.replaced[name]++
			}
		}
	}
	result := t.deploy(interruption{})
	for range 20 {
		if result.ok && w.unwell() == "" {
			break
		}
		w.letJoinsGoOn()
		w.advance(2)
	}
	if w.verdict != nil {
		return
	}
	t.healthy = w.unwell()
	switch {
	case result.ok && t.healthy != "":
		w.violate(endsHealthy, "the last deploy went through, and %s", t.healthy)
	case !result.ok && !mends.MatchString(t.said):
		w.violate(endsHealthy, "the last deploy failed and named nothing to do: %s", lastLine(t.said))
	}
}

// unwell says how the cluster differs from what is declared; empty if it does not.
func (w *world) unwell() string {
	t := w.terraform
	for _, name := range t.declared {
		m := t.machines[name]
		if m == nil || m.etcd == nil || !m.etcd.inQuorum() {
			return fmt.Sprintf("%s takes part in no quorum", name)
		}
		members := m.etcd.data.members()
		if len(members) != len(t.declared) {
			return fmt.Sprintf("%s knows the members %v", name, members)
		}
		for _, one := range members {
			if one.learner || t.machines[one.name] == nil || t.machines[one.name].peerURL() != one.peerURL {
				return fmt.Sprintf("%s knows the member %v", name, one)
			}
		}
	}
	return ""
}

// shrink leaves out what is not needed to violate the same invariant.
func (s *workshop) shrink(h history, invariant string) history {
	fails := func(candidate history) bool {
		r := s.play(candidate)
		return r.verdict != nil && r.verdict.Invariant == invariant
	}
	for changed := true; changed; {
		changed = false
		for i := range h.Events {
			smaller := h
			smaller.Events = append(append([]event{}, h.Events[:i]...), h.Events[i+1:]...)
			if fails(smaller) {
				h, changed = smaller, true
				break
			}
			if e := h.Events[i]; e.Cut > 0 || e.Beside {
				simpler := h
				simpler.Events = append([]event{}, h.Events...)
				simpler.Events[i] = event{Do: e.Do, Of: e.Of, To: e.To, Count: e.Count, Next: e.Next}
				if fails(simpler) {
					h, changed = simpler, true
					break
				}
			}
		}
	}
	return h
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
