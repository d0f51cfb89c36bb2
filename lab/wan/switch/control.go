package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"reflect"
	"runtime"
	"sort"
	"sync"
	"syscall"
)

type addressRequest struct {
	IP       string `json:"ip"`
	Location string `json:"location,omitempty"` // default: the endpoint's
	// Prefix length of the private network the address belongs to; 0 is public.
	PrivatePrefix int `json:"privatePrefix,omitempty"`
	// If given, the only ports to which TCP connections may be opened.
	TCPPorts *[]uint16 `json:"tcpPorts,omitempty"`
}

type attachRequest struct {
	ID        string           `json:"id"`
	Netns     string           `json:"netns,omitempty"` // path; "" is the switch's own
	Device    string           `json:"device"`
	Location  string           `json:"location"`
	Addresses []addressRequest `json:"addresses"`
	Routes    []string         `json:"routes,omitempty"`   // CIDRs to route into the device
	Assigned  []string         `json:"assigned,omitempty"` // CIDRs to put on the device itself
}

type request struct {
	Op string `json:"op"`
	attachRequest
	pairSettings
	On    *bool          `json:"on"`
	Pairs []pairSettings `json:"pairs"`
}

type helloAnswer struct {
	Pid       int    `json:"pid"`
	Build     string `json:"build"`
	Scheduler string `json:"scheduler"`
	BiasNs    int64  `json:"biasNs"` // what is taken off each delay now
}

type endpointStats struct {
	ID        string   `json:"id"`
	Location  string   `json:"location"`
	Device    string   `json:"device"`
	Netns     string   `json:"netns"`
	Addresses []string `json:"addresses"`
	Isolated  bool     `json:"isolated"`
	Lost      bool     `json:"lost"`
	// In is what the switch got from the endpoint, Out what it handed to it.
	In       uint64       `json:"in"`
	InBytes  uint64       `json:"inBytes"`
	Out      uint64       `json:"out"`
	OutBytes uint64       `json:"outBytes"`
	Dropped  droppedStats `json:"dropped"`
}

type droppedStats struct {
	ForeignSource  uint64 `json:"foreignSource"`
	UnknownAddress uint64 `json:"unknownAddress"`
	PrivateNetwork uint64 `json:"privateNetwork"`
	RefusedPort    uint64 `json:"refusedPort"`
	Isolated       uint64 `json:"isolated"`
	WriteError     uint64 `json:"writeError"`
	Other          uint64 `json:"other"`
}

type linkStats struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Packets  uint64 `json:"packets"`
	Bytes    uint64 `json:"bytes"`
	Lost     uint64 `json:"lost"`
	Cut      uint64 `json:"cut"`
	Overflow uint64 `json:"overflow"`
}

type statsAnswer struct {
	PacketsIn  uint64 `json:"packetsIn"`
	PacketsOut uint64 `json:"packetsOut"`
	Dropped    uint64 `json:"dropped"`
	InFlight   int    `json:"inFlight"`
	// The most that was ever in flight since the last call.
	PeakInFlight     int     `json:"peakInFlight"`
	PacketsPerSecond float64 `json:"packetsPerSecond"` // since the last call
	// How long after its time the latest packet was delivered, since the last call: this machine's fault, not the network's.
	WorstLateMs float64         `json:"worstLateMs"`
	Endpoints   []endpointStats `json:"endpoints"`
	Links       []linkStats     `json:"links"`
}

type listedPair struct {
	pairSettings
	Changed bool `json:"changed"`
}

type listAnswer struct {
	Endpoints []attachRequest `json:"endpoints"`
	Isolated  []string        `json:"isolated"`
	Lost      []string        `json:"lost"`
	Pairs     []listedPair    `json:"pairs"`
}

type control struct {
	engine *engine
	build  string
	// One change at a time: attach works partly outside of the engine's thread.
	changes sync.Mutex
	answers int
}

// collectEvery is after how many answers garbage is collected: at most some ten megabytes.
const collectEvery = 500

func (c *control) serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go c.talk(connection)
	}
}

func (c *control) talk(connection net.Conn) {
	defer connection.Close()
	lines := bufio.NewScanner(connection)
	lines.Buffer(make([]byte, 64<<10), 4<<20)
	for lines.Scan() {
		answer := map[string]interface{}{"ok": true}
		result, stop, err := c.answer(lines.Bytes())
		if err != nil {
			answer = map[string]interface{}{"ok": false, "code": codeOf(err), "error": err.Error()}
		} else if result != nil {
			answer["result"] = result
		}
		raw, err := json.Marshal(answer)
		if err != nil {
			return
		}
		if _, err := connection.Write(append(raw, '\n')); err != nil {
			return
		}
		if stop {
			os.Exit(0)
		}
	}
}

func (c *control) answer(line []byte) (result interface{}, stop bool, err error) {
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, false, failure("bad-request", "not a request: %v", err)
	}
	c.changes.Lock()
	defer c.changes.Unlock()
	if c.answers++; c.answers%collectEvery == 0 {
		runtime.GC()
	}
	switch r.Op {
	case "hello":
		var hello helloAnswer
		c.engine.do(func() { hello = helloAnswer{os.Getpid(), c.build, c.engine.scheduler, c.engine.bias + 2*c.engine.late} })
		return hello, false, nil
	case "attach":
		return nil, false, c.attach(r.attachRequest)
	case "detach":
		c.detach(r.ID)
		return nil, false, nil
	case "matrix":
		c.engine.do(func() {
			inUse := []string{}
			for _, a := range c.engine.addresses {
				inUse = append(inUse, a.location)
			}
			if err = c.engine.links.setMatrix(r.Pairs, inUse); err == nil {
				c.engine.applyLinks()
			}
		})
		return nil, false, err
	case "link":
		c.engine.do(func() {
			if err = c.engine.links.change(r.pairSettings); err == nil {
				c.engine.applyLinks()
			}
		})
		return nil, false, err
	case "heal":
		c.engine.do(func() {
			c.engine.links.heal(r.A, r.B)
			c.engine.applyLinks()
		})
		return nil, false, nil
	case "isolate":
		c.engine.do(func() {
			end := c.engine.ends[r.ID]
			if end == nil {
				err = failure("not-attached", "%q is not attached", r.ID)
				return
			}
			end.isolated = r.On == nil || *r.On
		})
		return nil, false, err
	case "stats":
		var stats statsAnswer
		c.engine.do(func() { stats = c.engine.stats() })
		return stats, false, nil
	case "list":
		var list listAnswer
		c.engine.do(func() { list = c.engine.list() })
		return list, false, nil
	case "stop":
		return nil, true, nil
	}
	return nil, false, failure("bad-request", "no such op: %q", r.Op)
}

func (c *control) attach(r attachRequest) error {
	end, err := parseAttach(r)
	if err != nil {
		return err
	}
	same, taken := false, error(nil)
	c.engine.do(func() {
		if old := c.engine.ends[r.ID]; old != nil {
			same = !old.lost && reflect.DeepEqual(old.spec, r)
			return
		}
	})
	if same && c.alive(r) {
		return nil
	}
	c.detach(r.ID)
	err = inNamespace(r.Netns, func() error {
		fd, err := openTun(r.Device, r.Routes, r.Assigned)
		end.fd = fd
		return err
	})
	if err != nil {
		return err
	}
	c.engine.do(func() { taken = c.engine.plug(end) })
	if taken != nil {
		syscall.Close(end.fd)
	}
	return taken
}

// alive says whether the device is still there under that path: a namespace may have been removed and made again.
func (c *control) alive(r attachRequest) bool {
	return inNamespace(r.Netns, func() error {
		_, err := net.InterfaceByName(r.Device)
		return err
	}) == nil
}

func (c *control) detach(id string) {
	fd := -1
	c.engine.do(func() { fd = c.engine.remove(id) })
	if fd >= 0 {
		syscall.Close(fd)
	}
}

func parseAttach(r attachRequest) (*endpoint, error) {
	if r.ID == "" || r.Device == "" || len(r.Device) > 15 {
		return nil, failure("bad-value", "attach needs an id and a device name of 1 to 15 characters; got %q and %q", r.ID, r.Device)
	}
	if len(r.Addresses) == 0 {
		return nil, failure("bad-value", "attach of %q gives no address", r.ID)
	}
	end := &endpoint{spec: r, fd: -1}
	for _, given := range r.Addresses {
		ip := net.ParseIP(given.IP).To4()
		if ip == nil || given.PrivatePrefix < 0 || given.PrivatePrefix > 30 {
			return nil, failure("bad-value", "%q with prefix length %d is not an IPv4 address of an endpoint", given.IP, given.PrivatePrefix)
		}
		a := &address{ip: binary.BigEndian.Uint32(ip), location: given.Location, end: end}
		if a.location == "" {
			a.location = r.Location
		}
		if given.PrivatePrefix > 0 {
			a.mask = ^uint32(0) << (32 - given.PrivatePrefix)
			a.network = a.ip & a.mask
		}
		if given.TCPPorts != nil {
			a.closed = true
			a.open = map[uint16]bool{}
			for _, port := range *given.TCPPorts {
				a.open[port] = true
			}
		}
		end.addresses = append(end.addresses, a)
	}
	for _, cidr := range append(append([]string{}, r.Routes...), r.Assigned...) {
		if _, _, err := parseCidr(cidr); err != nil {
			return nil, err
		}
	}
	return end, nil
}

func (e *engine) sortedEnds() []*endpoint {
	ends := make([]*endpoint, 0, len(e.ends))
	for _, end := range e.ends {
		ends = append(ends, end)
	}
	sort.Slice(ends, func(i, j int) bool { return ends[i].spec.ID < ends[j].spec.ID })
	return ends
}

func (e *engine) stats() statsAnswer {
	now := e.now()
	if elapsed := now - e.rateAt; elapsed > 0 {
		e.rate = float64(e.totalOut-e.rateOut) / float64(elapsed) * 1e9
		e.rateAt, e.rateOut = now, e.totalOut
	}
	answer := statsAnswer{
		PacketsIn: e.totalIn, PacketsOut: e.totalOut, Dropped: e.totalDropped,
		InFlight: e.slots.used, PeakInFlight: e.peakQueue, PacketsPerSecond: e.rate,
		WorstLateMs: float64(e.worst) / 1e6,
		Endpoints:   []endpointStats{}, Links: []linkStats{},
	}
	e.peakQueue, e.worst = e.slots.used, 0
	for _, end := range e.sortedEnds() {
		s := endpointStats{
			ID: end.spec.ID, Location: end.spec.Location, Device: end.spec.Device, Netns: end.spec.Netns,
			Isolated: end.isolated, Lost: end.lost,
			In: end.in, InBytes: end.inBytes, Out: end.out, OutBytes: end.outBytes,
			Dropped: droppedStats{end.foreign, end.unknown, end.hidden, end.refused, end.isolatedDrops, end.writeErrs, end.other},
		}
		for _, a := range end.addresses {
			s.Addresses = append(s.Addresses, ipString(a.ip))
		}
		answer.Endpoints = append(answer.Endpoints, s)
	}
	for _, row := range e.paths {
		for _, p := range row {
			answer.Links = append(answer.Links, linkStats{p.a, p.b, p.packets, p.bytes, p.lost, p.cut, p.overflow})
		}
	}
	sort.Slice(answer.Links, func(i, j int) bool {
		a, b := answer.Links[i], answer.Links[j]
		return a.From < b.From || a.From == b.From && a.To < b.To
	})
	return answer
}

func (e *engine) list() listAnswer {
	answer := listAnswer{Endpoints: []attachRequest{}, Isolated: []string{}, Lost: []string{}, Pairs: []listedPair{}}
	for _, end := range e.sortedEnds() {
		answer.Endpoints = append(answer.Endpoints, end.spec)
		if end.isolated {
			answer.Isolated = append(answer.Isolated, end.spec.ID)
		}
		if end.lost {
			answer.Lost = append(answer.Lost, end.spec.ID)
		}
	}
	keys := map[pairKey]bool{}
	for key := range e.links.base {
		keys[key] = true
	}
	for key := range e.links.override {
		keys[key] = true
	}
	for key := range keys {
		_, changed := e.links.override[key]
		answer.Pairs = append(answer.Pairs, listedPair{pairSettings{key.a, key.b, e.links.of(key.a, key.b)}, changed})
	}
	sort.Slice(answer.Pairs, func(i, j int) bool {
		a, b := answer.Pairs[i], answer.Pairs[j]
		return a.A < b.A || a.A == b.A && a.B < b.B
	})
	return answer
}

// listen takes the lock beside the socket first, so that a stale socket can be told from a living switch.
func listen(path string) (net.Listener, error) {
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("another switch serves %s", path)
	}
	keepLock = lock
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	return net.Listen("unix", path)
}

// keepLock holds the lock's file open for as long as the process lives.
var keepLock *os.File
