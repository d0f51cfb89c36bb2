package main

import (
	"errors"
	"flag"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

// connection is how to reach the cluster.
type connection struct {
	endpoints []string
	files     transport.TLSInfo
	dial      time.Duration
	// keepalive of 0 is none: clientv3's default.
	keepalive        time.Duration
	keepaliveTimeout time.Duration
}

type connectionFlags struct {
	endpoints, ca, cert, key *string
	dialMs                   *int
}

func addConnectionFlags(flags *flag.FlagSet) connectionFlags {
	return connectionFlags{
		endpoints: flags.String("endpoints", "", "client URLs of the members, comma separated, NEAREST FIRST"),
		ca:        flags.String("cacert", "", "file with the authority's certificate"),
		cert:      flags.String("cert", "", "file with the client's certificate"),
		key:       flags.String("key", "", "file with the client's key"),
		dialMs:    flags.Int("dial-ms", 4000, "how long one try to connect may take"),
	}
}

func (f connectionFlags) connection() (connection, error) {
	c := connection{
		files: transport.TLSInfo{TrustedCAFile: *f.ca, CertFile: *f.cert, KeyFile: *f.key},
		dial:  time.Duration(*f.dialMs) * time.Millisecond,
	}
	for _, endpoint := range strings.Split(*f.endpoints, ",") {
		if endpoint = strings.TrimSpace(endpoint); endpoint != "" {
			c.endpoints = append(c.endpoints, endpoint)
		}
	}
	if len(c.endpoints) == 0 {
		return c, errors.New("-endpoints: none given; expected the members' client URLs, comma separated, nearest first")
	}
	if c.dial <= 0 {
		return c, errors.New("-dial-ms: expected more than 0")
	}
	return c, nil
}

// client connects to the given endpoints: to all of them at once, with clientv3's round robin between those that answer.
func (c connection) client(endpoints ...string) (*clientv3.Client, error) {
	return c.open(clientv3.Config{Endpoints: endpoints})
}

// singleEndpointClient keeps to one endpoint, and leaves trying again to its caller.
func (c connection) singleEndpointClient(endpoint string) (*clientv3.Client, error) {
	return c.open(clientv3.Config{
		Endpoints: []string{endpoint},
		// clientv3 repeats reads a hundred times at the same endpoint, 25 ms apart. The next endpoint is the better idea.
		MaxUnaryRetries: 1,
		// gRPC's own values wait 20 s for a connection and, between two tries, up to 120 s: a member that was unreachable
		// for some minutes would be avoided for two minutes more.
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			MinConnectTimeout: c.dial,
			Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: c.dial},
		})},
	})
}

func (c connection) open(config clientv3.Config) (*clientv3.Client, error) {
	config.DialTimeout = c.dial
	config.DialKeepAliveTime = c.keepalive
	config.DialKeepAliveTimeout = c.keepaliveTimeout
	// Its warnings about each failed attempt are in the history.
	config.Logger = zap.NewNop()
	if strings.HasPrefix(config.Endpoints[0], "https://") {
		tls, err := c.files.ClientConfig()
		if err != nil {
			return nil, err
		}
		config.TLS = tls
	}
	return clientv3.New(config)
}
