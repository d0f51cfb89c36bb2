package main

import (
	"context"
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errConflict is a guarded write that found a value of somebody else's.
var errConflict = errors.New("conflict")

// errLearner is what a member answers that has not been promoted yet; clientv3 has no name for it.
var errLearner = rpctypes.Error(rpctypes.ErrGRPCNotSupportedForLearner)

// codeOf also sees through clientv3, which hands out server errors as its own type and deadlines as context errors.
func codeOf(err error) codes.Code {
	var server rpctypes.EtcdError
	switch {
	case errors.As(err, &server):
		return server.Code()
	case errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return codes.Canceled
	}
	return status.Code(err)
}

// errorClass is what a history says of an error.
func errorClass(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errConflict):
		return "conflict"
	case errors.Is(err, rpctypes.ErrNoLeader), errors.Is(err, rpctypes.ErrLeaderChanged):
		return "no leader"
	case errors.Is(err, rpctypes.ErrTimeout),
		errors.Is(err, rpctypes.ErrTimeoutDueToLeaderFail),
		errors.Is(err, rpctypes.ErrTimeoutDueToConnectionLost):
		return "server timeout"
	}
	switch code := codeOf(err); code {
	case codes.DeadlineExceeded:
		return "timeout"
	case codes.Unavailable:
		return "unavailable"
	case codes.Canceled:
		return "canceled"
	default:
		return err.Error()
	}
}

// mayHaveApplied tells whether a write that failed like this may be applied all the same, now or later. Only what the
// server says after it has refused a request rules that out. That the space is exceeded does not: until the alarm is up,
// etcd applies what exceeds it, and only then answers so.
func mayHaveApplied(err error) bool {
	if errors.Is(err, rpctypes.ErrTooManyRequests) || errors.Is(err, errConflict) {
		return false
	}
	switch codeOf(err) {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.Unauthenticated,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		return false
	}
	return true
}

// elsewhereMayHelp tells whether another endpoint, or the same a moment later, may answer what this one did not.
func elsewhereMayHelp(err error) bool {
	if errors.Is(err, rpctypes.ErrTooManyRequests) || errors.Is(err, errLearner) {
		return true
	}
	switch codeOf(err) {
	case codes.DeadlineExceeded, codes.Unavailable, codes.Unknown, codes.Internal, codes.Aborted, codes.DataLoss:
		return !errors.Is(err, errConflict)
	}
	return false
}
