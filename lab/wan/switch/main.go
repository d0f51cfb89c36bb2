// wan is a layer-3 switch in user space. It has a TUN device in each attached namespace, and delays, jitters, loses or cuts off packets between any
// two locations as it is told over a unix socket.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		if known, err := measure(os.Args[1], os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "wan "+os.Args[1]+":", err)
			os.Exit(1)
		} else if known {
			return
		}
	}
	socket := flag.String("socket", "", "path of the control socket")
	build := flag.String("build", "unknown", "what this program was built from, in the words of whoever starts it; hello tells it to others")
	bias := flag.Duration("bias", 20*time.Microsecond, "what the kernel adds one way, whatever the load; taken off each delay")
	flag.Parse()
	if *socket == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: wan -socket PATH [-build NAME] [-bias DURATION], or one of the measuring tools: wan echo|probe|flood|sink -help")
		os.Exit(2)
	}
	// The switch outlives whoever starts it: signals from a terminal are not for it.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE)
	// One of these processors is the engine's. A collection of garbage stops its thread, too, so the runtime shall not begin one: packets make no
	// garbage, and what requests make is collected by control.
	runtime.GOMAXPROCS(4)
	debug.SetGCPercent(-1)
	if err := run(*socket, *build, *bias); err != nil {
		fmt.Fprintln(os.Stderr, "wan:", err)
		os.Exit(1)
	}
}

func run(socket, build string, bias time.Duration) error {
	listener, err := listen(socket)
	if err != nil {
		return err
	}
	engine, err := newEngine(bias)
	if err != nil {
		return err
	}
	go (&control{engine: engine, build: build}).serve(listener)
	return engine.run()
}
