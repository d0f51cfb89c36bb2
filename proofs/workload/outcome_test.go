package main

import (
	"context"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestOutcomeOfErrors(t *testing.T) {
	cases := []struct {
		err       error
		class     string
		elsewhere bool
		unknown   bool
	}{
		{context.DeadlineExceeded, "timeout", true, true},
		{status.Error(codes.DeadlineExceeded, "context deadline exceeded"), "timeout", true, true},
		{status.Error(codes.Unavailable, "connection refused"), "unavailable", true, true},
		{rpctypes.Error(rpctypes.ErrGRPCTimeout), "server timeout", true, true},
		{rpctypes.Error(rpctypes.ErrGRPCTimeoutDueToLeaderFail), "server timeout", true, true},
		{rpctypes.Error(rpctypes.ErrGRPCNoLeader), "no leader", true, true},
		{rpctypes.Error(rpctypes.ErrGRPCLeaderChanged), "no leader", true, true},
		{rpctypes.Error(rpctypes.ErrGRPCStopped), "unavailable", true, true},
		{rpctypes.Error(rpctypes.ErrGRPCCorrupt), "etcdserver: corrupt cluster", true, true},
		{rpctypes.Error(rpctypes.ErrGRPCNotSupportedForLearner), "etcdserver: rpc not supported for learner", true, false},
		{rpctypes.Error(rpctypes.ErrGRPCRequestTooManyRequests), "etcdserver: too many requests", true, false},
		{rpctypes.Error(rpctypes.ErrGRPCNoSpace), "etcdserver: mvcc: database space exceeded", false, true},
		{rpctypes.Error(rpctypes.ErrGRPCPermissionDenied), "etcdserver: permission denied", false, false},
		{context.Canceled, "canceled", false, true},
		{errConflict, "conflict", false, false},
	}
	for _, c := range cases {
		t.Run(c.err.Error(), func(t *testing.T) {
			if class := errorClass(c.err); class != c.class {
				t.Errorf("class %q, expected %q", class, c.class)
			}
			if elsewhere := elsewhereMayHelp(c.err); elsewhere != c.elsewhere {
				t.Errorf("elsewhereMayHelp: %v", elsewhere)
			}
			if unknown := mayHaveApplied(c.err); unknown != c.unknown {
				t.Errorf("mayHaveApplied: %v", unknown)
			}
		})
	}
}
