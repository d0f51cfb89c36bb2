package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"sort"
	"sync"
	"time"
)

// bulkReceive reads one connection's data to its end and acknowledges it with one byte.
func bulkReceive(args []string) (any, error) {
	flags := flag.NewFlagSet("bulk-receive", flag.ExitOnError)
	listen := flags.String("listen", "", "address and port")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp4", *listen)
	if err != nil {
		return nil, err
	}
	fmt.Println("ready")
	connection, err := listener.Accept()
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	received, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{connection}, make([]byte, 1<<18))
	if err != nil {
		return nil, err
	}
	_, err = connection.Write([]byte{1})
	return map[string]any{"bytes": received}, err
}

// bulkSend sends bytes over a new connection and waits until all have arrived.
func bulkSend(args []string) (any, error) {
	flags := flag.NewFlagSet("bulk-send", flag.ExitOnError)
	to := flags.String("to", "", "address and port")
	bytes := flags.Int64("bytes", 200_000_000, "how many bytes")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	started := time.Now()
	connection, err := net.Dial("tcp4", *to)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	chunk := make([]byte, 1<<18)
	for left := *bytes; left > 0; left -= int64(len(chunk)) {
		if _, err := connection.Write(chunk[:min(left, int64(len(chunk)))]); err != nil {
			return nil, err
		}
	}
	if err := connection.(*net.TCPConn).CloseWrite(); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(connection, make([]byte, 1)); err != nil {
		return nil, err
	}
	took := time.Since(started).Seconds()
	return map[string]any{"seconds": took, "mbps": float64(*bytes) * 8 / 1e6 / took}, nil
}

const thinBytes = 64

// thinReceive measures the gaps between the messages of each stream of heartbeats.
func thinReceive(args []string) (any, error) {
	flags := flag.NewFlagSet("thin-receive", flag.ExitOnError)
	listen := flags.String("listen", "", "address and port")
	streams := flags.Int("streams", 50, "how many streams will come")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp4", *listen)
	if err != nil {
		return nil, err
	}
	fmt.Println("ready")
	var group sync.WaitGroup
	var lock sync.Mutex
	var gaps []float64
	for range *streams {
		connection, err := listener.Accept()
		if err != nil {
			return nil, err
		}
		group.Add(1)
		go func() {
			defer group.Done()
			defer connection.Close()
			message := make([]byte, thinBytes)
			var last time.Time
			for {
				if _, err := io.ReadFull(connection, message); err != nil {
					return
				}
				now := time.Now()
				if !last.IsZero() {
					lock.Lock()
					gaps = append(gaps, float64(now.Sub(last))/float64(time.Millisecond))
					lock.Unlock()
				}
				last = now
			}
		}()
	}
	group.Wait()
	sort.Float64s(gaps)
	if len(gaps) == 0 {
		return nil, fmt.Errorf("no heartbeats came")
	}
	return map[string]any{"gapsMs": gaps[len(gaps)*99/100:], "messages": len(gaps)}, nil
}

// thinSend sends streams of small messages at a steady pace, like a leader's heartbeats.
func thinSend(args []string) (any, error) {
	flags := flag.NewFlagSet("thin-send", flag.ExitOnError)
	to := flags.String("to", "", "address and port")
	streams := flags.Int("streams", 50, "how many connections")
	every := flags.Duration("every", 70*time.Millisecond, "between two messages")
	lasting := flags.Duration("for", 20*time.Second, "how long")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	var group sync.WaitGroup
	failures := make(chan error, *streams)
	for i := range *streams {
		connection, err := net.Dial("tcp4", *to)
		if err != nil {
			return nil, err
		}
		group.Add(1)
		go func() {
			defer group.Done()
			defer connection.Close()
			time.Sleep(time.Duration(i) * *every / time.Duration(*streams))
			message := make([]byte, thinBytes)
			ticker := time.NewTicker(*every)
			defer ticker.Stop()
			for end := time.Now().Add(*lasting); time.Now().Before(end); <-ticker.C {
				binary.BigEndian.PutUint64(message, uint64(time.Now().UnixNano()))
				if _, err := connection.Write(message); err != nil {
					failures <- err
					return
				}
			}
		}()
	}
	group.Wait()
	close(failures)
	return map[string]any{}, <-failures
}
