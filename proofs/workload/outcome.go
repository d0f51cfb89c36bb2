package main

import (
	"context"
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errConflict means that a guarded write found another writer's value.
var errConflict = errors.New("conflict")

// errLearner is a learner's answer; clientv3 has no name for it.
var errLearner = rpctypes.Error(rpctypes.ErrGRPCNotSupportedForLearner)

// codeOf returns the gRPC code of an error, also of clientv3's own type for server errors and of context errors.
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

// errorClass is an error's name in a history.
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

// mayHaveApplied tells whether a write with this error may be applied nevertheless, now or later. Only errors of a
// refused request rule that out. "No space" does not: until the alarm is raised, etcd applies a write that exceeds the
// quota and then answers with this error.
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

// authorizationChanged tells whether a request was refused only because authorization was turned on, or users, roles or permissions
// were edited, while it was under way. It was not applied, and is looked at anew when it is made again.
func authorizationChanged(err error) bool {
	return errors.Is(err, rpctypes.ErrUserEmpty) || errors.Is(err, rpctypes.ErrAuthOldRevision)
}

// elsewhereMayHelp tells whether another endpoint, or the same one a moment later, may succeed after this error.
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
