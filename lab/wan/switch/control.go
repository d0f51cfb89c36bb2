package main

import (
	"bufio"
	"encoding/json"
	"net"
	"os"
	"reflect"
	"runtime"
	"sync"
	"syscall"
)

// control answers requests: each is a line of JSON, and so is its answer.
type control struct {
	engine *engine
	build  string
	// Held during each request: attach and detach work partly outside of the engine's thread.
	changes sync.Mutex
	answers int
}

// collectEvery is the number of answers after which garbage is collected, ten megabytes or so at most. The runtime does
// not collect it by itself, see main.
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

// attach makes an endpoint's device, replacing an endpoint with the same id. It does nothing if the same endpoint is
// attached already and its device still exists.
func (c *control) attach(r attachRequest) error {
	end, err := parseAttach(r)
	if err != nil {
		return err
	}
	same := false
	c.engine.do(func() {
		old := c.engine.ends[r.ID]
		same = old != nil && !old.lost && reflect.DeepEqual(old.spec, r)
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
	c.engine.do(func() { err = c.engine.plug(end) })
	if err != nil {
		syscall.Close(end.fd)
	}
	return err
}

// alive tells whether the namespace at that path has the device: the namespace may have been replaced by another of the
// same name.
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
