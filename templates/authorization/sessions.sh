# shellcheck shell=sh
# Sourced after common.sh: ends connections to etcd. etcd looks at who is there when a connection is made, and at what they may do when
# a watch or a stream begins, and never again. So whatever is open goes on after a permission was taken or a certificate revoked.

# The connections through this port, one a line, as their two ends. Those that were opened to it here, or from here to it elsewhere.
connections() { ss -tnHO state established "( sport = :$1 or dport = :$1 )" | awk '{ print $3, $4 }'; } # connections PORT

# cut_sessions PORT: ends all connections through it, so that whoever may comes back, and is looked at anew. Both ends learn at once.
cut_sessions() {
  _before=$(connections "$1")
  [ -n "$_before" ] || return 0
  # It prints what it has cut, and says nothing of what the kernel would not cut.
  ss -K -tnH state established "( sport = :$1 or dport = :$1 )" >/dev/null 2>&1 || true
  _left=$(connections "$1" | grep -cxF "$_before" || true)
  if [ "$_left" = 0 ]; then
    say "cut $(echo "$_before" | wc -l) connections to port $1"
    return 0
  fi
  say "this kernel can't cut connections (it is built without INET_DIAG_DESTROY): restarts etcd instead, which ends them, too"
  rm -f "$STARTED"
  /usr/local/lib/cdktf-etcd/restart
}
