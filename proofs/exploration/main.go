// Exploration plays histories of clusters with the real node scripts against a model of etcd, systemd and the network,
// cuts the scripts off at any change, and checks invariants. See docs/lab.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	os.Exit(explore())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// report is the output of a run, as JSON.
type report struct {
	Seed      uint64         `json:"seed"`
	Histories int            `json:"histories"`
	Seconds   float64        `json:"seconds"`
	Scripts   int            `json:"scripts"`
	Healthy   int            `json:"healthy"`
	Sentences map[string]int `json:"sentences"`
	// The first history that violated an invariant, shrunk, if any.
	Number    int        `json:"number,omitempty"`
	Violation *violation `json:"violation,omitempty"`
	History   *history   `json:"history,omitempty"`
	Lines     []string   `json:"lines,omitempty"`
}

func explore() int {
	scripts := flag.String("templates", "", "directory of the node scripts and templates")
	standIn := flag.String("stand-in", filepath.Join(filepath.Dir(os.Args[0]), "stand-in"), "the stand-ins' program")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the histories; history N of a seed is always the same")
	count := flag.Int("histories", 500, "how many to play")
	first := flag.Int("first", 0, "number of the first one")
	workers := flag.Int("workers", 2, "how many to play at once")
	file := flag.String("play", "", "JSON file with histories to play instead of generated ones")
	keepShrinking := flag.Bool("shrink", true, "leave out what a counterexample does not need")
	tell := flag.Bool("tell", false, "print every line of what happened")
	unwell := flag.Bool("unwell", false, "print the histories that end with a sentence, and the sentence")
	etcd := flag.String("etcd", "", "directory of etcd and etcdctl: hold the model against them instead")
	flag.Parse()

	base, err := os.MkdirTemp(shm(), "cdktf-etcd-exploration-")
	must(err)
	defer os.RemoveAll(base)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		// Scripts end with this process; nothing of them may stay.
		os.RemoveAll(base)
		os.Exit(130)
	}()
	shop := workshop{scripts: filepath.Join(base, "scripts"), standIns: filepath.Join(base, "stand-ins"), standIn: filepath.Join(base, "stand-in")}
	text, err := os.ReadFile(*standIn)
	must(err)
	must(os.WriteFile(shop.standIn, text, 0o755))
	placeScripts(*scripts, shop.scripts)
	must(os.Mkdir(shop.standIns, 0o755))
	for _, name := range slices.Concat(answered, carriedOut) {
		must(os.Symlink(shop.standIn, filepath.Join(shop.standIns, name)))
	}
	shop.templates = readTemplates(*scripts, "rollout/declared.env.tftpl", "leader/leader.env.tftpl", "member/etcdctl.env.tftpl", "rollout/rollout.env.tftpl")

	histories := func(number int) history {
		return draw(rand.New(rand.NewPCG(*seed, uint64(number))))
	}
	if *file != "" {
		kept := []history{}
		text, err := os.ReadFile(*file)
		must(err)
		must(json.Unmarshal(text, &kept))
		*first, *count = 0, len(kept)
		histories = func(number int) history { return kept[number] }
	}

	if *etcd != "" {
		return replay(shop, *etcd, base, *seed, *count)
	}
	out := report{Seed: *seed, Sentences: map[string]int{}}
	begun := time.Now()
	var lock sync.Mutex
	next := *first
	var group sync.WaitGroup
	for worker := range *workers {
		group.Add(1)
		go func() {
			defer group.Done()
			mine := shop
			mine.dir = filepath.Join(base, fmt.Sprint("worker-", worker))
			for {
				lock.Lock()
				number := next
				next++
				stop := number >= *first+*count || out.Violation != nil
				lock.Unlock()
				if stop {
					return
				}
				h := histories(number)
				r := mine.play(h)
				lock.Lock()
				out.Histories++
				out.Scripts += r.calls
				switch {
				case r.verdict != nil && out.Violation == nil:
					out.Number, out.Violation, out.History, out.Lines = number, r.verdict, &h, r.lines
				case r.healthy:
					out.Healthy++
				default:
					out.Sentences[kindOf(r.said)]++
					if *unwell {
						fmt.Fprintf(os.Stderr, "%d: %+v\n  %s\n", number, h, strings.TrimSpace(r.said))
					}
				}
				if *tell {
					fmt.Fprintln(os.Stderr, strings.Join(r.lines, "\n"))
				}
				lock.Unlock()
			}
		}()
	}
	group.Wait()
	out.Seconds = time.Since(begun).Seconds()
	if out.Violation != nil && *keepShrinking {
		mine := shop
		mine.dir = filepath.Join(base, "shrinking")
		smaller := mine.shrink(*out.History, out.Violation.Invariant)
		if r := mine.play(smaller); r.verdict != nil {
			out.History, out.Violation, out.Lines = &smaller, r.verdict, r.lines
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	must(encoder.Encode(out))
	if out.Violation != nil {
		return 1
	}
	return 0
}

// placeScripts copies the node scripts to the names that they have on a node.
func placeScripts(from, to string) {
	must(os.Mkdir(to, 0o755))
	files, err := filepath.Glob(filepath.Join(from, "*", "*.sh"))
	must(err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(err)
		for _, name := range []string{filepath.Base(file), strings.TrimSuffix(filepath.Base(file), ".sh")} {
			must(os.WriteFile(filepath.Join(to, name), text, 0o755))
		}
	}
}

// kindOf returns the beginning of an error message, without what depends on the cluster.
func kindOf(said string) string {
	for _, line := range strings.Split(said, "\n") {
		if strings.HasPrefix(line, "error: ") {
			words := strings.Fields(line)
			return strings.Join(words[min(2, len(words)):min(12, len(words))], " ")
		}
	}
	return "no sentence: " + lastLine(said)
}

// shm is a directory in memory, if there is one.
func shm() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// replay compares the model with etcd in several clusters at once, and prints the first difference of each.
func replay(shop workshop, etcd, base string, seed uint64, count int) int {
	failures := make([]string, count)
	var group sync.WaitGroup
	for number := range count {
		group.Add(1)
		go func() {
			defer group.Done()
			dir := filepath.Join(base, fmt.Sprint("replay-", number))
			must(os.MkdirAll(dir, 0o755))
			w := newWorld(filepath.Join(dir, "machines"), shop.scripts, shop.standIns, shop.standIn)
			newTerraform(w, shop.templates, nil)
			server := serve(w, filepath.Join(dir, "socket"))
			defer server.listener.Close()
			b := &both{
				dir: dir, etcd: filepath.Join(etcd, "etcd"), etcdctl: filepath.Join(etcd, "etcdctl"), firstPort: 20000 + 400*number, random: rand.New(rand.NewPCG(seed, uint64(number))),
				world: w, real: map[int]*realMember{},
			}
			err := b.replayOne([]int{3, 5, 4, 3}[number%4], 14)
			fmt.Fprintf(os.Stderr, "%d: %s\n", number, strings.Join(b.said, ", "))
			if err != nil {
				failures[number] = fmt.Sprintf("seed %d, cluster %d, after %s: %v", seed, number, strings.Join(b.said, ", "), err)
			}
		}()
	}
	group.Wait()
	code := 0
	for _, failure := range failures {
		if failure != "" {
			fmt.Println(failure)
			code = 1
		}
	}
	return code
}
