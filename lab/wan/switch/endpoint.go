package main

import (
	"encoding/binary"
	"net"
	"syscall"
)

// address is one IPv4 address of an endpoint.
type address struct {
	ip       uint32
	network  uint32 // with mask: the private network it belongs to
	mask     uint32 // 0 means public: reachable from every public address
	gateway  uint32 // an address of that network, through which packets from and to others go; 0 means none
	location string
	end      *endpoint
	// If closed, TCP connections may be opened only to the ports in open.
	closed bool
	open   map[uint16]bool
}

// admits says whether a packet may go to a closed address: any but one that opens a TCP connection to another port.
func (a *address) admits(packet []byte) bool {
	header := int(packet[0]&15) * 4
	// Fragments after the first carry no ports. They pass: without the first, the receiver drops them.
	if packet[9] != syscall.IPPROTO_TCP || binary.BigEndian.Uint16(packet[6:])&0x1fff != 0 {
		return true
	}
	if len(packet) < header+14 {
		return false
	}
	const syn, ack = 0x02, 0x10
	if packet[header+13]&(syn|ack) != syn {
		return true
	}
	return a.open[binary.BigEndian.Uint16(packet[header+2:])]
}

// endpoint is one TUN device.
type endpoint struct {
	spec      attachRequest
	fd        int
	addresses []*address
	isolated  bool
	lost      bool // its device or its namespace was removed by others

	in, inBytes, out, outBytes                                         uint64
	foreign, unknown, refused, hidden, isolatedDrops, writeErrs, other uint64
}

// parseAttach makes the endpoint that a request describes, without its device.
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
		if given.Gateway != "" {
			gateway := net.ParseIP(given.Gateway).To4()
			if gateway != nil {
				a.gateway = binary.BigEndian.Uint32(gateway)
			}
			if a.mask == 0 || a.gateway == a.ip || a.gateway&a.mask != a.network {
				return nil, failure("bad-value", "the gateway %q of %q is not another address in its private network", given.Gateway, given.IP)
			}
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
