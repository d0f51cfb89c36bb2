package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

const (
	mtu         = 1500
	txQueueLen  = 10000 // packets that may wait in the kernel while the switch serves other devices
	cloneNewnet = 0x40000000
)

// inNamespace runs f on a thread of its own that has entered the network namespace; "" is the switch's own.
func inNamespace(path string, f func() error) error {
	result := make(chan error, 1)
	go func() {
		// Never unlocked, so that the thread ends with the goroutine: no other goroutine may run in that namespace.
		runtime.LockOSThread()
		if path != "" {
			file, err := os.Open(path)
			if err != nil {
				result <- failure("no-namespace", "no network namespace %s: %v", path, err)
				return
			}
			_, _, errno := syscall.RawSyscall(sysSetns, file.Fd(), cloneNewnet, 0)
			file.Close()
			if errno != 0 {
				result <- failure("no-namespace", "cannot enter network namespace %s: %v", path, errno)
				return
			}
		}
		result <- f()
	}()
	return <-result
}

// openTun makes a TUN device, ready for use, in the calling thread's namespace.
func openTun(name string, routes, assigned []string) (int, error) {
	const tunSetIff, iffTun, iffNoPi = 0x400454ca, 0x1, 0x1000
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("cannot open /dev/net/tun: %w", err)
	}
	request := newIfreq(name)
	binary.LittleEndian.PutUint16(request[16:], iffTun|iffNoPi)
	errno := ioctl(fd, tunSetIff, request)
	// A switch that was killed a moment ago may still have it.
	for deadline := time.Now().Add(2 * time.Second); errno == syscall.EBUSY && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
		errno = ioctl(fd, tunSetIff, request)
	}
	if errno != 0 {
		syscall.Close(fd)
		if errno == syscall.EBUSY || errno == syscall.EINVAL {
			return -1, failure("device-taken", "device %s already exists and belongs to someone else", name)
		}
		return -1, fmt.Errorf("cannot make TUN device %s: %w", name, errno)
	}
	if err := configure(name, routes, assigned); err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

func configure(name string, routes, assigned []string) error {
	// The WAN has no IPv6; neighbour discovery would count as dropped packets. Fails, harmlessly, if the kernel has no IPv6.
	_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0)
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	defer syscall.Close(socket)
	for _, step := range []struct {
		what    string
		request uintptr
		value   uint32
	}{
		{"MTU", syscall.SIOCSIFMTU, mtu},
		{"queue length", syscall.SIOCSIFTXQLEN, txQueueLen},
		{"flags", syscall.SIOCSIFFLAGS, syscall.IFF_UP | syscall.IFF_NOARP | syscall.IFF_POINTOPOINT},
	} {
		request := newIfreq(name)
		binary.LittleEndian.PutUint32(request[16:], step.value)
		if errno := ioctl(socket, step.request, request); errno != 0 {
			return fmt.Errorf("cannot set the %s of %s: %w", step.what, name, errno)
		}
	}
	device, err := net.InterfaceByName(name)
	if err != nil {
		return fmt.Errorf("device %s: %w", name, err)
	}
	for _, cidr := range assigned {
		if err := addAddress(device.Index, cidr); err != nil {
			return err
		}
	}
	for _, cidr := range routes {
		if err := addRoute(device.Index, cidr); err != nil {
			return err
		}
	}
	return nil
}

func newIfreq(name string) []byte {
	request := make([]byte, 40)
	copy(request[:15], name)
	return request
}

func ioctl(fd int, request uintptr, argument []byte) syscall.Errno {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(&argument[0])))
	return errno
}

func parseCidr(cidr string) (net.IP, int, error) {
	ip, network, err := net.ParseCIDR(cidr)
	if err != nil || ip.To4() == nil {
		return nil, 0, failure("bad-value", "%q is not an IPv4 address with prefix length", cidr)
	}
	ones, _ := network.Mask.Size()
	return ip.To4(), ones, nil
}

func addAddress(device int, cidr string) error {
	ip, ones, err := parseCidr(cidr)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	body.Write([]byte{syscall.AF_INET, byte(ones), 0, 0})
	writeUint32(&body, uint32(device))
	writeAttribute(&body, syscall.IFA_LOCAL, ip)
	writeAttribute(&body, syscall.IFA_ADDRESS, ip)
	return netlink("address "+cidr, syscall.RTM_NEWADDR, body.Bytes())
}

func addRoute(device int, cidr string) error {
	ip, ones, err := parseCidr(cidr)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	body.Write([]byte{syscall.AF_INET, byte(ones), 0, 0,
		syscall.RT_TABLE_MAIN, syscall.RTPROT_STATIC, syscall.RT_SCOPE_LINK, syscall.RTN_UNICAST})
	writeUint32(&body, 0)
	if ones > 0 {
		writeAttribute(&body, syscall.RTA_DST, ip.Mask(net.CIDRMask(ones, 32)))
	}
	index := make([]byte, 4)
	binary.LittleEndian.PutUint32(index, uint32(device))
	writeAttribute(&body, syscall.RTA_OIF, index)
	return netlink("route "+cidr, syscall.RTM_NEWROUTE, body.Bytes())
}

// netlink has the kernel make an object or replace an existing one.
func netlink(what string, kind uint16, body []byte) error {
	socket, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("netlink socket: %w", err)
	}
	defer syscall.Close(socket)
	header := make([]byte, syscall.NLMSG_HDRLEN)
	binary.LittleEndian.PutUint32(header[0:], uint32(len(header)+len(body)))
	binary.LittleEndian.PutUint16(header[4:], kind)
	binary.LittleEndian.PutUint16(header[6:], syscall.NLM_F_REQUEST|syscall.NLM_F_ACK|syscall.NLM_F_CREATE|syscall.NLM_F_REPLACE)
	kernel := &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}
	if err := syscall.Sendto(socket, append(header, body...), 0, kernel); err != nil {
		return fmt.Errorf("cannot add %s: %w", what, err)
	}
	answer := make([]byte, 4096)
	n, _, err := syscall.Recvfrom(socket, answer, 0)
	if err != nil {
		return fmt.Errorf("cannot add %s: %w", what, err)
	}
	if n < syscall.NLMSG_HDRLEN+4 {
		return fmt.Errorf("cannot add %s: short answer from the kernel", what)
	}
	if code := int32(binary.LittleEndian.Uint32(answer[syscall.NLMSG_HDRLEN:])); code != 0 {
		return fmt.Errorf("cannot add %s: %w", what, syscall.Errno(-code))
	}
	return nil
}

func writeUint32(buffer *bytes.Buffer, value uint32) {
	var raw [4]byte
	binary.LittleEndian.PutUint32(raw[:], value)
	buffer.Write(raw[:])
}

// writeAttribute is for values of four bytes, which need no padding.
func writeAttribute(buffer *bytes.Buffer, kind uint16, value []byte) {
	var raw [4]byte
	binary.LittleEndian.PutUint16(raw[0:], uint16(4+len(value)))
	binary.LittleEndian.PutUint16(raw[2:], kind)
	buffer.Write(raw[:])
	buffer.Write(value)
}

func ipString(ip uint32) string {
	return net.IPv4(byte(ip>>24), byte(ip>>16), byte(ip>>8), byte(ip)).String()
}
