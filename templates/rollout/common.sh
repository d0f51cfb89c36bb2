# shellcheck shell=sh disable=SC2034 # variables are for the scripts that source this one
# Sourced by the node scripts: what this machine was told of the rollout, and how it asks the cluster.
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

# All lists are separated by spaces. But earlier versions of this library had a comma before each of these URLs, and what they have
# told the machine is still there when check-change runs, and until a step has laid these scripts down and told it anew.
case $OTHERS$LEAVING in
*,*) OTHERS=$(echo "$OTHERS" | tr ',' ' ') LEAVING=$(echo "$LEAVING" | tr ',' ' ') ;;
esac

SELF=https://127.0.0.1:2379
DATA=/var/lib/etcd/member
# Root's notes about this member. They are where etcd's user can't write.
NOTES=/var/lib/cdktf-etcd-node
# Exists if this member's data has been part of a quorum.
BORN=$NOTES/born
# Which founding of the cluster ('founding' of its origin at that time) this member's data belongs to.
FOUNDED=$NOTES/founded
# Which founding this disk may take part in: written while the genesis record is made, removed once this member was part of a quorum.
MAY_FOUND=$NOTES/may-found
# Which backup this member's data comes from; empty for none.
RESTORED=$NOTES/restored
# Notes that are to be gone after a reboot.
RUN=/run/cdktf-etcd
# The hash of what the running etcd was started with.
STARTED=$RUN/started.sha256
# The same of a start that has not got ready yet.
STARTING=$RUN/starting.sha256
# Exists from when this member hands leadership over for its restart until the end of that deploy.
HANDED_OVER=$RUN/handed-over
# Locked by a backup while etcd reads its whole database for it; made by the first backup.
READING=/var/lib/etcd-backup/.reading
# Exists while a recovery has etcd found the cluster anew at its next start. It is in /run so that a machine that goes down
# meanwhile does not found once more at its next boot.
FORCE_NEW_CLUSTER=/run/systemd/system/etcd.service.d/force-new-cluster.conf

say() { echo "$MEMBER: $*"; }
fail() {
  echo "error: $MEMBER: $*" >&2
  exit 1
}

# ctl URLS ARGS...: etcdctl, as this machine's administrator, asks the members at these client URLs. It wants commas between them.
ctl() {
  _endpoints=
  for _endpoint in $1; do _endpoints=${_endpoints:+$_endpoints,}$_endpoint; done
  shift
  etcdctl --endpoints="$_endpoints" "$@"
}

# ask AUTHORITY CERTIFICATE KEY ARGS...: curl, with a limit on how long it waits for an answer.
ask() {
  _authority=$1 _certificate=$2 _key=$3
  shift 3
  curl -sS --connect-timeout "$DIAL_SECONDS" --max-time "$((DIAL_SECONDS * 3))" \
    --cacert "$_authority" --cert "$_certificate" --key "$_key" "$@"
}

# curl to a client URL, as this machine's administrator: for what etcdctl can't do, or takes too long for.
ask_client_url() { ask "$ETCDCTL_CACERT" "$ETCDCTL_CERT" "$ETCDCTL_KEY" "$@"; }

# curl to a peer URL, as a peer. etcd agrees to HTTP/2 there, but then speaks HTTP/1.1.
ask_peer_url() { ask /etc/etcd/pki/peer-ca.crt /etc/etcd/pki/peer.crt /etc/etcd/pki/peer.key --http1.1 "$@"; }

# One number of the member at URL: dbSize or dbSizeInUse, in bytes, or revision.
database() { # database URL NAME
  ctl "$1" endpoint status -w json 2>/dev/null | sed -n "s/.*\"$2\":\"\{0,1\}\([0-9]*\).*/\1/p"
}

# A setting of etcd's, as it is laid down (ROOT is empty) or staged (ROOT is the stage). The quota is in bytes.
setting_of() { sed -n "s/^$2=//p" "$1/etc/etcd/etcd.env"; } # setting_of ROOT NAME
quota_of() { setting_of "$1" ETCD_QUOTA_BACKEND_BYTES; } # quota_of ROOT

# healthy URLS: those of these client URLs whose members take part in a quorum, which is to say that they answer a linearizable
# read. etcdctl also calls a member unhealthy that has answered, while an alarm is up: it counts as healthy here.
healthy() {
  ctl "$1" endpoint health 2>&1 | sed -n -e 's/ is healthy.*//p' -e 's/ is unhealthy: .*Active Alarm(s).*//p'
}

# Whether a member at one of these client URLs takes part in a quorum, and so can commit writes.
commits() { [ -n "$(healthy "$1")" ]; } # commits URLS

# The peer URLs of other members that are part of a running cluster. Their peer ports answer even without a quorum, and list
# client URLs only if there has been a quorum. (The cluster's version would not do: a restored backup has one from the start.)
running_elsewhere() {
  for _url in $OTHER_PEER_URLS; do
    ask_peer_url "$_url/members" 2>/dev/null | grep -q '"clientURLs":\["http' && echo "$_url" &
  done
}

# The client URLs of machines on their way out that take part in a quorum.
running_on_leaving() { [ -z "$LEAVING" ] || healthy "$LEAVING"; }

# Ends a join that waits in the background: it must not work beside this step, which decides anew whether to join.
end_waiting_join() {
  systemctl is-enabled --quiet etcd-join.service || return 0
  systemctl disable --now --quiet etcd-join.service
  systemctl reset-failed etcd-join.service 2>/dev/null || true
}

# Removes what a recovery that was cut off may have left: with it, etcd would leave the others for good at its next start.
stop_forcing() {
  [ -e "$FORCE_NEW_CLUSTER" ] || return 0
  rm -f "$FORCE_NEW_CLUSTER"
  systemctl daemon-reload
}

# Notes which backup this member's data comes from, empty for none: check-restore and activate compare it.
note_restore() { note "$RESTORED" "$1"; } # note_restore SNAPSHOT

# note FILE TEXT: writes a note. If it is cut off, the earlier note stays.
note() {
  install -d -m 0755 "${1%/*}"
  echo "$2" >"$1.new"
  mv -f "$1.new" "$1"
}

# Whether etcd runs, and was started with what is laid down now.
running_as_laid_down() { systemctl is-active --quiet etcd && cmp -s "$STARTED" /etc/etcd/restart.sha256; }

# What etcd complains of in its journal, of the entries that match, without its JSON.
complaints() { # complaints JOURNALCTL_ARGS...
  journalctl -o cat --no-pager "$@" 2>/dev/null |
    sed -n -e 's/^{"level":"\(error\|fatal\|panic\)".*"msg":"\(.*\)"}$/\2/p' -e 's/^{"level":"warn".*"msg":"\(.*[Ff]ailed.*\)"}$/\1/p' -e '/^panic/p' |
    sed -e 's/","error":"/: /' -e 's/","stacktrace":.*//' -e 's/\\"/"/g' | tail -n 6
}

# Prints, to standard error, what the last start of etcd said of what went wrong: errors and failed attempts out of its own
# lines, which are JSON, and the last failure out of systemd's.
journal() {
  _run=$(systemctl show -P InvocationID etcd)
  _words=$(complaints "_SYSTEMD_INVOCATION_ID=$_run")
  # systemd may have started it once more by now, and that one may not have said anything yet.
  [ -n "$_words" ] || _words=$(complaints --unit=etcd --since=-30s)
  {
    [ -z "$_words" ] || echo "$_words"
    journalctl -o cat --no-pager "INVOCATION_ID=$_run" 2>/dev/null | grep -i fail | tail -n 1
  } | sed 's/^/  etcd: /' >&2 || true
}

# status URL: what the member there says of itself. field NAME: reads that, and prints one value of it. Some are in it twice.
status() { ctl "$1" endpoint status -w fields 2>/dev/null; }
field() { sed -n "/^\"$1\" : /{s///p;q;}"; }

# leader_id URLS: the id of the leader, as lists of members have it, by whoever answers at these client URLs; 0 if there is none.
leader_id() {
  _leader=$(status "$1" | field Leader)
  printf '%x' "${_leader:-0}"
}
