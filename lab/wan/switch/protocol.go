package main

type addressRequest struct {
	IP       string `json:"ip"`
	Location string `json:"location,omitempty"` // default: the endpoint's
	// Prefix length of the private network the address belongs to; 0 is public.
	PrivatePrefix int `json:"privatePrefix,omitempty"`
	// Of an address in a private network: the address there to which packets to anywhere else go, which may send it
	// packets from anywhere. Absent: nothing leaves the private network.
	Gateway string `json:"gateway,omitempty"`
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

// request is any request; which fields count depends on Op.
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
	BiasNs    int64  `json:"biasNs"` // currently subtracted from each delay, for the time that the switch and the kernel take
}

type statsAnswer struct {
	PacketsIn  uint64 `json:"packetsIn"`
	PacketsOut uint64 `json:"packetsOut"`
	Dropped    uint64 `json:"dropped"`
	InFlight   int    `json:"inFlight"`
	// The most in flight at once since the last call.
	PeakInFlight     int     `json:"peakInFlight"`
	PacketsPerSecond float64 `json:"packetsPerSecond"` // since the last call
	// The latest delivery since the last call, in ms after the packet was due: a delay by this host, not by the network.
	WorstLateMs float64         `json:"worstLateMs"`
	Endpoints   []endpointStats `json:"endpoints"`
	Links       []linkStats     `json:"links"`
}

type endpointStats struct {
	ID        string   `json:"id"`
	Location  string   `json:"location"`
	Device    string   `json:"device"`
	Netns     string   `json:"netns"`
	Addresses []string `json:"addresses"`
	Isolated  bool     `json:"isolated"`
	Lost      bool     `json:"lost"`
	// In counts packets from the endpoint, Out packets to it.
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

type listAnswer struct {
	Endpoints []attachRequest `json:"endpoints"`
	Isolated  []string        `json:"isolated"`
	Lost      []string        `json:"lost"`
	Pairs     []listedPair    `json:"pairs"`
}

type listedPair struct {
	pairSettings
	Changed bool `json:"changed"`
}
