# shellcheck shell=sh disable=SC2034 # variables are for the scripts that source this one
# Shared by the node scripts: what this member knows of the rollout, and how it asks the cluster.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck source=/dev/null
. /etc/etcd/rollout.env
# shellcheck source=/dev/null
. /etc/etcd/declared.env
# shellcheck source=/dev/null
. /etc/etcd/leader.env
set -a
# shellcheck source=/dev/null
. /etc/etcd/etcdctl.env
set +a
unset ETCDCTL_ENDPOINTS # every call says whom it asks
SELF=https://127.0.0.1:2379
DATA=/var/lib/etcd/member
# What root notes of this member, where etcd's user can't write.
NOTES=/var/lib/cdktf-etcd-node
# There once this member was part of a quorum with its data.
BORN=$NOTES/born
# Which founding of the cluster this member's data belongs to: the prop genesis of that time.
FOUNDED=$NOTES/founded
# Which founding this disk may take part in: written as the genesis record is made, and gone once this member was part of a quorum.
MAY_FOUND=$NOTES/may-found
RESTORED=$NOTES/restored
# The same, until the next boot.
RUN=/run/cdktf-etcd
# What etcd runs with.
STARTED=$RUN/started.sha256
# There from when this member hands leadership over for its restart to the end of that deploy.
HANDED_OVER=$RUN/handed-over
# Held by a backup while etcd reads its whole database for it; not there before the first one.
READING=/var/lib/etcd-backup/.reading
# There while a recovery has etcd found the cluster anew at its next start. In /run: should the machine go down, its next boot
# does not do it again.
FORCE_NEW_CLUSTER=/run/systemd/system/etcd.service.d/force-new-cluster.conf

say() { echo "$MEMBER: $*"; }
fail() {
  echo "error: $MEMBER: $*" >&2
  exit 1
}

# ctl ENDPOINTS ARGS...: etcdctl as this machine's administrator.
ctl() {
  _endpoints=$1
  shift
  etcdctl --endpoints="$_endpoints" "$@"
}

# ask AUTHORITY CERTIFICATE KEY ARGS...: a request by curl that gives up on a member that does not answer.
ask() {
  _authority=$1 _certificate=$2 _key=$3
  shift 3
  curl -sS --connect-timeout "$DIAL_SECONDS" --max-time "$((DIAL_SECONDS * 3))" \
    --cacert "$_authority" --cert "$_certificate" --key "$_key" "$@"
}

# To a client URL as this machine's administrator: for what etcdctl can't do, or not as fast.
ask_client_url() { ask "$ETCDCTL_CACERT" "$ETCDCTL_CERT" "$ETCDCTL_KEY" "$@"; }

# To a peer URL as a peer. etcd offers HTTP/2 there to whoever asks, and then speaks HTTP/1.1.
ask_peer_url() { ask /etc/etcd/pki/peer-ca.crt /etc/etcd/pki/peer.crt /etc/etcd/pki/peer.key --http1.1 "$@"; }

# dbSize, dbSizeInUse or revision of the member at URL, as a number.
database() { # database URL NAME
  ctl "$1" endpoint status -w json 2>/dev/null | sed -n "s/.*\"$2\":\"\{0,1\}\([0-9]*\).*/\1/p"
}

# A setting of etcd's that is laid down, or staged, below ROOT; the quota is in bytes.
setting_of() { sed -n "s/^$2=//p" "$1/etc/etcd/etcd.env"; } # setting_of ROOT NAME
quota_of() { setting_of "$1" ETCD_QUOTA_BACKEND_BYTES; } # quota_of ROOT

# Every member as "id name peer-url client-url learner", "-" for what is not known yet.
members() {
  _known=$(members_by "$SELF$OTHERS")
  # etcdctl asks the nearest first, which is this member: cut off, it takes as long as etcdctl waits to say that it can't tell.
  [ -n "$_known" ] || [ -z "$OTHERS" ] || _known=$(members_by "${OTHERS#,}")
  [ -z "$_known" ] || echo "$_known"
}

# The same by the word of whoever answers at these URLs.
members_by() { # members_by URLS
  ctl "$1" member list 2>/dev/null |
    awk -F', ' '{ print $1, ($3 == "" ? "-" : $3), $4, ($5 == "" ? "-" : $5), $6 }'
}

# The same where nobody may be missed: a list that can't be had is not an empty one.
all_members() {
  for _ in 1 2 3 4 5; do
    _list=$(members)
    if [ -n "$_list" ]; then
      echo "$_list"
      return 0
    fi
    sleep 1
  done
  fail "the members can't be listed just now. Bring them back to health (etcdctl endpoint health --cluster), then deploy again to carry on"
}

# Id of the leader as "members" writes it, by whichever of these members answers; 0 while there is none.
leader_id() { # leader_id URLS
  _leader=$(status "$1" | field Leader)
  printf '%x' "${_leader:-0}"
}

# The "id name peer-url client-url learner" of the member that has this machine's peer address.
own_entry() { members | awk -v url="$PEER_URL" '$3 == url'; }

# remove_member ENDPOINTS ID: prints why not, and fails, if etcd does not remove it. It refuses for as long as the leader has
# not been connected with a quorum of those that stay for 5 s: a new one, or one that has new peers, takes that long.
remove_member() {
  _last=$(($(date +%s) + 30))
  until _out=$(ctl "$1" member remove "$2" 2>&1); do
    # An answer may be lost, and what was asked be done.
    case $_out in *"member not found"*) return 0 ;; esac
    if [ "$(date +%s)" -ge "$_last" ]; then
      echo "$_out" | tail -n 1
      return 1
    fi
    sleep 1
  done
}

# The same, where nothing goes on without it.
must_remove() { # must_remove ENDPOINTS ID WHOM
  _why=$(remove_member "$1" "$2") || fail "$3 was not removed: $_why. Bring the other members back to health, then deploy again"
}

# Client URLs of those of the given members' URLs (comma-separated) that take part in a quorum: that answer a linearizable
# read. An alarm keeps nobody from that; etcdctl reads first, and then calls a member unhealthy for any alarm that is up.
healthy() {
  ctl "$1" endpoint health 2>&1 | sed -n -e 's/ is healthy.*//p' -e 's/ is unhealthy: .*Active Alarm(s).*//p'
}

# Whether one of them does.
commits() { [ -n "$(healthy "$1")" ]; }

# The peer URLs of other members that are part of a running cluster, asked over the peer port: that one answers before
# there is a quorum, and members publish their client URLs only once there is one. (The cluster's version would not do:
# what is restored from a backup has one before it runs.)
running_elsewhere() {
  for _url in $OTHER_PEER_URLS; do
    ask_peer_url "$_url/members" 2>/dev/null | grep -q '"clientURLs":\["http' && echo "$_url" &
  done
}

# Those of the machines on their way out that take part in a quorum.
running_on_leaving() { [ -z "$LEAVING" ] || healthy "${LEAVING#,}"; }

# A join that still waits in the background would go its own way beside what this step does: what it wanted is decided anew.
end_waiting_join() {
  systemctl is-enabled --quiet etcd-join.service || return 0
  systemctl disable --now --quiet etcd-join.service
  systemctl reset-failed etcd-join.service 2>/dev/null || true
}

# A recovery that was cut short may have left it; etcd would part from the others for good at its next start.
stop_forcing() {
  [ -e "$FORCE_NEW_CLUSTER" ] || return 0
  rm -f "$FORCE_NEW_CLUSTER"
  systemctl daemon-reload
}

# Notes which snapshot this member's data comes from, empty for none: check-restore and activate compare it.
note_restore() { note "$RESTORED" "$1"; } # note_restore SNAPSHOT

# note FILE TEXT: one that is cut off leaves what was there.
note() {
  install -d -m 0755 "${1%/*}"
  echo "$2" >"$1.new"
  mv -f "$1.new" "$1"
}

# Whether etcd runs with what is laid down.
running_as_laid_down() { systemctl is-active --quiet etcd && cmp -s "$STARTED" /etc/etcd/restart.sha256; }

# journal: what the process of etcd that was started last said of what went wrong. Its lines are JSON; of systemd's own ones
# the last tells how it ended.
journal() {
  _run=$(systemctl show -P InvocationID etcd)
  {
    journalctl -o cat --no-pager "_SYSTEMD_INVOCATION_ID=$_run" 2>/dev/null |
      sed -n -e 's/^{"level":"\(error\|fatal\|panic\)".*"msg":"\(.*\)"}$/\2/p' -e 's/^{"level":"warn".*"msg":"\(.*[Ff]ailed.*\)"}$/\1/p' -e '/^panic/p' |
      sed -e 's/","error":"/: /' -e 's/","stacktrace":.*//' -e 's/\\"/"/g' | tail -n 6
    journalctl -o cat --no-pager "INVOCATION_ID=$_run" 2>/dev/null | grep -i fail | tail -n 1
  } | sed 's/^/  etcd: /' >&2 || true
}

# status URL: what that member says of itself; field NAME: one value out of that. Some stand there twice.
status() { ctl "$1" endpoint status -w fields 2>/dev/null; }
field() { sed -n "/^\"$1\" : /{s///p;q;}"; }
