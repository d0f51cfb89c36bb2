package main

import (
	"fmt"
	"hash/fnv"
	"slices"
	"sort"
	"strings"
)

// The model of etcd: replicas with logs, who may lead them, and etcd's own rules of membership. Time is the world's virtual clock. What is simplified: an election and the
// replication of what a leader has take no time, so a vote is never half counted; a write is one entry. What is not: a log may be lost or old, a cluster's members are what
// its own log says, and each replica knows only what it has.

// healthInterval is etcd's own (server/etcdserver: HealthInterval): for how long the leader must have been connected with others before it adds or removes anybody.
const healthInterval = 5.0

// What rafthttp does about a peer that falls silent. Its streams count as connected until TCP's keepalive has given them up (Go's: 30 s, and nine probes 15 s apart), as its own
// ConnReadTimeout is not set on the connections that it dials. It has two probers for each peer: both look every 30 s, but the streams' one every 5 s while that gives no answer. (The
// other one's question waits on a connection that it keeps.) Measured with etcd 3.6.14.
const (
	streamsKept  = 165.0
	probedWell   = 30.0
	probedUnwell = 5.0
)

// recovered is for how long a voter that was silent has to be heard again until its peers' probers all tell.
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

// member is what etcd knows of one: name and client URL once it has published them.
type member struct {
	id        uint64
	peerURL   string
	name      string
	clientURL string
	learner   bool
}

// replica is one data directory: it outlives the process, and may be moved away or lost with its files.
type replica struct {
	key       string
	cluster   uint64
	id        uint64
	initial   []member
	log       []entry
	committed int
	// founding is the genesis of its cluster, for the invariants alone.
	founding int
	// Forced to be the only member from that index on (--force-new-cluster).
	forcedAt int
	// survivor is the one member that was left then.
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

// foundedWith gives the members and the cluster's id that etcd derives from --initial-cluster and the token: the same for the same input.
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

// members is what the replica's committed log says.
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
	// Its streams with other ones' processes; missing where it counts them as lost.
	connected map[*process]*stream
	// By the ids of members.
	probers map[uint64]*probers
	// Whom it follows, itself included; nil without a leader.
	leader *process
	term   int
	ready  bool
}

// stream is since when one has been connected, when it last brought something, and since when it has brought something without a pause.
type stream struct{ since, heard, steady float64 }

// probers are how often they have looked, and when the streams' one and the other one look next.
type probers struct {
	looked        int
	stream, other float64
}

// published is what it tells the cluster of itself.
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

// learns tells whether it is a learner, as far as it knows.
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

// peer is the running process of that member that this one has a working link to.
func (p *process) peer(id uint64) *process {
	for _, other := range p.machine.world.processes() {
		if other != p && other.data.cluster == p.data.cluster && other.data.id == id && p.machine.world.linked(p.machine, other.machine) {
			return other
		}
	}
	return nil
}

// connectedSince counts those of the members that the process has been connected with for as long as etcd asks, itself included.
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

// watch brings what it knows of its connections up to date, as rafthttp does.
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

// elect has every cluster's replicas follow whoever may lead them now, and takes over what that one has.
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
			// A leader in place needs no vote.
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

// removes tells whether this replica knows that the other one's member is no more: it refuses its messages.
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

// propose hands an entry to the leader, and tells whether it is committed.
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

// refusal is etcd's own answer to what it does not do.
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

// addLearner is etcd's mayAddMember with --strict-reconfig-check, judged by the member that is asked, and one learner at a time.
func (p *process) addLearner(id uint64, url string) refusal {
	w, all := p.machine.world, p.data.members()
	// The new one counts as missing.
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
	// IsReadyToPromoteMember: enough started, the new one counted.
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
