// wan is a layer-3 switch in user space. It has a TUN device in each attached namespace, and delays or drops packets
// between any two locations as requested over a unix socket.
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
	// The switch outlives the process that starts it, so it ignores signals from the terminal.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE)
	// One of these processors is the engine's. Garbage collection would stop its thread too, so the runtime must not start
	// one by itself: packets make no garbage, and control collects that of requests.
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
