package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
)

const (
	// Several times the longest round trip.
	observeTimeout = time.Second
	// A member that refuses connections is out of service at once. A silent one may only be slow, on an overloaded
	// machine; after this time it counts as out of service.
	silence = 10 * time.Second
	// Without keepalive, a connection to a machine that was away for half a minute would wait about as long again for
	// TCP's retransmission before it is replaced. This is the shortest interval that gRPC allows.
	observeKeepalive = 10 * time.Second
	// Interval between two reads of the member list.
	membersEvery = 500 * time.Millisecond
)

// View is a line of the output of "observe": the cluster at one moment.
type View struct {
	// At is in nanoseconds of CLOCK_REALTIME, as in a Record.
	At int64 `json:"at"`
	// Term and Leader (an id) are the newest that any member knows; Leader is empty without a leader.
	Term   uint64 `json:"term"`
	Leader string `json:"leader"`
	// Voters are the voting members' names; those out of service are in Out as well.
	Voters []string `json:"voters"`
	Out    []string `json:"out"`
	// Learners are the names of the learners.
	Learners []string `json:"learners"`
}

// observed is a member that is polled.
type observed struct {
	client *clientv3.Client
	cancel context.CancelFunc
	mu     sync.Mutex
	// answer is nil if the last request had none.
	answer *pb.StatusResponse
	// out tells whether it refuses connections or has been silent for too long; false before the first request.
	out bool
	// known is whether it has ever answered.
	known bool
	// spoke is when it last answered or, before its first answer, when it was first asked.
	spoke time.Time
}

func observeVerb(args []string) error {
	flags := flag.NewFlagSet("workload observe", flag.ContinueOnError)
	connect := addConnectionFlags(flags)
	out := flags.String("out", "", "file for the views, one per line")
	everyMs := flags.Int("every-ms", 250, "between two views, and between two questions to each member")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := connect.connection()
	switch {
	case err != nil:
		return err
	case *out == "":
		return errors.New("-out: expected a file for the views")
	case *everyMs <= 0:
		return fmt.Errorf("-every-ms: given %d, expected more than 0", *everyMs)
	}
	running, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	return observe(running, c, *out, milliseconds(*everyMs))
}

func observe(running context.Context, c connection, out string, every time.Duration) error {
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer file.Close()
	o, err := newObserver(c, every)
	if err != nil {
		return err
	}
	defer o.close()
	var looking sync.WaitGroup
	looking.Go(func() { o.followMembers(running) })
	defer looking.Wait()
	// Not buffered, so that readers get each view at once.
	lines := json.NewEncoder(file)
	for sleep(running, every) {
		if v := o.view(); len(v.Voters) > 0 {
			if err := lines.Encode(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// observer polls every member, each on a connection of its own.
type observer struct {
	connection connection
	// first has the endpoints known at the start.
	first *clientv3.Client
	every time.Duration
	mu    sync.Mutex
	// members are those of the last linearizable list.
	members []*pb.Member
	asked   map[uint64]*observed
}

func newObserver(c connection, every time.Duration) (*observer, error) {
	c.keepalive, c.keepaliveTimeout = observeKeepalive, 2*observeTimeout
	first, err := c.client(c.endpoints...)
	if err != nil {
		return nil, err
	}
	return &observer{connection: c, first: first, every: every, asked: map[uint64]*observed{}}, nil
}

func (o *observer) close() {
	o.forget(nil)
	_ = o.first.Close()
}

func (o *observer) followMembers(ctx context.Context) {
	for {
		if members := o.list(ctx); members != nil {
			o.become(members)
		}
		if !sleep(ctx, membersEvery) {
			return
		}
	}
}

// list returns the members by the first answer, nil if there is none. All members are asked at the same time: a request
// only to one that has just been removed would wait for its time-out.
func (o *observer) list(ctx context.Context) []*pb.Member {
	asking, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	clients := o.answering()
	lists := make(chan []*pb.Member, len(clients))
	for _, client := range clients {
		go func() {
			list, err := client.MemberList(asking)
			if err != nil {
				lists <- nil
				return
			}
			lists <- list.Members
		}()
	}
	for range clients {
		if members := <-lists; members != nil {
			return members
		}
	}
	return nil
}

// answering returns a client for each member that answers or, if none does, the one with the first endpoints.
func (o *observer) answering() []*clientv3.Client {
	o.mu.Lock()
	defer o.mu.Unlock()
	clients := []*clientv3.Client{}
	for _, one := range o.asked {
		if answer, _ := one.latest(); answer != nil {
			clients = append(clients, one.client)
		}
	}
	if len(clients) == 0 {
		clients = append(clients, o.first)
	}
	return clients
}

func (o *observer) become(members []*pb.Member) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.members = members
	o.forget(members)
	for _, member := range members {
		if one := o.asked[member.ID]; one != nil {
			if member.IsLearner {
				one.isNotMissed()
			}
			continue
		}
		if len(member.ClientURLs) == 0 {
			continue
		}
		client, err := o.connection.singleEndpointClient(member.ClientURLs[0])
		if err != nil {
			fmt.Fprintf(os.Stderr, "error: %s: %v\n", member.Name, err)
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		one := &observed{client: client, cancel: cancel, spoke: time.Now()}
		o.asked[member.ID] = one
		go func() {
			one.status(ctx)
			for sleep(ctx, o.every) {
				one.status(ctx)
			}
		}()
	}
}

// forget stops polling all other members.
func (o *observer) forget(members []*pb.Member) {
	for id, one := range o.asked {
		if !slices.ContainsFunc(members, func(m *pb.Member) bool { return m.ID == id }) {
			one.cancel()
			_ = one.client.Close()
			delete(o.asked, id)
		}
	}
}

// status uses the existing connection; clientv3's Status opens one for each call.
func (one *observed) status(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	answer, err := pb.NewMaintenanceClient(one.client.ActiveConnection()).Status(ctx, &pb.StatusRequest{})
	if err != nil {
		answer = nil
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if err == nil {
		one.spoke, one.known = time.Now(), true
	}
	one.answer = answer
	// Not if it has never answered: a member that has just joined may serve before the first connection to it is ready.
	gone := one.known && codeOf(err) != codes.DeadlineExceeded
	one.out = err != nil && (gone || time.Since(one.spoke) > silence)
}

// isNotMissed restarts the time of its silence: a learner that receives much data does not answer until it is promoted.
func (one *observed) isNotMissed() {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.spoke = time.Now()
}

// latest returns the answer to the last request, nil if there was none, and whether the member is out of service.
func (one *observed) latest() (answer *pb.StatusResponse, out bool) {
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.answer, one.out
}

func (o *observer) view() View {
	o.mu.Lock()
	defer o.mu.Unlock()
	v := View{At: time.Now().UnixNano(), Voters: []string{}, Out: []string{}, Learners: []string{}}
	var leader uint64
	for _, member := range o.members {
		var answer *pb.StatusResponse
		out := false
		if one := o.asked[member.ID]; one != nil {
			answer, out = one.latest()
		}
		if answer != nil && (answer.RaftTerm > v.Term || answer.RaftTerm == v.Term && leader == 0) {
			v.Term, leader = answer.RaftTerm, answer.Leader
		}
		name := cmp.Or(member.Name, fmt.Sprintf("%x", member.ID))
		if member.IsLearner {
			v.Learners = append(v.Learners, name)
			continue
		}
		v.Voters = append(v.Voters, name)
		if out {
			v.Out = append(v.Out, name)
		}
	}
	if leader != 0 {
		v.Leader = fmt.Sprintf("%x", leader)
	}
	return v
}
