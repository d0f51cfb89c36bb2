package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errUnknown: an attempt was given up, and by the time of the next somebody else had written. Whether ours came before
// theirs cannot be told any more; only who knows what the values mean can decide what to do.
var errUnknown = errors.New("outcome unknown: the key was written by others after an attempt without an answer")

// errDied: an attempt was given up before its time.
var errDied = status.Error(codes.Unavailable, "the member gave its last sign of life before this attempt")

// entry is a key as it was read: its value, and the revision of its last write, which is 0 where there was none.
type entry struct {
	Key, Value  string
	ModRevision int64
}

// store reaches the cluster through one member at a time, the nearest that works.
type store struct {
	settings settings
	members  *members
}

func newStore(s settings) (*store, error) {
	made, err := newMembers(s)
	if err != nil {
		return nil, err
	}
	return &store{settings: s, members: made}, nil
}

// Follow keeps to the cluster's members, whichever they are, until the context ends. What runs for long needs it: each
// machine may be replaced meanwhile.
func (s *store) Follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(syncInterval):
		}
		// A file that is being written anew is read the next time.
		_ = s.settings.limits.raise(fromFile(s.settings.file))
		var urls []string
		err := s.try(ctx, func(ctx context.Context, client *clientv3.Client) (err error) {
			urls, err = votersOf(ctx, client)
			return err
		})
		if err == nil {
			s.members.become(urls)
		}
	}
}

func (s *store) Close() {
	s.members.close()
}

// Get reads a key, linearizably.
func (s *store) Get(ctx context.Context, key string) (entry, error) {
	found := entry{Key: key}
	err := s.try(ctx, func(ctx context.Context, client *clientv3.Client) error {
		response, err := client.Get(ctx, key)
		if err == nil && len(response.Kvs) > 0 {
			found.Value = payload(string(response.Kvs[0].Value))
			found.ModRevision = response.Kvs[0].ModRevision
		}
		return err
	})
	return found, err
}

// PutIfUnchanged writes a value if the key is as it was read, and says whether it did.
//
// It is safe to repeat: of several attempts the guard lets one through at most, and the mark in the value tells, when the
// guard holds, whether it was one of ours.
func (s *store) PutIfUnchanged(ctx context.Context, before entry, value string) (bool, error) {
	marked := rand.Text() + " " + value
	guard := clientv3.Compare(clientv3.ModRevision(before.Key), "=", before.ModRevision)
	attempts, written := 0, false
	err := s.try(ctx, func(ctx context.Context, client *clientv3.Client) error {
		attempts++
		response, err := client.Txn(ctx).
			If(guard).
			Then(clientv3.OpPut(before.Key, marked)).
			Else(clientv3.OpGet(before.Key)).
			Commit()
		if err != nil {
			return err
		}
		written = response.Succeeded
		if !written {
			kvs := response.Responses[0].GetResponseRange().Kvs
			written = len(kvs) > 0 && string(kvs[0].Value) == marked
		}
		if !written && attempts > 1 {
			return errUnknown
		}
		return nil
	})
	return written, err
}

// try makes attempts, each with its own deadline, until one is answered or the total time is over.
func (s *store) try(ctx context.Context, attempt func(context.Context, *clientv3.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.settings.limits.total())
	defer cancel()
	timeouts := 0
	once := func(member *member, again bool) (alive bool, err error) {
		alive, err = s.once(ctx, member, again, s.settings.limits.afterTimeouts(timeouts), attempt)
		if errors.Is(err, context.DeadlineExceeded) {
			timeouts++
		}
		return alive, err
	}
	for {
		tried := map[*member]bool{}
		for member := s.members.next(tried); member != nil; member = s.members.next(tried) {
			tried[member] = true
			alive, err := once(member, false)
			for ; authorizationChanged(err) && ctx.Err() == nil; alive, err = once(member, false) {
				// The member is well, and has not applied it.
				sleep(ctx, s.settings.limits.attempt()/10)
			}
			if alive && worthAnother(err) && ctx.Err() == nil {
				// Not the member is what is wrong: a transfer of leadership or an election has dropped the request, and is over
				// by now. Every other way is longer. Only once, as the member may be cut off from the others.
				_, err = once(member, true)
			}
			if !worthAnother(err) {
				return err
			}
			member.failed()
			if ctx.Err() != nil {
				return fmt.Errorf("no answer within %v: %w", s.settings.limits.total(), err)
			}
		}
		// All have failed: there may be a failover. Refusals come at once, so leave the members some air.
		sleep(ctx, s.settings.limits.attempt()/10)
	}
}

func sleep(ctx context.Context, pause time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}

// once makes one attempt, and tells whether the member gave a sign of life meanwhile: once half of the attempt's time is
// over, all members are asked for something that they can answer alone. Those that do not are no use for the next one. Where the
// attempt is made again, that sign may have been the last: the member has to give another one soon.
func (s *store) once(ctx context.Context, m *member, again bool, timeout time.Duration, attempt func(context.Context, *clientv3.Client) error) (bool, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx, giveUp := context.WithCancelCause(limited)
	defer giveUp(nil)
	begun := time.Now()
	if again {
		patience := 2*time.Duration(m.answerTook.Load()) + timeout/8
		go func() {
			asking, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			if !m.askForSignOfLife(asking) {
				giveUp(errDied)
			}
		}()
	}
	timer := time.AfterFunc(timeout/2, func() {
		for _, one := range s.members.snapshot() {
			go one.askForSignOfLife(ctx)
		}
	})
	defer timer.Stop()
	err := attempt(ctx, m.client)
	if err != nil && context.Cause(ctx) == errDied {
		err = errDied
	}
	if limited.Err() != nil {
		for _, one := range s.members.snapshot() {
			if !one.aliveSince(begun) {
				one.failed()
			}
		}
	}
	return m.aliveSince(begun), err
}

// authorizationChanged tells whether a request was refused only because authorization was turned on, or users, roles or permissions
// were edited, while it was under way. It was not applied, and is looked at anew when it is made again.
func authorizationChanged(err error) bool {
	return errors.Is(err, rpctypes.ErrUserEmpty) || errors.Is(err, rpctypes.ErrAuthOldRevision)
}

// worthAnother tells an attempt without an answer from one with an answer that will not change.
func worthAnother(err error) bool {
	if err == nil || errors.Is(err, errUnknown) {
		return false
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	code := status.Code(err)
	var fromServer interface{ Code() codes.Code }
	if errors.As(err, &fromServer) {
		code = fromServer.Code()
	}
	return code == codes.Unavailable || code == codes.DeadlineExceeded
}

// payload is a value without the mark of who wrote it.
func payload(marked string) string {
	_, value, _ := strings.Cut(marked, " ")
	return value
}
