package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/golang/protobuf/proto"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/emptypb"
)

// way makes calls as the client.
type way interface {
	// call makes a call. Where something is watched, it has that happen once the watch is there, and waits until it is told.
	call(ctx context.Context, one try, request proto.Message, happen func() error) error
}

// rpc is gRPC, which clients use.
type rpc struct {
	conn *grpc.ClientConn
}

func (r rpc) call(ctx context.Context, one try, request proto.Message, happen func() error) error {
	switch message := request.(type) {
	case *pb.WatchRequest:
		return r.watch(ctx, message, happen)
	case *pb.LeaseKeepAliveRequest:
		return r.keepAlive(ctx, message)
	case *pb.SnapshotRequest:
		return r.snapshot(ctx, message)
	}
	method := one.call
	if !strings.Contains(method, ".") {
		method = "etcdserverpb." + method
	}
	// Whatever it answers: only whether it does is of interest.
	return r.conn.Invoke(ctx, "/"+method, request, &emptypb.Empty{})
}

func (r rpc) watch(ctx context.Context, request *pb.WatchRequest, happen func() error) error {
	stream, err := pb.NewWatchClient(r.conn).Watch(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(request); err != nil {
		return receiveError(stream, err)
	}
	created, err := stream.Recv()
	if err != nil {
		return err
	}
	if created.Canceled {
		return asStatus(created.CancelReason)
	}
	if err := happen(); err != nil {
		return fmt.Errorf("what is watched could not be made happen: %w", err)
	}
	told, err := stream.Recv()
	if err == nil && len(told.Events) == 0 {
		return asStatus("the watch ended without an event: " + told.CancelReason)
	}
	return err
}

func (r rpc) keepAlive(ctx context.Context, request *pb.LeaseKeepAliveRequest) error {
	stream, err := pb.NewLeaseClient(r.conn).LeaseKeepAlive(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(request); err != nil {
		return receiveError(stream, err)
	}
	alive, err := stream.Recv()
	if err == nil && alive.TTL <= 0 {
		return status.Error(codes.Internal, "the lease is gone though it is there")
	}
	return err
}

func (r rpc) snapshot(ctx context.Context, request *pb.SnapshotRequest) error {
	stream, err := pb.NewMaintenanceClient(r.conn).Snapshot(ctx, request)
	if err != nil {
		return err
	}
	for {
		switch _, err := stream.Recv(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// receiveError is why a message could not be sent: the stream knows.
func receiveError(stream grpc.ClientStream, sent error) error {
	if !errors.Is(sent, io.EOF) {
		return sent
	}
	return stream.RecvMsg(&emptypb.Empty{})
}

// asStatus is the error that a watch's cancellation tells in words: "rpc error: code = X desc = Y".
func asStatus(reason string) error {
	var words = reason
	if _, after, found := strings.Cut(reason, "desc = "); found {
		words = after
	}
	if strings.Contains(reason, "PermissionDenied") || strings.Contains(reason, "permission denied") {
		return status.Error(codes.PermissionDenied, words)
	}
	return status.Error(codes.Unknown, words)
}

// gateway is the JSON gateway on the same port.
type gateway struct {
	endpoint string
	client   *http.Client
}

func newGateway(endpoint string, config *tls.Config) gateway {
	return gateway{endpoint, &http.Client{Transport: &http.Transport{TLSClientConfig: config}}}
}

// call tells of an answer that is none of gRPC's by the code Unavailable and HTTP's own words.
func (g gateway) call(ctx context.Context, one try, message proto.Message, happen func() error) error {
	body, err := asJSON(message)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.endpoint+"/v3/"+one.path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := g.client.Do(request)
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	defer answer.Body.Close()
	lines := json.NewDecoder(answer.Body)
	if one.watches == "" {
		return g.read(answer, lines)
	}
	if err := g.read(answer, lines); err != nil {
		return err
	}
	if err := happen(); err != nil {
		return err
	}
	return g.read(answer, lines)
}

func asJSON(message proto.Message) ([]byte, error) {
	if octets := protoadapt.MessageV2Of(message).ProtoReflect().GetUnknown(); len(octets) > 0 {
		name, lease := decoded(octets)
		return json.Marshal(map[string]any{"name": name, "lease": lease})
	}
	return protojson.Marshal(protoadapt.MessageV2Of(message))
}

// said is what the gateway writes, for calls and for each message of a stream.
type said struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Error   *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	Result *struct {
		Canceled     bool   `json:"canceled"`
		CancelReason string `json:"cancel_reason"`
	} `json:"result"`
}

func (g gateway) read(answer *http.Response, lines *json.Decoder) error {
	if kind := answer.Header.Get("Content-Type"); !strings.Contains(kind, "json") && answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.MultiReader(lines.Buffered(), answer.Body))
		return status.Error(codes.Unavailable, fmt.Sprintf("HTTP %d: %s", answer.StatusCode, strings.TrimSpace(string(text))))
	}
	var one said
	if err := lines.Decode(&one); err != nil {
		return status.Error(codes.Unavailable, fmt.Sprintf("HTTP %d: %s", answer.StatusCode, err))
	}
	switch {
	case one.Error != nil && one.Error.Code != 0:
		return status.Error(codes.Code(one.Error.Code), one.Error.Message)
	case one.Error != nil:
		return status.Error(codes.Unavailable, fmt.Sprintf("HTTP %d: %s", answer.StatusCode, one.Error.Message))
	case one.Code != 0:
		return status.Error(codes.Code(one.Code), one.Message)
	case one.Result != nil && one.Result.Canceled:
		return asStatus(one.Result.CancelReason)
	}
	return nil
}
