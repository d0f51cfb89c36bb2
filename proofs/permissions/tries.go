package main

import (
	"context"
	"fmt"
	"os"

	"github.com/golang/protobuf/proto"
	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"
)

// try is one call, and what it asks for.
type try struct {
	// call is the service and the method, for example KV/Range.
	call string
	what string
	// request makes the message, and what it needs on the stage.
	request func(context.Context, *stage) (proto.Message, error)
	// path is the call's in the gateway, below /v3/; empty if the gateway has none.
	path string
	// watches is a key whose write a watch has to tell of.
	watches string
	// restore takes back what the call did, or was prepared for it.
	restore func(context.Context, *stage) error
}

func tries() []try {
	return flat(keys(), watches(), leases(), locks(), members(), maintenance(), users())
}

func flat(lists ...[]try) []try {
	var all []try
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// plain is a message that needs nothing on the stage.
func plain(message proto.Message) func(context.Context, *stage) (proto.Message, error) {
	return func(context.Context, *stage) (proto.Message, error) { return message, nil }
}

func keys() []try {
	ranges := []struct{ what, key, end string }{
		{"own key", own + "x", ""},
		{"all own keys", own, ownEnd},
		{"neighbouring key", neighbour, ""},
		{"first key after its own", ownEnd, ""},
		{"foreign key", foreign + "x", ""},
		{"own keys and later ones", own, everything},
		{"all keys", everything, everything},
	}
	var all []try
	add := func(call, path, what string, message proto.Message) {
		all = append(all, try{call: call, path: path, what: what, request: plain(message)})
	}
	for _, one := range ranges {
		request := &pb.RangeRequest{Key: []byte(one.key), RangeEnd: []byte(one.end), Limit: 1}
		add("KV/Range", "kv/range", one.what, request)
	}
	for _, one := range ranges {
		request := &pb.RangeRequest{Key: []byte(one.key), RangeEnd: []byte(one.end), Limit: 1, Serializable: true}
		add("KV/Range", "kv/range", one.what+", serializable", request)
	}
	for _, one := range ranges {
		if one.end == "" {
			add("KV/Put", "kv/put", one.what, &pb.PutRequest{Key: []byte(one.key), Value: []byte("1")})
		}
	}
	for _, lease := range []struct{ what, key string }{{"own key, on an empty lease", ""}, {"own key, on a lease with foreign keys", foreign}} {
		all = append(all, try{call: "KV/Put", path: "kv/put", what: lease.what, request: func(ctx context.Context, s *stage) (proto.Message, error) {
			id, err := s.leaseOn(ctx, lease.key)
			return &pb.PutRequest{Key: []byte(own + "leased"), Lease: id}, err
		}})
	}
	for _, one := range ranges {
		add("KV/DeleteRange", "kv/deleterange", one.what, &pb.DeleteRangeRequest{Key: []byte(one.key), RangeEnd: []byte(one.end)})
	}
	return append(all, transactions()...)
}

func transactions() []try {
	put := func(key string) *pb.RequestOp {
		return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte(key), Value: []byte("1")}}}
	}
	get := func(key string) *pb.RequestOp {
		return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: []byte(key)}}}
	}
	drop := func(key string) *pb.RequestOp {
		return &pb.RequestOp{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: []byte(key)}}}
	}
	// Nobody has made this revision of the key yet.
	never := func(key string) *pb.Compare {
		return &pb.Compare{Key: []byte(key), Target: pb.Compare_MOD, Result: pb.Compare_GREATER, TargetUnion: &pb.Compare_ModRevision{ModRevision: 1 << 40}}
	}
	ops := func(all ...*pb.RequestOp) []*pb.RequestOp { return all }
	if_ := func(key string) []*pb.Compare { return []*pb.Compare{never(key)} }
	inner := &pb.RequestOp{Request: &pb.RequestOp_RequestTxn{RequestTxn: &pb.TxnRequest{Success: ops(put(foreign + "x"))}}}
	cases := []struct {
		what    string
		request *pb.TxnRequest
	}{
		{"reads an own key", &pb.TxnRequest{Compare: if_(own + "x"), Failure: ops(get(own + "x"))}},
		{"writes an own key", &pb.TxnRequest{Compare: if_(own + "x"), Failure: ops(put(own + "x"))}},
		{"compares a foreign key", &pb.TxnRequest{Compare: if_(foreign + "x"), Failure: ops(get(own + "x"))}},
		{"reads a foreign key", &pb.TxnRequest{Failure: ops(get(foreign + "x"))}},
		{"writes a neighbouring key", &pb.TxnRequest{Success: ops(put(neighbour))}},
		{"writes a foreign key", &pb.TxnRequest{Success: ops(put(foreign + "x"))}},
		{"deletes a foreign key", &pb.TxnRequest{Success: ops(drop(foreign + "y"))}},
		{"writes a foreign key in a branch that is not taken", &pb.TxnRequest{Compare: if_(own + "x"), Success: ops(put(foreign + "x")), Failure: ops(get(own + "x"))}},
		{"writes a foreign key in an inner transaction", &pb.TxnRequest{Success: ops(inner)}},
		{"of nothing", &pb.TxnRequest{}},
	}
	var all []try
	for _, one := range cases {
		all = append(all, try{call: "KV/Txn", path: "kv/txn", what: one.what, request: plain(one.request)})
	}
	// Of a revision that is compacted already, which etcd says only to whom it would compact for.
	return append(all, try{call: "KV/Compact", path: "kv/compaction", what: "", request: plain(&pb.CompactionRequest{Revision: 1})})
}

func watches() []try {
	cases := []struct{ what, key, end, happens string }{
		{"own key", own + "x", "", own + "x"},
		{"all own keys", own, ownEnd, own + "y"},
		{"neighbouring key", neighbour, "", neighbour},
		{"foreign key", foreign + "x", "", foreign + "x"},
		{"own keys and later ones", own, everything, foreign + "x"},
		{"all keys", everything, everything, foreign + "x"},
	}
	var all []try
	for _, one := range cases {
		request := &pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{
			CreateRequest: &pb.WatchCreateRequest{Key: []byte(one.key), RangeEnd: []byte(one.end)},
		}}
		all = append(all, try{call: "Watch/Watch", path: "watch", what: one.what, request: plain(request), watches: one.happens})
	}
	return all
}

func leases() []try {
	all := []try{{call: "Lease/LeaseGrant", path: "lease/grant", what: "", request: plain(&pb.LeaseGrantRequest{TTL: 10})}}
	of := func(call, path, suffix string, message func(id int64) proto.Message) {
		for _, one := range []struct{ what, key string }{
			{"with own keys", own}, {"with a neighbouring key", neighbour}, {"with foreign keys", foreign}, {"another's, empty", ""},
		} {
			all = append(all, try{call: call, path: path, what: one.what + suffix, request: func(ctx context.Context, s *stage) (proto.Message, error) {
				id, err := s.leaseOn(ctx, one.key)
				return message(id), err
			}})
		}
	}
	of("Lease/LeaseRevoke", "lease/revoke", "", func(id int64) proto.Message { return &pb.LeaseRevokeRequest{ID: id} })
	of("Lease/LeaseKeepAlive", "lease/keepalive", "", func(id int64) proto.Message { return &pb.LeaseKeepAliveRequest{ID: id} })
	of("Lease/LeaseTimeToLive", "lease/timetolive", "", func(id int64) proto.Message { return &pb.LeaseTimeToLiveRequest{ID: id} })
	of("Lease/LeaseTimeToLive", "lease/timetolive", ", and their names", func(id int64) proto.Message { return &pb.LeaseTimeToLiveRequest{ID: id, Keys: true} })
	return append(all, try{call: "Lease/LeaseLeases", path: "lease/leases", what: "", request: plain(&pb.LeaseLeasesRequest{})})
}

// locks are etcd's own recipes, which it makes of keys and leases for the caller. Each is for a name that nobody else holds.
func locks() []try {
	var all []try
	for _, one := range []struct{ what, key string }{{"own key", own}, {"foreign key", foreign}} {
		named := func(ctx context.Context, s *stage) (proto.Message, error) {
			id, err := s.leaseOn(ctx, "")
			return encoded(fmt.Sprintf("%sheld-%x", one.key, id), id), err
		}
		all = append(all,
			try{call: "v3lockpb.Lock/Lock", path: "lock/lock", what: one.what, request: named},
			try{call: "v3electionpb.Election/Campaign", path: "election/campaign", what: one.what, request: named})
	}
	return all
}

// encoded is a message with a name and a lease, as Lock and Campaign have them: their types are not among etcd's client packages.
func encoded(name string, lease int64) proto.Message {
	octets := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), []byte(name))
	octets = protowire.AppendVarint(protowire.AppendTag(octets, 2, protowire.VarintType), uint64(lease))
	message := &emptypb.Empty{}
	message.ProtoReflect().SetUnknown(octets)
	return message
}

// decoded is what encoded has made of them.
func decoded(octets []byte) (name []byte, lease int64) {
	_, _, tag := protowire.ConsumeTag(octets)
	name, length := protowire.ConsumeBytes(octets[tag:])
	octets = octets[tag+length:]
	_, _, tag = protowire.ConsumeTag(octets)
	number, _ := protowire.ConsumeVarint(octets[tag:])
	return name, int64(number)
}

func members() []try {
	return []try{
		{call: "Cluster/MemberList", path: "cluster/member/list", what: "", request: plain(&pb.MemberListRequest{})},
		{call: "Cluster/MemberList", path: "cluster/member/list", what: "linearizable", request: plain(&pb.MemberListRequest{Linearizable: true})},
		// The URL of a member that is there, which etcd refuses whom it would let add another.
		{call: "Cluster/MemberAdd", path: "cluster/member/add", what: "", request: ofMember(func(first *pb.Member) proto.Message {
			return &pb.MemberAddRequest{PeerURLs: first.PeerURLs, IsLearner: true}
		})},
		{call: "Cluster/MemberRemove", path: "cluster/member/remove", what: "", request: plain(&pb.MemberRemoveRequest{ID: noMember})},
		{call: "Cluster/MemberUpdate", path: "cluster/member/update", what: "", request: plain(&pb.MemberUpdateRequest{ID: noMember, PeerURLs: []string{"https://192.0.2.1:2380"}})},
		{call: "Cluster/MemberPromote", path: "cluster/member/promote", what: "", request: ofMember(func(first *pb.Member) proto.Message {
			// It votes already, which the leader says; a follower asks it until it runs out of time.
			return &pb.MemberPromoteRequest{ID: first.ID}
		})},
	}
}

// ofMember is a message about the first member.
func ofMember(message func(*pb.Member) proto.Message) func(context.Context, *stage) (proto.Message, error) {
	return func(ctx context.Context, s *stage) (proto.Message, error) {
		list, err := s.admin.MemberList(ctx)
		if err != nil {
			return nil, err
		}
		return message(list.Members[0]), nil
	}
}

func maintenance() []try {
	alarm := func(what string, action pb.AlarmRequest_AlarmAction, kind pb.AlarmType) try {
		return try{call: "Maintenance/Alarm", path: "maintenance/alarm", what: what, request: plain(&pb.AlarmRequest{Action: action, Alarm: kind, MemberID: noMember})}
	}
	downgrade := func(what string, action pb.DowngradeRequest_DowngradeAction) try {
		// No version may follow this one down.
		return try{call: "Maintenance/Downgrade", path: "maintenance/downgrade", what: what, request: plain(&pb.DowngradeRequest{Action: action, Version: "1.0.0"})}
	}
	return []try{
		alarm("list", pb.AlarmRequest_GET, pb.AlarmType_NONE),
		// An alarm of no kind does nothing.
		alarm("raise", pb.AlarmRequest_ACTIVATE, pb.AlarmType_NONE),
		alarm("disarm", pb.AlarmRequest_DEACTIVATE, pb.AlarmType_NONE),
		{call: "Maintenance/Status", path: "maintenance/status", what: "", request: plain(&pb.StatusRequest{})},
		{call: "Maintenance/Defragment", path: "maintenance/defragment", what: "", request: plain(&pb.DefragmentRequest{})},
		{call: "Maintenance/Hash", path: "maintenance/hash", what: "", request: plain(&pb.HashRequest{})},
		{call: "Maintenance/HashKV", path: "maintenance/hashkv", what: "", request: plain(&pb.HashKVRequest{})},
		{call: "Maintenance/Snapshot", path: "maintenance/snapshot", what: "", request: plain(&pb.SnapshotRequest{})},
		{call: "Maintenance/MoveLeader", path: "maintenance/transfer-leadership", what: "", request: plain(&pb.MoveLeaderRequest{TargetID: noMember})},
		downgrade("ask whether it may be", pb.DowngradeRequest_VALIDATE),
		downgrade("begin", pb.DowngradeRequest_ENABLE),
		downgrade("cancel", pb.DowngradeRequest_CANCEL),
	}
}

func users() []try {
	of := func(method, path, what string, message proto.Message) try {
		return try{call: "Auth/" + method, path: "auth/" + path, what: what, request: plain(message)}
	}
	named := func(method, path, what string, message func(name string) proto.Message) try {
		return try{call: "Auth/" + method, path: "auth/" + path, what: what, request: func(_ context.Context, s *stage) (proto.Message, error) {
			return message(s.name), nil
		}}
	}
	const ownRole = "cdktf-etcd/client/"
	disable := of("AuthDisable", "disable", "", &pb.AuthDisableRequest{})
	disable.restore = func(ctx context.Context, s *stage) error {
		_, err := s.admin.AuthEnable(ctx)
		return err
	}
	// Others may be tried beside.
	someone := fmt.Sprintf("somebody-%d", os.Getpid())
	password := try{
		call: "Auth/UserChangePassword", path: "auth/user/changepw", what: "",
		request: func(ctx context.Context, s *stage) (proto.Message, error) {
			_, err := s.admin.UserAddWithOptions(ctx, someone, "", &clientv3.UserAddOptions{NoPassword: true})
			return &pb.AuthUserChangePasswordRequest{Name: someone, Password: "x"}, err
		},
		restore: func(ctx context.Context, s *stage) error {
			_, err := s.admin.UserDelete(ctx, someone)
			return err
		},
	}
	return []try{
		of("AuthStatus", "status", "", &pb.AuthStatusRequest{}),
		// It is on.
		of("AuthEnable", "enable", "", &pb.AuthEnableRequest{}),
		disable,
		// Nobody has a password.
		named("Authenticate", "authenticate", "", func(name string) proto.Message { return &pb.AuthenticateRequest{Name: name, Password: "guessed"} }),
		of("UserList", "user/list", "", &pb.AuthUserListRequest{}),
		named("UserGet", "user/get", "itself", func(name string) proto.Message { return &pb.AuthUserGetRequest{Name: name} }),
		of("UserGet", "user/get", "another", &pb.AuthUserGetRequest{Name: "root"}),
		// root is there.
		of("UserAdd", "user/add", "", &pb.AuthUserAddRequest{Name: "root", Options: &authpb.UserAddOptions{NoPassword: true}}),
		// Nobody may delete root while authorization is on.
		of("UserDelete", "user/delete", "", &pb.AuthUserDeleteRequest{Name: "root"}),
		password,
		of("UserGrantRole", "user/grant", "", &pb.AuthUserGrantRoleRequest{User: "root", Role: nobody}),
		of("UserRevokeRole", "user/revoke", "", &pb.AuthUserRevokeRoleRequest{Name: "root", Role: nobody}),
		of("RoleList", "role/list", "", &pb.AuthRoleListRequest{}),
		named("RoleGet", "role/get", "its own", func(name string) proto.Message { return &pb.AuthRoleGetRequest{Role: ownRole + name} }),
		of("RoleGet", "role/get", "another's", &pb.AuthRoleGetRequest{Role: ownRole + "operator"}),
		of("RoleAdd", "role/add", "", &pb.AuthRoleAddRequest{Name: "root"}),
		of("RoleDelete", "role/delete", "", &pb.AuthRoleDeleteRequest{Role: nobody}),
		of("RoleGrantPermission", "role/grant", "", &pb.AuthRoleGrantPermissionRequest{Name: nobody, Perm: &authpb.Permission{PermType: authpb.READ, Key: []byte(everything), RangeEnd: []byte(everything)}}),
		of("RoleRevokePermission", "role/revoke", "", &pb.AuthRoleRevokePermissionRequest{Role: nobody, Key: []byte(everything)}),
	}
}
