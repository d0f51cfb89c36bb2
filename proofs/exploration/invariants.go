package main

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
)

// violation of an invariant.
type violation struct {
	Invariant string `json:"invariant"`
	What      string `json:"what"`
}

// truth is the knowledge that invariants are judged by; the scripts and machines do not have it.
type truth struct {
	// acked are the acknowledged writes.
	acked map[int]bool
	// founding is the genesis that the cluster was founded with.
	founding int
}

const (
	oneCluster  = "never two clusters"
	livingVoter = "never a voter removed that lives"
	oneDown     = "never more than one voter down by our hand"
	nothingLost = "no acknowledged write dropped"
	oneFounding = "nobody founds in the place of a member that was part of a quorum"
	endsHealthy = "every history ends healthy or with a sentence that names what to do"
)

func (w *world) violate(invariant, format string, values ...any) {
	if w.verdict != nil {
		return
	}
	w.verdict = &violation{invariant, fmt.Sprintf(format, values...)}
	w.note("VIOLATED %s: %s", invariant, w.verdict.What)
}

// founded records that a replica founds a cluster without data. With a new genesis while no machine has data, this is
// intended: the acknowledged writes are given up then.
func (w *world) founded(cluster, id uint64, m *machine) {
	w.note("%s: begins cluster %x", m, cluster)
	if t := w.terraform; t.made > w.truth.founding && !slices.ContainsFunc(w.machines, func(one *machine) bool { return one.exists(walFile) }) {
		w.truth.founding = t.made
		w.truth.acked = map[int]bool{}
	}
	for _, former := range w.replicas {
		if former.cluster == cluster && former.id == id && former.committed > 0 && former.founding == w.truth.founding {
			w.violate(oneFounding, "%s begins with nothing as %x, whose data was part of a quorum", m, id)
		}
	}
}

// forced records that a cluster continues with the data of one member only: whoever asks for that gives up the writes
// which that member does not have.
func (w *world) forced(data *replica) {
	for id := range w.truth.acked {
		if !data.has(id) {
			delete(w.truth.acked, id)
		}
	}
}

// judge checks that the leader has every acknowledged write, and that there is only one.
func (w *world) judge() {
	leaders := []*process{}
	for _, p := range w.processes() {
		if p.leads() && p.hasQuorum() {
			leaders = append(leaders, p)
		}
	}
	if len(leaders) > 1 {
		w.violate(oneCluster, "%s and %s both lead, with %x and %x", leaders[0].machine, leaders[1].machine, leaders[0].data.cluster, leaders[1].data.cluster)
	}
	for _, p := range leaders {
		lost := []int{}
		has := map[int]bool{}
		for _, e := range p.data.log {
			if e.kind == write {
				has[e.id] = true
			}
		}
		for id := range w.truth.acked {
			if !has[id] {
				lost = append(lost, id)
			}
		}
		sort.Ints(lost)
		if len(lost) > 0 {
			w.violate(nothingLost, "%s leads without the acknowledged writes %v", p.machine, lost)
		}
	}
}

// judgeRemoval checks the removal of a member, requested by a script on a machine, before it is done.
func (w *world) judgeRemoval(on *machine, by *process, id uint64) {
	members := by.data.members()
	all := voters(members)
	var gone *member
	for i := range members {
		if members[i].id == id {
			gone = &members[i]
		}
	}
	if gone == nil || gone.learner {
		return
	}
	var p *process
	for _, one := range w.processes() {
		if one.data.id == id && one.data.cluster == by.data.cluster {
			p = one
		}
	}
	if p == nil || !w.terraform.declares(gone.name) {
		return
	}
	// A machine knows at once whether its own voter is alive.
	least := recovered
	if p.machine == on {
		least = 0
	}
	heard := 0
	for _, v := range all {
		for other, stream := range p.connected {
			if other.data.id == v.id && v.id != id && w.now-stream.heard < 1 && stream.steady <= w.now-least {
				heard++
			}
		}
	}
	if heard == 0 {
		return
	}
	// A predecessor may be removed once its successor votes.
	for _, v := range all {
		if v.id != id && v.name == gone.name {
			return
		}
	}
	w.violate(livingVoter, "%s is removed while it lives: %d of %d other voters are connected with it, and nobody has taken its place", p.machine, heard, len(all)-1)
}

// judgeStop checks the stop of a voter by a script, before it is done.
func (w *world) judgeStop(m *machine) {
	p := m.etcd
	if p == nil || p.leader == nil || !p.leader.hasQuorum() {
		return
	}
	self, listed := p.data.self()
	if !listed || self.learner {
		return
	}
	leader := p.leader
	all := voters(leader.data.members())
	others := 0
	for _, v := range all {
		if v.id == p.data.id {
			continue
		}
		if v.id == leader.data.id || leader.peer(v.id) != nil {
			others++
		}
	}
	if others < min(quorum(len(all)), len(all)-1) {
		w.violate(oneDown, "%s is stopped while only %d of the other %d voters run", m, others, len(all)-1)
	}
}

// Matches errors that say what to do: a step that cannot continue must end with one.
var mends = regexp.MustCompile(`(?m)^error: .*(deploy again|deploy\b|count |Take |take |put |see '|name |Bring |Mend |Open )`)
