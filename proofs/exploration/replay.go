package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Replay compares the model's rules of membership with etcd itself: after each of the same operations on both, both must
// have given the same answer and have the same members.

// operation on a cluster's member of that number.
type operation struct {
	do string
	of int
}

// both is a cluster of real processes and the same cluster in the model.
type both struct {
	dir       string
	etcd      string
	etcdctl   string
	firstPort int
	random    *rand.Rand
	world     *world
	real      map[int]*realMember
	said      []string
}

type realMember struct {
	command *exec.Cmd
	// Flags of its first start.
	initial string
	state   string
}

func (b *both) note(format string, values ...any) {
	b.said = append(b.said, fmt.Sprintf(format, values...))
}

func (b *both) port(number, of int) string { return strconv.Itoa(b.firstPort + 10*number + of) }
func (b *both) realPeerURL(number int) string {
	return "http://127.0.0.1:" + b.port(number, 0)
}
func (b *both) realClientURL(number int) string {
	return "http://127.0.0.1:" + b.port(number, 1)
}

func (b *both) startReal(number int) {
	one := b.real[number]
	log, err := os.Create(filepath.Join(b.dir, fmt.Sprintf("%d-%d.log", number, time.Now().UnixNano())))
	must(err)
	defer log.Close()
	one.command = exec.Command(b.etcd, "--name", fmt.Sprint("m", number), "--data-dir", filepath.Join(b.dir, fmt.Sprint(number)),
		"--listen-peer-urls", b.realPeerURL(number), "--initial-advertise-peer-urls", b.realPeerURL(number),
		"--listen-client-urls", b.realClientURL(number), "--advertise-client-urls", b.realClientURL(number),
		"--initial-cluster", one.initial, "--initial-cluster-state", one.state, "--heartbeat-interval", "50", "--election-timeout", "500", "--unsafe-no-fsync")
	one.command.Stdout, one.command.Stderr = log, log
	one.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(one.command.Start())
}

func (b *both) stopReal(number int) {
	if one := b.real[number]; one.command != nil {
		_ = one.command.Process.Kill()
		_ = one.command.Wait()
		one.command = nil
	}
}

// ctl runs etcdctl; returns its last line.
func (b *both) ctl(number int, args ...string) (string, error) {
	command := exec.Command(b.etcdctl, append([]string{"--endpoints", b.realClientURL(number), "--command-timeout", "4s"}, args...)...)
	out, err := command.CombinedOutput()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			return strings.TrimPrefix(lastLine(string(out)), "Error: "), err
		}
	}
	return string(out), err
}

// described is a member as both can describe it.
type described struct {
	Number  int
	Started bool
	Learner bool
}

func (b *both) realMembers(asked int) ([]described, map[int]string, error) {
	out, err := b.ctl(asked, "member", "list", "-w", "json")
	if err != nil {
		return nil, nil, fmt.Errorf("etcdctl member list: %s", out)
	}
	var list struct {
		Members []struct {
			ID       uint64   `json:"ID"`
			Name     string   `json:"name"`
			PeerURLs []string `json:"peerURLs"`
			Learner  bool     `json:"isLearner"`
		} `json:"members"`
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return nil, nil, err
	}
	all, ids := []described{}, map[int]string{}
	for _, one := range list.Members {
		port, err := strconv.Atoi(one.PeerURLs[0][strings.LastIndex(one.PeerURLs[0], ":")+1:])
		must(err)
		number := (port - b.firstPort) / 10
		all = append(all, described{number, one.Name != "", one.Learner})
		ids[number] = fmt.Sprintf("%x", one.ID)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Number < all[j].Number })
	return all, ids, nil
}

func (b *both) modelMachine(number int) *machine {
	return b.world.machine(fmt.Sprintf("10.0.%d.1", number))
}

func (b *both) modelMembers(asked int) ([]described, map[int]uint64) {
	all, ids := []described{}, map[int]uint64{}
	for _, one := range b.modelMachine(asked).etcd.data.members() {
		number := 0
		_, err := fmt.Sscanf(one.peerURL, "https://10.0.%d.1:2380", &number)
		must(err)
		all = append(all, described{number, one.name != "", one.learner})
		ids[number] = one.id
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Number < all[j].Number })
	return all, ids
}

// pass lets the same time pass for both.
func (b *both) pass(seconds float64) {
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	b.world.advance(seconds)
}

// replayOne carries out random operations on both, and returns the first difference.
func (b *both) replayOne(members, length int) error {
	initial := []string{}
	urls := []string{}
	for number := 1; number <= members; number++ {
		initial = append(initial, fmt.Sprintf("m%d=%s", number, b.realPeerURL(number)))
		urls = append(urls, fmt.Sprintf("m%d=https://10.0.%d.1:2380", number, number))
	}
	for number := 1; number <= members; number++ {
		b.real[number] = &realMember{initial: strings.Join(initial, ","), state: "new"}
		b.startReal(number)
		m := b.world.newMachine(fmt.Sprint("m", number), number)
		m.write("/etc/etcd/bootstrap.env", "ETCD_INITIAL_CLUSTER="+strings.Join(urls, ",")+"\nETCD_INITIAL_CLUSTER_STATE=new\n")
		m.write("/etc/etcd/restart.sha256", "x")
		m.startEtcd()
	}
	defer func() {
		for number := range b.real {
			b.stopReal(number)
		}
	}()
	b.pass(8)
	last := members
	for range length {
		// Asks a member that takes part in a quorum.
		asked := 0
		for number := range b.real {
			if m := b.modelMachine(number); m != nil && m.etcd != nil && m.etcd.inQuorum() && (asked == 0 || number < asked) {
				asked = number
			}
		}
		if asked == 0 {
			return nil
		}
		model, modelIDs := b.modelMembers(asked)
		real, realIDs, err := b.realMembers(asked)
		if err != nil {
			return err
		}
		if !slices.Equal(model, real) {
			return fmt.Errorf("the model's members are %+v, etcd's are %+v", model, real)
		}
		one := model[b.random.IntN(len(model))].Number
		running := b.modelMachine(one) != nil && b.modelMachine(one).etcd != nil
		modelSays, realSays := "", ""
		switch choice := b.random.IntN(12); {
		case choice < 3:
			last++
			number := last
			b.note("add %d", number)
			m := b.world.newMachine(fmt.Sprint("m", number), number)
			modelSays = string(b.modelMachine(asked).etcd.addLearner(hashOf("new", fmt.Sprint(number)), m.peerURL()))
			out, err := b.ctl(asked, "member", "add", fmt.Sprint("m", number), "--learner", "--peer-urls", b.realPeerURL(number))
			if err != nil {
				realSays = out
				break
			}
			b.world.settle()
			initial, urls := []string{}, []string{}
			now, _, err := b.realMembers(asked)
			if err != nil {
				return err
			}
			for _, each := range now {
				initial = append(initial, fmt.Sprintf("m%d=%s", each.Number, b.realPeerURL(each.Number)))
				urls = append(urls, fmt.Sprintf("m%d=https://10.0.%d.1:2380", each.Number, each.Number))
			}
			b.real[number] = &realMember{initial: strings.Join(initial, ","), state: "existing"}
			m.write("/etc/etcd/bootstrap.env", "ETCD_INITIAL_CLUSTER="+strings.Join(urls, ",")+"\nETCD_INITIAL_CLUSTER_STATE=existing\n")
			m.write("/etc/etcd/restart.sha256", "x")
			if b.random.IntN(4) > 0 {
				b.startReal(number)
				m.startEtcd()
				b.pass(3)
			}
		case choice < 5:
			b.note("promote %d", one)
			modelSays = string(b.modelMachine(asked).etcd.promote(modelIDs[one]))
			if out, err := b.ctl(asked, "member", "promote", realIDs[one]); err != nil {
				realSays = out
			}
		case choice < 8:
			if one == asked {
				continue
			}
			b.note("remove %d", one)
			modelSays = string(b.modelMachine(asked).etcd.remove(modelIDs[one]))
			if out, err := b.ctl(asked, "member", "remove", realIDs[one]); err != nil {
				realSays = out
			}
			if modelSays == "" && realSays == "" {
				b.pass(1)
				b.stopReal(one)
				if m := b.modelMachine(one); m != nil {
					m.stopEtcd()
					m.wanted = false
				}
			}
		case choice < 10 && running:
			b.note("stop %d", one)
			b.stopReal(one)
			b.modelMachine(one).stopEtcd()
			b.modelMachine(one).wanted = false
			b.pass(2.5)
		case choice < 11 && !running && b.real[one] != nil && b.modelMachine(one) != nil:
			b.note("start %d", one)
			b.startReal(one)
			b.modelMachine(one).startEtcd()
			b.pass(2.5)
		default:
			b.note("wait")
			b.pass(8)
		}
		if modelSays != realSays {
			return fmt.Errorf("the model says %q, etcd says %q", modelSays, realSays)
		}
		b.world.settle()
		b.pass(0.5)
	}
	return nil
}
