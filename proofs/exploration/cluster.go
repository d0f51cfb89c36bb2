package main

import (
	"fmt"
	"hash/fnv"
	"slices"
	"sort"
	"strings"
)

// The model of etcd: replicas with logs, leaders, and etcd's rules of membership. Time is the world's virtual clock.
// Simplified: elections and replication take no time, so no vote is ever incomplete, and a write is one entry. Not
// simplified: a log may be lost or old, a cluster's members are those in its log, and each replica knows only its own.

// healthInterval is etcd's HealthInterval (server/etcdserver), in seconds: how long a member must have been connected
// with a quorum before it adds or removes a member.
const healthInterval = 5.0

// How rafthttp treats a silent peer, in seconds. Its streams count as connected until TCP keepalive gives them up (Go's:
// 30 s, then nine probes 15 s apart), as rafthttp does not set its ConnReadTimeout on connections that it dials. It has
// two probers for each peer: both probe every 30 s, but the streams' prober every 5 s while it gets no answer. (The other
// prober's request waits on a connection that it keeps.) Measured with etcd 3.6.14.
const (
	streamsKept  = 165.0
	probedWell   = 30.0
	probedUnwell = 5.0
)

// recovered is how long, in seconds, a voter must be reachable again until all probers of its peers have noticed.
const recovered = 12.0

type entryKind int

const (
	noop entryKind = iota
	write
	addLearner
	promote
	remove
	publish
)

type entry struct {
	term   int
	kind   entryKind
	id     int // of a write
	member member
}

// member is a member's entry in the log; it has a name and a client URL once it has published these.
type member struct {
	id        uint64
	peerURL   string
	name      string
	clientURL string
	learner   bool
}

// replica is a data directory: it outlives the process, and may be moved away or lost with its files.
type replica struct {
	key       string
	cluster   uint64
	id        uint64
	initial   []member
	log       []entry
	committed int
	// founding is the genesis of its cluster, used by the invariants only.
	founding int
	// Index from which on it was forced to be the only member (--force-new-cluster).
	forcedAt int
	// survivor is that only member.
	survivor uint64
}

func hashOf(parts ...string) uint64 {
	sum := fnv.New64a()
	for _, part := range parts {
		sum.Write([]byte(part))
		sum.Write([]byte{0})
	}
	return sum.Sum64()
}

// foundedWith returns the members and the cluster id, which etcd derives from --initial-cluster and the token.
func foundedWith(token string, urls []string) ([]member, uint64) {
	urls = slices.Clone(urls)
	sort.Strings(urls)
	members := make([]member, len(urls))
	ids := []string{}
	for i, url := range urls {
		members[i] = member{id: hashOf(url, token), peerURL: url}
		ids = append(ids, fmt.Sprint(members[i].id))
	}
	return members, hashOf(ids...)
}

// members are those in the replica's committed log.
func (r *replica) members() []member { return membersAfter(r.initial, r.log[:r.committed], r) }

func membersAfter(initial []member, log []entry, r *replica) []member {
	members := slices.Clone(initial)
	at := func(id uint64) int {
		return slices.IndexFunc(members, func(m member) bool { return m.id == id })
	}
	for index, e := range log {
		if r != nil && r.forcedAt > 0 && index == r.forcedAt {
			members = slices.DeleteFunc(members, func(m member) bool { return m.id != r.survivor })
			for i := range members {
				members[i].learner = false
			}
		}
		switch i := at(e.member.id); {
		case e.kind == addLearner && i < 0:
			members = append(members, e.member)
		case e.kind == promote && i >= 0:
			members[i].learner = false
		case e.kind == remove && i >= 0:
			members = slices.Delete(members, i, i+1)
		case e.kind == publish && i >= 0:
			members[i].name, members[i].clientURL = e.member.name, e.member.clientURL
		}
	}
	return members
}

func (r *replica) self() (member, bool) {
	for _, m := range r.members() {
		if m.id == r.id {
			return m, true
		}
	}
	return member{}, false
}

func voters(members []member) []member {
	return slices.DeleteFunc(slices.Clone(members), func(m member) bool { return m.learner })
}

func quorum(count int) int { return count/2 + 1 }

func (r *replica) lastTerm() int {
	if len(r.log) == 0 {
		return 0
	}
	return r.log[len(r.log)-1].term
}

func (r *replica) newerThan(other *replica) bool {
	if r.lastTerm() != other.lastTerm() {
		return r.lastTerm() > other.lastTerm()
	}
	return len(r.log) > len(other.log)
}

func (r *replica) has(id int) bool {
	return slices.ContainsFunc(r.log, func(e entry) bool { return e.kind == write && e.id == id })
}

// process is a running etcd.
type process struct {
	machine *machine
	data    *replica
	pid     int
	// Streams with other processes; lost ones are not in the map.
	connected map[*process]*stream
	// By member id.
	probers map[uint64]*probers
	// The process that it follows, which may be itself; nil without a leader.
	leader *process
	term   int
	ready  bool
}

// stream has the times at which it was connected, last heard from, and since when it has been heard without a pause.
type stream struct{ since, heard, steady float64 }

// probers has the number of probes so far, and the times of the next probe by the streams' prober and by the other one.
type probers struct {
	looked        int
	stream, other float64
}

// published is the process's own member, with its name and client URL.
func (p *process) published() member {
	self, _ := p.data.self()
	self.name, self.clientURL = p.machine.name, p.machine.clientURL()
	return self
}

func (p *process) leads() bool { return p.leader == p }

// inQuorum tells whether a linearizable read by this member goes through.
func (p *process) inQuorum() bool {
	if p.leader == nil || !p.leader.hasQuorum() {
		return false
	}
	self, listed := p.data.self()
	return listed && !self.learner
}

// learns tells whether it is a learner by its own log.
func (p *process) learns() bool {
	self, listed := p.data.self()
	return listed && self.learner
}

func (p *process) hasQuorum() bool {
	all := voters(p.data.members())
	with := 0
	for _, v := range all {
		if v.id == p.data.id {
			with++
			continue
		}
		if other := p.peer(v.id); other != nil && other.leader == p {
			with++
		}
	}
	return len(all) > 0 && with >= quorum(len(all))
}

// peer is the running process of a member, if this one can reach it.
func (p *process) peer(id uint64) *process {
	for _, other := range p.machine.world.processes() {
		if other != p && other.data.cluster == p.data.cluster && other.data.id == id && p.machine.world.linked(p.machine, other.machine) {
			return other
		}
	}
	return nil
}

// connectedSince counts the members that the process has been connected with since that time, itself included.
func (p *process) connectedSince(members []member, since float64) int {
	count := 0
	for _, m := range members {
		if m.id == p.data.id {
			count++
			continue
		}
		for other, stream := range p.connected {
			if other.data.id == m.id && stream.since <= since {
				count++
			}
		}
	}
	return count
}

// watch updates the state of its connections as rafthttp does.
func (p *process) watch() {
	w := p.machine.world
	for _, other := range w.processes() {
		if p.connected[other] == nil && p != other && p.data.cluster == other.data.cluster && w.linked(p.machine, other.machine) {
			p.connected[other] = &stream{w.now, w.now, w.now}
		}
	}
	for other, stream := range p.connected {
		running, reached := other.machine.etcd == other, w.linked(p.machine, other.machine)
		switch {
		case running && reached:
			if w.now-stream.heard > 1 {
				stream.steady = w.now
			}
			stream.heard = w.now
		case reached || w.now-stream.heard >= streamsKept:
			delete(p.connected, other)
		}
	}
	for _, one := range p.data.members() {
		if one.id == p.data.id {
			continue
		}
		if p.probers[one.id] == nil {
			p.probers[one.id] = &probers{stream: w.now + probedUnwell, other: w.now + probedUnwell}
		}
		by := p.probers[one.id]
		for ; w.now >= by.other; by.looked++ {
			by.other += probedWell
		}
		for ; w.now >= by.stream; by.looked++ {
			if p.peer(one.id) != nil {
				by.stream += probedWell
			} else {
				by.stream += probedUnwell
			}
		}
	}
}

func (p *process) activePeers() []uint64 {
	ids := []uint64{}
	for other := range p.connected {
		if slices.ContainsFunc(p.data.members(), func(m member) bool { return m.id == other.data.id }) {
			ids = append(ids, other.data.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// elect makes the replicas of every cluster follow the one that may lead now, and replicates its log to them.
func (w *world) elect() {
	processes := w.processes()
	order := slices.Clone(processes)
	sort.SliceStable(order, func(i, j int) bool {
		a, b := order[i], order[j]
		if a.leads() != b.leads() {
			return a.leads()
		}
		if a.leads() && a.term != b.term {
			return a.term > b.term
		}
		return a.data.newerThan(b.data)
	})
	following := map[*process]*process{}
	for _, candidate := range order {
		if following[candidate] != nil {
			continue
		}
		self, listed := candidate.data.self()
		if !listed || self.learner {
			continue
		}
		all := voters(candidate.data.members())
		supporters := []*process{candidate}
		for _, v := range all {
			other := candidate.peer(v.id)
			if other == nil || following[other] != nil || other.removes(candidate) {
				continue
			}
			// A current leader needs no new vote.
			if candidate.leads() || !other.data.newerThan(candidate.data) {
				supporters = append(supporters, other)
			}
		}
		if len(supporters) < quorum(len(all)) {
			continue
		}
		following[candidate] = candidate
		for _, m := range candidate.data.members() {
			if other := candidate.peer(m.id); other != nil && following[other] == nil {
				following[other] = candidate
			}
		}
	}
	for _, p := range processes {
		leader := following[p]
		if leader == p && !p.leads() {
			for _, other := range processes {
				if other.data.cluster == p.data.cluster {
					p.term = max(p.term, other.term, other.data.lastTerm())
				}
			}
			p.term++
			p.leader = p
			p.data.log = append(p.data.log, entry{term: p.term, kind: noop})
		}
		p.leader = leader
	}
	for _, p := range processes {
		if p.leads() {
			p.replicate()
		}
	}
}

// removes tells whether this replica knows that the other's member was removed, and so refuses its messages.
func (p *process) removes(other *process) bool {
	for _, e := range p.data.log[:p.data.committed] {
		if e.kind == remove && e.member.id == other.data.id {
			return true
		}
	}
	return false
}

func (p *process) replicate() {
	for _, other := range p.machine.world.processes() {
		if other != p && other.leader == p {
			other.term = p.term
			other.data.log = slices.Clone(p.data.log)
		}
	}
	if !p.hasQuorum() {
		return
	}
	p.data.committed = len(p.data.log)
	for _, other := range p.machine.world.processes() {
		if other.leader == p {
			other.data.committed = len(other.data.log)
		}
	}
}

// propose passes an entry to the leader, and tells whether it was committed.
func (p *process) propose(e entry) bool {
	leader := p.leader
	if leader == nil || !leader.hasQuorum() {
		return false
	}
	e.term = leader.term
	leader.data.log = append(leader.data.log, e)
	leader.replicate()
	return true
}

// refusal is etcd's error for a request that it refuses; empty if it does not.
type refusal string

const (
	unhealthyCluster    refusal = "etcdserver: unhealthy cluster"
	notEnoughStarted    refusal = "etcdserver: re-configuration failed due to not enough started members"
	memberNotFound      refusal = "etcdserver: member not found"
	peerURLExists       refusal = "etcdserver: Peer URLs already exists"
	tooManyLearners     refusal = "etcdserver: too many learner members in cluster"
	learnerNotReady     refusal = "etcdserver: can only promote a learner member which is in sync with leader"
	notLearner          refusal = "etcdserver: can only promote a learner member"
	noLeader            refusal = "etcdserver: no leader"
	notSupportedLearner refusal = "rpc error: code = Unavailable desc = etcdserver: rpc not supported for learner"
)

// addLearner is etcd's mayAddMember with --strict-reconfig-check, decided by the member that is asked; one learner at a
// time.
func (p *process) addLearner(id uint64, url string) refusal {
	w, all := p.machine.world, p.data.members()
	// The new member counts as not connected.
	if count := len(voters(all)); count > 1 && p.connectedSince(voters(all), w.now-healthInterval) < quorum(count+1) {
		return unhealthyCluster
	}
	if slices.ContainsFunc(all, func(m member) bool { return m.peerURL == url }) {
		return peerURLExists
	}
	if slices.ContainsFunc(all, func(m member) bool { return m.learner }) {
		return tooManyLearners
	}
	if !p.propose(entry{kind: addLearner, member: member{id: id, peerURL: url, learner: true}}) {
		return noLeader
	}
	return ""
}

func (p *process) promote(id uint64) refusal {
	all := p.data.members()
	i := slices.IndexFunc(all, func(m member) bool { return m.id == id })
	if i < 0 {
		return memberNotFound
	}
	if !all[i].learner {
		return notLearner
	}
	if p.leader == nil {
		return noLeader
	}
	learner := p.leader.peer(id)
	if learner == nil || learner.leader != p.leader || len(learner.data.log) < len(p.leader.data.log) {
		return learnerNotReady
	}
	// IsReadyToPromoteMember: enough members have started, the new one included.
	started := 1
	for _, v := range voters(all) {
		if v.name != "" {
			started++
		}
	}
	if started < quorum(len(voters(all))+1) {
		return notEnoughStarted
	}
	if !p.propose(entry{kind: promote, member: all[i]}) {
		return noLeader
	}
	return ""
}

// remove is etcd's mayRemoveMember with --strict-reconfig-check.
func (p *process) remove(id uint64) refusal {
	w, all := p.machine.world, p.data.members()
	i := slices.IndexFunc(all, func(m member) bool { return m.id == id })
	if i < 0 {
		return memberNotFound
	}
	if !all[i].learner {
		rest := slices.DeleteFunc(voters(all), func(m member) bool { return m.id == id })
		started := 0
		for _, m := range rest {
			if m.name != "" {
				started++
			}
		}
		if len(voters(all)) == 1 || started < quorum(len(rest)) {
			return notEnoughStarted
		}
		down := id != p.data.id
		for other := range p.connected {
			if other.data.id == id {
				down = false
			}
		}
		if !down {
			active := p.connectedSince(voters(all), w.now-healthInterval)
			if active-1 < quorum(len(voters(all))-1) {
				return unhealthyCluster
			}
		}
	}
	if !p.propose(entry{kind: remove, member: all[i]}) {
		return noLeader
	}
	return ""
}

func (m member) String() string {
	kind := ""
	if m.learner {
		kind = " (learner)"
	}
	return fmt.Sprintf("%x %s %s%s", m.id, strings.TrimSpace(m.name+" "), m.peerURL, kind)
}
