// Command permissions tries each call of etcd's API at one member as one client, and prints what the member answered, as JSON. Where
// they are allowed, the calls delete all keys, and do no other harm: they name members and roles that do not exist, or say what is so
// already.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/golang/protobuf/proto"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// callSeconds is how long a call may take: longer than etcd's own limit for a request, 5 s and two election timeouts.
const callSeconds = 20 * time.Second

// answer is what came of one try.
type answer struct {
	// Call is the service and the method, for example KV/Range.
	Call string `json:"call"`
	// Case is what was asked for.
	Case string `json:"case"`
	// Code is gRPC's, "OK" if the call was answered.
	Code string `json:"code"`
	// Message is etcd's word for it, empty with "OK".
	Message string `json:"message"`
}

func main() {
	endpoint := flag.String("endpoint", "https://127.0.0.1:2379", "client URL of the member to ask")
	ca := flag.String("cacert", "", "file with the authority's certificate")
	cert := flag.String("cert", "", "file with the client's certificate; empty for none")
	key := flag.String("key", "", "file with the client's key")
	name := flag.String("name", "", "the client's name in its certificate")
	adminCert := flag.String("admin-cert", "", "file with the certificate of an administrator, who prepares leases and keys")
	adminKey := flag.String("admin-key", "", "file with the administrator's key")
	gateway := flag.Bool("gateway", false, "by the JSON gateway instead of gRPC")
	flag.Parse()
	files := transport.TLSInfo{TrustedCAFile: *ca, CertFile: *cert, KeyFile: *key}
	admin := transport.TLSInfo{TrustedCAFile: *ca, CertFile: *adminCert, KeyFile: *adminKey}
	answers, err := run(*endpoint, *name, files, admin, *gateway)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(endpoint, name string, files, adminFiles transport.TLSInfo, gateway bool) ([]answer, error) {
	adminConfig, err := adminFiles.ClientConfig()
	if err != nil {
		return nil, err
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, TLS: adminConfig, DialTimeout: 10 * time.Second, Logger: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	config, err := files.ClientConfig()
	if err != nil {
		return nil, err
	}
	refusal, err := handshake(endpoint, config)
	if err != nil {
		return nil, err
	}
	s := &stage{admin: client, name: name, refusal: refusal}
	if gateway {
		return s.tryAll(newGateway(endpoint, config))
	}
	conn, err := grpc.NewClient(endpoint[len("https://"):], grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return s.tryAll(rpc{conn})
}

// tryAll tries each call by one way to make calls.
func (s *stage) tryAll(by way) ([]answer, error) {
	ctx := context.Background()
	var answers []answer
	for _, one := range tries() {
		var request proto.Message
		err := settled(func() (err error) {
			request, err = one.request(ctx, s)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%s, %s: could not be prepared: %w", one.call, one.what, err)
		}
		err = settled(func() error {
			limited, cancel := context.WithTimeout(ctx, callSeconds)
			defer cancel()
			return by.call(limited, one, request, func() error { return s.happens(limited, one) })
		})
		// A connection that the member ends can be noticed in several ways, most of which do not say why.
		if s.refusal != nil && status.Code(err) == codes.Unavailable {
			err = status.Error(codes.Unavailable, s.refusal.Error())
		}
		answers = append(answers, answer{Call: one.call, Case: one.what, Code: status.Code(err).String(), Message: messageOf(err)})
		if one.restore == nil {
			continue
		}
		if err := settled(func() error { return one.restore(ctx, s) }); err != nil {
			return nil, fmt.Errorf("%s, %s: could not be taken back: %w", one.call, one.what, err)
		}
	}
	return answers, nil
}

// unsettled is what etcd says while leadership moves, or while a member learns of users that were edited.
var unsettled = []string{"raft proposal dropped", "leader changed", "no leader", "revision of auth store is old"}

// settled repeats a call while that is the answer, ten times at most.
func settled(call func() error) error {
	for left := 10; ; left-- {
		err := call()
		passes := err != nil && slices.ContainsFunc(unsettled, func(words string) bool { return strings.Contains(err.Error(), words) })
		if !passes || left == 0 {
			return err
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// handshake is why the member ends a connection after TLS's handshake, nil if it keeps it. The client learns it only when it reads, as
// in TLS 1.3 its own part of the handshake is over before the member has seen its certificate.
func handshake(endpoint string, config *tls.Config) (error, error) {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: callSeconds}, "tcp", endpoint[len("https://"):], config)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return nil, err
	}
	_, err = conn.Read(make([]byte, 1))
	var late net.Error
	if err == nil || errors.As(err, &late) && late.Timeout() {
		return nil, nil
	}
	return err, nil
}

func messageOf(err error) string {
	if err == nil {
		return ""
	}
	return status.Convert(err).Message()
}
