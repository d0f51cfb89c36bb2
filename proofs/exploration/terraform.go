package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// terraform models what Terraform does with the stack that lib/ synthesizes: the same resources in the same order, each
// replaced when one of its triggers has changed. The files that install stages and lay-down puts in place appear at once;
// the scripts after that are the real ones.
type terraform struct {
	world     *world
	templates templates

	// The configuration.
	declared    []string
	bundle      int
	genesis     int
	recoverFrom string

	// Terraform's state.
	machines  map[string]*machine
	leaving   []*machine
	installed map[string]string
	record    map[string]founder
	made      int // The generation of the record, 0 for none.
	recordID  int
	activated map[string]string
	converged string
	replaced  map[string]int

	numbers int
	atStart []string
	// What keeps the cluster from being healthy at the end; empty if nothing does.
	healthy string
	// Output of the last deploy.
	said string
}

type founder struct{ id, url string }

// outcome is that of a deploy.
type outcome struct {
	ok  bool
	cut bool
}

type interruption struct {
	at    int
	after bool
}

func newTerraform(w *world, files templates, names []string) *terraform {
	t := &terraform{
		world: w, templates: files, declared: names, bundle: 1, genesis: 1, machines: map[string]*machine{}, installed: map[string]string{}, activated: map[string]string{},
		replaced: map[string]int{},
	}
	w.terraform = t
	return t
}

func (t *terraform) declares(name string) bool { return slices.Contains(t.declared, name) }

func (t *terraform) machineOf(name string) *machine {
	t.numbers++
	return t.world.newMachine(name, t.numbers)
}

// order is the order of activation: the preferred leader's member last, but a survivor first.
func (t *terraform) order() []string {
	names := slices.Clone(t.declared)
	slices.Reverse(names)
	if i := slices.Index(names, t.recoverFrom); i >= 0 {
		names = append([]string{t.recoverFrom}, slices.Delete(names, i, i+1)...)
	}
	return names
}

// deploy applies the configuration. It ends at a step that fails or is cut off.
func (t *terraform) deploy(cut interruption) outcome {
	w := t.world
	t.said = ""
	t.atStart = nil
	for _, m := range w.machines {
		t.atStart = append(t.atStart, m.address)
	}
	for name, m := range t.machines {
		if !t.declares(name) || !slices.Contains(w.machines, m) {
			delete(t.machines, name)
			if slices.Contains(w.machines, m) {
				t.leaving = append(t.leaving, m)
			}
		}
	}
	for _, name := range t.declared {
		if t.machines[name] == nil {
			t.machines[name] = t.machineOf(name)
		}
	}
	for _, name := range t.declared {
		m := t.machines[name]
		if key := fmt.Sprintf("%s/%d/%d", m.id, t.bundle, t.replaced[name]); t.installed[name] != key {
			if !m.up {
				return t.failed("error: %s: no connection by SSH. Bring it back, then deploy again", m)
			}
			t.install(m)
			t.installed[name] = key
		}
	}
	steps := 0
	step := func(m *machine, commands ...string) (outcome, bool) {
		if !m.up {
			return t.failed("error: %s: no connection by SSH. Bring it back, then deploy again", m), false
		}
		for _, command := range commands {
			r := w.start(m, contextStep, "/usr/local/lib/cdktf-etcd/"+command)
			r.calls, r.cutAt, r.cutAfter = steps, cut.at, cut.after
			w.wait(r)
			steps = r.calls
			said := strings.TrimSpace(r.output.String())
			t.said += said + "\n"
			for _, line := range strings.Split(said, "\n") {
				w.note("  %s %s| %s", m, command, line)
			}
			if r.wasCut {
				w.note("%s: %s was cut off at %s (after it: %t)", m, command, r.cutOff, r.cutAfter)
				return outcome{cut: true}, false
			}
			if w.verdict != nil {
				return outcome{}, false
			}
			if r.code != 0 {
				if !strings.Contains(said, "error: ") {
					w.violate(endsHealthy, "%s ended with %d on %s, and no sentence: %s", command, r.code, m, lastLine(said))
				}
				return outcome{}, false
			}
			w.advance(1)
		}
		return outcome{}, true
	}

	if t.made != t.genesis {
		for _, name := range t.declared {
			if t.recoverFrom != "" && name != t.recoverFrom {
				continue
			}
			m := t.machines[name]
			if m.exists("/var/lib/cdktf-etcd-node/born") {
				m.startEtcd()
				continue
			}
			t.tell(m, nil)
			if result, ok := step(m, "prepare-founding"); !ok {
				return result
			}
		}
		t.record = map[string]founder{}
		for _, name := range t.declared {
			if t.recoverFrom == "" || name == t.recoverFrom {
				t.record[name] = founder{t.machines[name].id, t.machines[name].peerURL()}
			}
		}
		t.made = t.genesis
		t.recordID++
	}

	order := t.order()
	ran := false
	for i, name := range order {
		m := t.machines[name]
		key := fmt.Sprintf("%s/%d/%d", t.installed[name], t.recordID, i)
		last := i == len(order)-1
		if t.activated[name] == key && !(last && (ran || t.converged != t.all())) {
			continue
		}
		ran = true
		delete(t.activated, name)
		t.tell(m, t.record)
		commands := []string{"activate"}
		if last {
			commands = append(commands, "converge")
		}
		if result, ok := step(m, commands...); !ok {
			return result
		}
		t.activated[name] = key
		w.letJoinsGoOn()
	}
	t.converged = t.all()
	for _, m := range t.leaving {
		w.destroy(m)
	}
	t.leaving = nil
	return outcome{ok: true}
}

func (t *terraform) all() string {
	parts := []string{}
	for _, name := range t.order() {
		parts = append(parts, t.activated[name])
	}
	return strings.Join(parts, " ")
}

func (t *terraform) failed(format string, values ...any) outcome {
	t.said += fmt.Sprintf(format, values...) + "\n"
	t.world.note("%s", strings.TrimSpace(t.said))
	return outcome{}
}

// install writes the files that install stages and lay-down puts in place.
func (t *terraform) install(m *machine) {
	render := t.templates.render
	m.write("/etc/etcd/declared.env", render("rollout/declared.env.tftpl", map[string]any{
		"member": word(m.name), "members": word(t.declared...), "version": word("3.6.14"), "enters_from": word("3.5", "3.6"), "least_predecessor": word(), "log_readable_since": word(),
		"genesis": t.genesis, "recover_from": word(t.recoverFrom), "restore": word(), "adopted_client_urls": word(), "adopted_peer_urls": word(), "retire_adopted": word(),
	}))
	m.write("/etc/etcd/leader.env", render("leader/leader.env.tftpl", map[string]any{
		"order": word(t.declared...), "well_placed": word(t.declared[0]), "better_placed": word(), "settle_seconds": 45, "handover_pause_seconds": 1,
	}))
	m.write("/etc/etcd/etcdctl.env", render("member/etcdctl.env.tftpl", map[string]any{"dial_timeout_ms": 4000, "command_timeout_ms": 7000}))
	m.write("/etc/etcd/etcd.env", fmt.Sprintf("ETCD_QUOTA_BACKEND_BYTES=2147483648\nETCD_INITIAL_ADVERTISE_PEER_URLS=%s\n", m.peerURL()))
	m.write("/etc/etcd/restart.sha256", fmt.Sprintf("%064d", t.bundle))
}

// tell writes a step's settings for the node scripts.
func (t *terraform) tell(m *machine, record map[string]founder) {
	// The configuration may have changed since the machine was installed.
	t.install(m)
	others, peers, declared, addresses, genesis := []string{}, []string{}, []string{}, []string{}, map[string]any{}
	for _, name := range t.declared {
		other := t.machines[name]
		declared = append(declared, name+"="+other.clientURL())
		addresses = append(addresses, other.address)
		if other != m {
			others = append(others, other.clientURL())
			peers = append(peers, other.peerURL())
		}
	}
	for name, one := range record {
		genesis[name] = map[string]any{"machine_id": one.id, "peer_url": one.url}
	}
	sort.Strings(declared)
	m.write("/etc/etcd/rollout.env", t.templates.render("rollout/rollout.env.tftpl", map[string]any{
		"member": m.name, "machine_id": word(m.id), "peer_url": word(m.peerURL()), "addresses": addresses, "addresses_at_start": t.atStart,
		"other_client_urls": word(others...), "other_peer_urls": word(peers...), "declared": word(declared...), "genesis": genesis,
		"dial_seconds": 4, "silence_seconds": 5, "health_budget_seconds": 60, "join_budget_seconds": 60,
	}))
}
