package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"sort"
	"syscall"
	"time"
	"unsafe"
)

// The measuring tools are in the same program because they keep time as the switch does: with blocking system calls on a
// thread of their own, so that Go's scheduler does not affect the measurement.

const soRcvbufforce = 33

// measure runs a tool; false means that there is none of that name.
func measure(tool string, arguments []string) (bool, error) {
	tools := map[string]func(*flag.FlagSet, []string) error{"echo": echo, "probe": probe, "flood": flood, "sink": sink}
	f := tools[tool]
	if f == nil {
		return false, nil
	}
	runtime.LockOSThread()
	if tool == "echo" || tool == "probe" {
		raisePriority() // so as not to measure how long the ends wait for a processor
	}
	return true, f(flag.NewFlagSet(tool, flag.ExitOnError), arguments)
}

func udpSocket(local string, receiveTimeout time.Duration) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, soRcvbufforce, 32<<20)
	if receiveTimeout > 0 {
		timeout := syscall.NsecToTimeval(int64(receiveTimeout))
		if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &timeout); err != nil {
			return -1, err
		}
	}
	if local != "" {
		address, err := socketAddress(local)
		if err != nil {
			return -1, err
		}
		if err := syscall.Bind(fd, address); err != nil {
			return -1, fmt.Errorf("bind %s: %w", local, err)
		}
	}
	return fd, nil
}

func socketAddress(text string) (*syscall.SockaddrInet4, error) {
	address, err := net.ResolveUDPAddr("udp4", text)
	if err != nil {
		return nil, err
	}
	result := &syscall.SockaddrInet4{Port: address.Port}
	copy(result.Addr[:], address.IP.To4())
	return result, nil
}

// echo sends every packet back.
func echo(flags *flag.FlagSet, arguments []string) error {
	listen := flags.String("listen", "", "address:port")
	_ = flags.Parse(arguments)
	fd, err := udpSocket(*listen, 0)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	buffer := make([]byte, slotSize)
	for {
		n, from, err := syscall.Recvfrom(fd, buffer, 0)
		if err != nil {
			continue
		}
		_ = syscall.Sendto(fd, buffer[:n], 0, from)
	}
}

type probeAnswer struct {
	Sent      int     `json:"sent"`
	Received  int     `json:"received"`
	Reordered int     `json:"reordered"`
	MinMs     float64 `json:"minMs"`
	MedianMs  float64 `json:"medianMs"`
	MeanMs    float64 `json:"meanMs"`
	P90Ms     float64 `json:"p90Ms"`
	P99Ms     float64 `json:"p99Ms"`
	MaxMs     float64 `json:"maxMs"`
}

// probe sends numbered packets at a steady pace to an echo and prints their round-trip times.
func probe(flags *flag.FlagSet, arguments []string) error {
	to := flags.String("to", "", "address:port")
	count := flags.Int("count", 100, "packets")
	every := flags.Duration("every", 10*time.Millisecond, "pace")
	size := flags.Int("size", 64, "bytes of payload")
	patience := flags.Duration("patience", time.Second, "how long to wait for the last answer")
	_ = flags.Parse(arguments)
	fd, err := udpSocket("", *patience)
	if err != nil {
		return err
	}
	target, err := socketAddress(*to)
	if err != nil {
		return err
	}
	if err := syscall.Connect(fd, target); err != nil {
		return err
	}
	start := time.Now()
	go func() {
		runtime.LockOSThread()
		raisePriority()
		packet := make([]byte, *size)
		for i := 0; i < *count; i++ {
			due := time.Duration(i) * *every
			for wait := due - time.Since(start); wait > 0; wait = due - time.Since(start) {
				pause := syscall.NsecToTimespec(int64(wait))
				_, _, _ = syscall.Syscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
			}
			binary.LittleEndian.PutUint32(packet, uint32(i))
			binary.LittleEndian.PutUint64(packet[4:], uint64(time.Since(start)))
			_, _ = syscall.Write(fd, packet)
		}
	}()
	answer := probeAnswer{Sent: *count}
	trips := make([]float64, 0, *count)
	buffer := make([]byte, slotSize)
	last, sum := -1, 0.0
	deadline := time.Duration(*count)**every + *patience
	for answer.Received < *count && time.Since(start) < deadline {
		n, err := syscall.Read(fd, buffer)
		now := time.Since(start)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n < 12 {
			continue // nothing arrived in time; the deadline ends the loop
		}
		number := int(binary.LittleEndian.Uint32(buffer))
		trip := float64(now-time.Duration(binary.LittleEndian.Uint64(buffer[4:]))) / float64(time.Millisecond)
		if number < last {
			answer.Reordered++
		} else {
			last = number
		}
		answer.Received++
		trips = append(trips, trip)
		sum += trip
	}
	if len(trips) > 0 {
		sort.Float64s(trips)
		at := func(share float64) float64 { return trips[int(share*float64(len(trips)-1))] }
		answer.MinMs, answer.MedianMs, answer.P90Ms, answer.P99Ms, answer.MaxMs = at(0), at(0.5), at(0.9), at(0.99), at(1)
		answer.MeanMs = sum / float64(len(trips))
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

type floodAnswer struct {
	Packets          int     `json:"packets"`
	Seconds          float64 `json:"seconds"`
	PacketsPerSecond float64 `json:"packetsPerSecond"`
}

func report(packets int, elapsed time.Duration) error {
	answer := floodAnswer{Packets: packets, Seconds: elapsed.Seconds()}
	if elapsed > 0 {
		answer.PacketsPerSecond = float64(packets) / elapsed.Seconds()
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

// flood sends at a given rate, or as fast as it can.
func flood(flags *flag.FlagSet, arguments []string) error {
	to := flags.String("to", "", "address:port")
	size := flags.Int("size", 64, "bytes of payload")
	rate := flags.Float64("rate", 0, "packets per second; 0 is as fast as possible")
	duration := flags.Duration("for", time.Second, "how long")
	_ = flags.Parse(arguments)
	fd, err := udpSocket("", 0)
	if err != nil {
		return err
	}
	target, err := socketAddress(*to)
	if err != nil {
		return err
	}
	if err := syscall.Connect(fd, target); err != nil {
		return err
	}
	packet := make([]byte, *size)
	start := time.Now()
	sent := 0
	for time.Since(start) < *duration {
		if *rate > 0 {
			// In small bursts: a sleep of a few microseconds would cost more than the packets.
			if allowed := int(time.Since(start).Seconds()**rate) + 1; sent >= allowed {
				pause := syscall.NsecToTimespec(int64(200 * time.Microsecond))
				_, _, _ = syscall.Syscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
				continue
			}
		}
		if _, err := syscall.Write(fd, packet); err == nil {
			sent++
		}
	}
	return report(sent, time.Since(start))
}

// sink counts what arrives, from the first packet to the last before a silence.
func sink(flags *flag.FlagSet, arguments []string) error {
	listen := flags.String("listen", "", "address:port")
	patience := flags.Duration("patience", 700*time.Millisecond, "a silence this long, after the first packet, is the end")
	_ = flags.Parse(arguments)
	fd, err := udpSocket(*listen, *patience)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	buffer := make([]byte, slotSize)
	packets := 0
	var first, last time.Time
	for {
		_, err := syscall.Read(fd, buffer)
		if err == nil {
			last = time.Now()
			if packets++; packets == 1 {
				first = last
			}
		} else if err != syscall.EINTR && packets > 0 {
			return report(packets, last.Sub(first))
		}
	}
}
