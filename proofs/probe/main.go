// Command probe writes to etcd, or reads from it, one call after the other over one gRPC connection, and prints how long
// they took.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func main() {
	endpoint := flag.String("endpoint", "https://127.0.0.1:2379", "client URL of the member to write through")
	ca := flag.String("cacert", "", "file with the authority's certificate")
	cert := flag.String("cert", "", "file with the client's certificate")
	key := flag.String("key", "", "file with the client's key")
	count := flag.Int("count", 50, "how many calls to measure; 1 to 10000")
	read := flag.Bool("read", false, "linearizable reads instead of writes")
	flag.Parse()
	if err := run(*endpoint, transport.TLSInfo{TrustedCAFile: *ca, CertFile: *cert, KeyFile: *key}, *count, *read); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(endpoint string, files transport.TLSInfo, count int, read bool) error {
	if count < 1 || count > 10000 {
		return fmt.Errorf("-count: given %d, expected 1 to 10000", count)
	}
	config, err := files.ClientConfig()
	if err != nil {
		return err
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, TLS: config, DialTimeout: 10 * time.Second})
	if err != nil {
		return err
	}
	defer client.Close()
	milliseconds := make([]float64, 0, count)
	call := func(ctx context.Context, i int) error {
		if read {
			_, err := client.Get(ctx, "/lab/probe")
			return err
		}
		_, err := client.Put(ctx, "/lab/probe", fmt.Sprint(i))
		return err
	}
	// The first call includes the handshake and is not counted.
	for i := -1; i < count; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		started := time.Now()
		err := call(ctx, i)
		cancel()
		if err != nil {
			return err
		}
		if i >= 0 {
			milliseconds = append(milliseconds, float64(time.Since(started))/float64(time.Millisecond))
		}
	}
	sort.Float64s(milliseconds)
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"medianMs": milliseconds[count/2],
		"p99Ms":    milliseconds[count*99/100],
	})
}
