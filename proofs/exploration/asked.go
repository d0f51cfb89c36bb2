package main

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Answers of the commands that ask etcd and systemd. How long these take on the virtual clock, in seconds: any call; a
// request without an answer, by curl and by etcdctl; a request to a member without a quorum.
const (
	callS       = 0.02
	curlS       = 4.0
	etcdctlS    = 5.0
	noQuorumS   = 7.0
	startLimitS = 132.0
)

// changes tells whether a command that the world answers changes the state.
func changes(args []string) bool {
	switch args[0] {
	case "systemctl":
		return slices.ContainsFunc([]string{"start", "stop", "restart", "enable", "disable"}, func(verb string) bool { return slices.Contains(args, verb) })
	case "etcdctl":
		return slices.ContainsFunc([]string{"add", "remove", "promote", "move-leader"}, func(verb string) bool { return slices.Contains(args, verb) })
	case "curl":
		return strings.Contains(strings.Join(args, " "), "transfer-leadership")
	case "sleep":
		return true
	}
	return false
}

func (s *server) say(r *run, args []string) answer {
	w := s.world
	w.advance(callS)
	switch args[0] {
	case "date":
		return answer{Stdout: fmt.Sprintf("%d\n", int64(w.now))}
	case "sleep":
		seconds, _ := strconv.ParseFloat(args[1], 64)
		if seconds < 1 {
			// Longer than asked for, so that polling loops take fewer turns than on a machine.
			seconds *= 3
		}
		w.advance(seconds)
		if r.kind == contextStep && s.interleave != nil && s.interleave() {
			w.letJoinsGoOn()
		}
		return answer{}
	case "systemctl":
		return w.systemctl(r.machine, args[1:])
	case "etcdctl":
		return w.etcdctl(r.machine, args[1:])
	case "curl":
		return w.curl(r.machine, args[1:])
	}
	return answer{}
}

func (w *world) systemctl(m *machine, args []string) answer {
	words := slices.DeleteFunc(slices.Clone(args), func(word string) bool { return strings.HasPrefix(word, "-") && word != "-P" })
	flag := func(name string) bool { return slices.Contains(args, name) }
	unit := words[len(words)-1]
	join := strings.HasPrefix(unit, "etcd-join")
	failed := answer{Code: 1}
	switch words[0] {
	case "is-enabled":
		if join && m.joinEnabled {
			return answer{}
		}
		return failed
	case "is-active":
		if m.etcd != nil && m.etcd.ready {
			return answer{}
		}
		return failed
	case "show":
		if flag("MainPID") {
			return answer{Stdout: fmt.Sprintln(m.pid)}
		}
		return answer{Stdout: "1\n"}
	case "enable":
		m.joinEnabled = m.joinEnabled || join
	case "disable":
		if join {
			m.joinEnabled = false
			if flag("--now") {
				m.endJoin()
			}
		}
	case "start":
		if join {
			m.startJoin()
		} else {
			m.startEtcd()
			return w.untilStarted(m, flag("--no-block"))
		}
	case "stop":
		w.judgeStop(m)
		m.wanted = false
		m.stopEtcd()
	case "restart":
		w.judgeStop(m)
		m.stopEtcd()
		m.startEtcd()
		return w.untilStarted(m, flag("--no-block"))
	}
	w.settle()
	return answer{}
}

// untilStarted is the answer to a systemctl that has started etcd, which waits until it is ready unless it is told not to.
func (w *world) untilStarted(m *machine, noBlock bool) answer {
	if noBlock {
		w.settle()
		return answer{}
	}
	for end := w.now + startLimitS; w.now < end && w.verdict == nil; w.advance(0.5) {
		if m.etcd == nil {
			return answer{Code: 1}
		}
		if m.etcd.ready {
			return answer{}
		}
	}
	return answer{Code: 1}
}

// asks returns the etcd process at a URL, and whether the request gets an answer.
func (w *world) asks(from *machine, url string) (*process, bool) {
	host := regexp.MustCompile(`^https?://([0-9.]+):`).FindStringSubmatch(url)
	if host == nil {
		return nil, false
	}
	to := from
	if host[1] != "127.0.0.1" {
		to = w.machine(host[1])
	}
	if to == nil || w.losesRequest(from, to) {
		return nil, false
	}
	return to.etcd, true
}

// serves returns the process that serves a client URL, nil if none is ready there.
func (w *world) serves(from *machine, url string) *process {
	p, _ := w.asks(from, url)
	if p == nil || !p.ready {
		return nil
	}
	return p
}

func (w *world) etcdctl(m *machine, args []string) answer {
	endpoints := []string{}
	words := []string{}
	peerURL := ""
	for i := 0; i < len(args); i++ {
		switch {
		case strings.HasPrefix(args[i], "--endpoints="):
			endpoints = strings.Split(strings.Trim(strings.TrimPrefix(args[i], "--endpoints="), ","), ",")
		case strings.HasPrefix(args[i], "--peer-urls="):
			peerURL = strings.TrimPrefix(args[i], "--peer-urls=")
		case args[i] == "-w":
			i++
			words = append(words, args[i])
		case !strings.HasPrefix(args[i], "-"):
			words = append(words, args[i])
		}
	}
	command := strings.Join(words[:min(2, len(words))], " ")
	switch command {
	case "endpoint health":
		lines := []string{}
		code := 0
		for _, url := range endpoints {
			if p := w.serves(m, url); p != nil && p.inQuorum() {
				lines = append(lines, url+" is healthy: successfully committed proposal: took = 2ms")
			} else {
				lines = append(lines, url+" is unhealthy: failed to commit proposal: context deadline exceeded")
				code = 1
			}
		}
		if code != 0 {
			w.advance(etcdctlS)
		}
		return answer{Stdout: strings.Join(lines, "\n") + "\n", Code: code}
	case "endpoint status":
		return w.etcdctlStatus(m, endpoints, words[len(words)-1])
	case "alarm list":
		return answer{}
	}
	// The first endpoint that serves and is no learner is asked. Without a quorum, etcdctl waits for its time-out.
	var asked *process
	for _, url := range endpoints {
		if p := w.serves(m, url); asked == nil && p != nil && !p.learns() {
			asked = p
		}
	}
	if asked == nil || !asked.inQuorum() {
		w.advance(noQuorumS)
		return answer{Stderr: "Error: context deadline exceeded\n", Code: 1}
	}
	why := refusal("unknown command")
	done := ""
	switch command {
	case "member list":
		lines := []string{}
		for _, one := range asked.data.members() {
			status := "started"
			if one.name == "" {
				status = "unstarted"
			}
			lines = append(lines, fmt.Sprintf("%x, %s, %s, %s, %s, %t", one.id, status, one.name, one.peerURL, one.clientURL, one.learner))
		}
		sort.Strings(lines)
		return answer{Stdout: strings.Join(lines, "\n") + "\n"}
	case "member add":
		w.lastReplica++
		id := hashOf(peerURL, strconv.Itoa(w.lastReplica))
		why = asked.addLearner(id, peerURL)
		done = fmt.Sprintf("Member %x added to cluster\n", id)
	case "member promote", "member remove":
		id, _ := strconv.ParseUint(words[2], 16, 64)
		if words[1] == "promote" {
			why = asked.promote(id)
		} else {
			w.judgeRemoval(m, asked, id)
			why = asked.remove(id)
		}
		done = fmt.Sprintf("Member %x %sd\n", id, words[1])
	}
	w.note("%s: etcdctl %s: %s", m, strings.Join(words, " "), map[bool]string{true: "done", false: string(why)}[why == ""])
	if why != "" {
		return answer{Stderr: fmt.Sprintf("Error: %s\n", why), Code: 1}
	}
	w.settle()
	return answer{Stdout: done}
}

func (w *world) etcdctlStatus(m *machine, endpoints []string, form string) answer {
	out := ""
	for _, url := range endpoints {
		p := w.serves(m, url)
		if p == nil {
			w.advance(etcdctlS)
			return answer{Stderr: "Failed to get the status of endpoint\n", Code: 1}
		}
		leader := uint64(0)
		if p.leader != nil {
			leader = p.leader.data.id
		}
		if form == "json" {
			out += fmt.Sprintf("[{\"Status\":{\"header\":{\"revision\":%d},\"dbSize\":25600,\"dbSizeInUse\":25600}}]\n", len(p.data.log))
			continue
		}
		out += fmt.Sprintf("\"ClusterID\" : %d\n\"MemberID\" : %d\n\"RaftTerm\" : %d\n\"Leader\" : %d\n\"RaftIndex\" : %d\n", p.data.cluster, p.data.id, p.term, leader, len(p.data.log))
	}
	return answer{Stdout: out}
}

func (w *world) curl(m *machine, args []string) answer {
	url, body, quiet := "", "", false
	for i := 0; i < len(args); i++ {
		switch {
		case strings.HasPrefix(args[i], "http"):
			url = args[i]
		case args[i] == "-d":
			i++
			body = args[i]
		case args[i] == "-o":
			i++
			quiet = args[i] == "/dev/null"
		}
	}
	reply := func(text string) answer {
		if quiet {
			return answer{}
		}
		return answer{Stdout: text + "\n"}
	}
	p, answered := w.asks(m, url)
	if !answered {
		w.advance(curlS)
		return answer{Stderr: "curl: (28) Connection timed out\n", Code: 28}
	}
	if p == nil {
		return answer{Stderr: "* connect failed: Connection refused\ncurl: (7) Failed to connect\n", Code: 7}
	}
	switch {
	case strings.HasPrefix(url, "http://127.0.0.1:2381"):
		return reply(fmt.Sprintf("etcd_server_proposals_pending 0\netcd_server_proposals_applied_total %d", p.data.committed))
	case strings.Contains(url, ":2380/"):
		return reply(w.peerAnswer(p, url))
	case !p.ready:
		w.advance(curlS)
		return answer{Stderr: "curl: (28) SSL connection timeout\n", Code: 28}
	case strings.HasSuffix(url, "/metrics"):
		lines := []string{}
		for _, id := range p.activePeers() {
			lines = append(lines, fmt.Sprintf("etcd_network_active_peers{Local=\"%x\",Remote=\"%x\"} 1", p.data.id, id))
		}
		for id, probers := range p.probers {
			lines = append(lines, fmt.Sprintf("etcd_network_peer_round_trip_time_seconds_count{To=\"%x\"} %d", id, probers.looked))
		}
		return reply(strings.Join(lines, "\n"))
	case strings.HasSuffix(url, "/transfer-leadership"):
		target, _ := strconv.ParseUint(regexp.MustCompile(`[0-9]+`).FindString(body), 10, 64)
		if !w.transfer(p, target) {
			return answer{Code: 22}
		}
		return reply("{}")
	}
	version := "not_decided"
	if p.inQuorum() {
		version = "3.6.0"
	}
	return reply(fmt.Sprintf(`{"etcdserver":"3.6.14","etcdcluster":"%s"}`, version))
}

func (w *world) peerAnswer(p *process, url string) string {
	if strings.HasSuffix(url, "/version") {
		return `{"etcdserver":"3.6.14","etcdcluster":"3.6.0"}`
	}
	members := []string{}
	for _, one := range p.data.members() {
		urls := ""
		if one.clientURL != "" {
			urls = `"` + one.clientURL + `"`
		}
		members = append(members, fmt.Sprintf(`{"id":%d,"peerURLs":["%s"],"name":"%s","clientURLs":[%s]}`, one.id, one.peerURL, one.name, urls))
	}
	return "[" + strings.Join(members, ",") + "]"
}

// transfer hands leadership over, if the process that is asked leads.
func (w *world) transfer(p *process, target uint64) bool {
	if !p.leads() || !p.hasQuorum() {
		return false
	}
	heir := p.peer(target)
	if heir == nil || heir.leader != p {
		return false
	}
	if self, listed := heir.data.self(); !listed || self.learner {
		return false
	}
	p.leader = heir
	heir.term = p.term + 1
	heir.leader = heir
	for _, other := range w.processes() {
		if other.leader == p {
			other.leader = heir
		}
	}
	heir.data.log = append(heir.data.log, entry{term: heir.term, kind: noop})
	w.settle()
	w.note("%s hands leadership over to %s", p.machine, heir.machine)
	return true
}
