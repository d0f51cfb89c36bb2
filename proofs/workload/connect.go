package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
)

// Values of -credentials.
const (
	freshForEach = "fresh"
	keptFromThen = "kept"
)

// connection is how to reach the cluster.
type connection struct {
	endpoints []string
	// envFile is the client's etcd.env, where endpoints and files came from, or empty.
	envFile string
	// transport is nil without TLS.
	transport credentials.TransportCredentials
	dial      time.Duration
	// sync is the interval of updates of the cluster's members; 0 is none, clientv3's default.
	sync time.Duration
	// keepalive is the interval of keepalive pings; 0 is none, clientv3's default.
	keepalive        time.Duration
	keepaliveTimeout time.Duration
}

type connectionFlags struct {
	flags                                      *flag.FlagSet
	endpoints, env, ca, cert, key, credentials *string
	dialMs                                     *int
}

func addConnectionFlags(flags *flag.FlagSet) connectionFlags {
	return connectionFlags{
		flags:       flags,
		endpoints:   flags.String("endpoints", "", "client URLs of the members, comma separated, NEAREST FIRST"),
		env:         flags.String("env", "", "a client's etcd.env, as the library writes it, instead of the four flags of endpoints and files, and of those of time limits that are not given; SIGHUP has it read again"),
		ca:          flags.String("cacert", "", "file with the authority's certificate"),
		cert:        flags.String("cert", "", "file with the client's certificate"),
		key:         flags.String("key", "", "file with the client's key"),
		credentials: flags.String("credentials", freshForEach, "fresh: certificates are read from their files for each connection; kept: the client's own is that of the start for all"),
		dialMs:      flags.Int("dial-ms", 4000, "how long one try to connect may take"),
	}
}

// given tells whether the flags name a cluster.
func (f connectionFlags) given() bool {
	return *f.endpoints != "" || *f.env != ""
}

// takeLimits sets the verb's flags of time limits to the file's values, except flags that were given.
func (f connectionFlags) takeLimits(env clientEnv) error {
	given := map[string]bool{}
	f.flags.Visit(func(one *flag.Flag) { given[one.Name] = true })
	for name, limit := range env.limits {
		if f.flags.Lookup(name) == nil || given[name] {
			continue
		}
		if err := f.flags.Set(name, strconv.FormatInt(limit.Milliseconds(), 10)); err != nil {
			return err
		}
	}
	return nil
}

func (f connectionFlags) connection() (connection, error) {
	files := transport.TLSInfo{TrustedCAFile: *f.ca, CertFile: *f.cert, KeyFile: *f.key}
	c := connection{envFile: *f.env, endpoints: splitEndpoints(*f.endpoints)}
	if *f.env != "" {
		if len(c.endpoints) > 0 || !files.Empty() || files.TrustedCAFile != "" {
			return c, errors.New("-env: expected without -endpoints, -cacert, -cert and -key, which it holds")
		}
		env, err := readClientEnv(*f.env)
		if err != nil {
			return c, err
		}
		if err := f.takeLimits(env); err != nil {
			return c, err
		}
		c.endpoints, files = env.endpoints, env.files
	}
	c.dial = milliseconds(*f.dialMs)
	if len(c.endpoints) == 0 {
		return c, errors.New("-endpoints: none given; expected the members' client URLs, comma separated, nearest first")
	}
	if c.dial <= 0 {
		return c, errors.New("-dial-ms: expected more than 0")
	}
	if !strings.HasPrefix(c.endpoints[0], "https://") {
		return c, nil
	}
	var err error
	switch *f.credentials {
	case freshForEach:
		c.transport, err = newFreshCredentials(files)
	case keptFromThen:
		c.transport, err = withKeptCertificate(files)
	default:
		err = fmt.Errorf("-credentials: given %q, expected fresh or kept", *f.credentials)
	}
	return c, err
}

func splitEndpoints(list string) []string {
	var endpoints []string
	for _, endpoint := range strings.Split(list, ",") {
		if endpoint = strings.TrimSpace(endpoint); endpoint != "" {
			endpoints = append(endpoints, endpoint)
		}
	}
	return endpoints
}

// endpointsNow rereads the endpoints in the client's etcd.env.
func (c connection) endpointsNow() ([]string, error) {
	env, err := readClientEnv(c.envFile)
	return env.endpoints, err
}

// client connects to all given endpoints at once, with clientv3's round robin between those that answer.
func (c connection) client(endpoints ...string) (*clientv3.Client, error) {
	return c.open(clientv3.Config{Endpoints: endpoints, AutoSyncInterval: c.sync})
}

// singleEndpointClient connects to one endpoint, and leaves retries to its caller.
func (c connection) singleEndpointClient(endpoint string) (*clientv3.Client, error) {
	return c.open(clientv3.Config{
		Endpoints: []string{endpoint},
		// By default, clientv3 repeats reads a hundred times at the same endpoint, 25 ms apart; another endpoint is better.
		MaxUnaryRetries: 1,
		// By default, gRPC waits 20 s for a connection and up to 120 s between two attempts: a member that was unreachable
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
	// It would warn of each failed attempt, which is in the history already.
	config.Logger = zap.NewNop()
	if c.transport != nil {
		config.DialOptions = append(config.DialOptions, grpc.WithTransportCredentials(c.transport))
	}
	return clientv3.New(config)
}
