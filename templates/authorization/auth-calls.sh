# shellcheck shell=sh disable=SC2034 # names are for the scripts that source this one
# Sourced after common.sh: many calls of etcd's Auth service at once, by one curl. etcdctl takes longer to start than a call takes, and
# each call, even one that reads, is a proposal: one after the other, those of 200 users would take minutes.
#
# Names and keys are in hexadecimal, upper case, "-" for an empty one: they may hold any octet. A permission's key and range end are
# etcd's: no end means the one key, 00 for both all keys.

# etcd's administrator, as user and as role: the certificate that every machine has for its own etcdctl.
ROOT=726F6F74
# Roles of ours begin with cdktf-etcd/, and a user of ours holds the role cdktf-etcd/client/<its name>: nothing has to be remembered.
OURS=63646B74662D657463642F
CLIENT_ROLE=${OURS}636C69656E742F
# A role cdktf-etcd/cut/<any name> says that something was taken away, and sessions have to end. Nobody holds it.
CUT_ROLE=${OURS}6375742F

# encode: reads calls, one a line, and prints "METHOD MESSAGE": the message as protobuf, framed for gRPC, in octal escapes of printf's.
#   UserAdd USER | UserDelete USER | UserGet USER | UserList | UserGrantRole USER ROLE | UserRevokeRole USER ROLE
#   RoleAdd ROLE | RoleDelete ROLE | RoleGet ROLE | RoleList | RoleGrantPermission ROLE TYPE KEY END
#   RoleRevokePermission ROLE KEY END | AuthEnable | AuthDisable | AuthStatus
encode() {
  awk '
    function varint(n,   s) { s = ""; while (n > 127) { s = s sprintf("%02X", n % 128 + 128); n = int(n / 128) } return s sprintf("%02X", n) }
    # A field of octets: its tag, its length and its content; nothing if it is empty, as protobuf 3 has it.
    function octets(tag, hex) { return hex == "-" || hex == "" ? "" : varint(tag * 8 + 2) varint(length(hex) / 2) hex }
    function number(tag, n) { return n == 0 ? "" : varint(tag * 8) varint(n) }
    function escaped(hex,   s, i) { s = ""; for (i = 1; i < length(hex); i += 2) s = s OCTAL[substr(hex, i, 2)]; return s }
    BEGIN {
      for (i = 0; i < 256; i++) OCTAL[sprintf("%02X", i)] = sprintf("\\0%03o", i)
      type["read"] = 0; type["write"] = 1; type["readwrite"] = 2
    }
    {
      message = ""
      if ($1 == "RoleGrantPermission") message = octets(1, $2) octets(2, number(1, type[$3]) octets(2, $4) octets(3, $5))
      else if ($1 == "RoleRevokePermission") message = octets(1, $2) octets(2, $3) octets(3, $4)
      # Users have no passwords: a certificate is what they sign in with.
      else if ($1 == "UserAdd") message = octets(1, $2) octets(3, number(1, 1))
      else for (i = 2; i <= NF; i++) message = message octets(i - 1, $i)
      print $1, escaped(sprintf("00%08X%s", length(message) / 2, message))
    }'
}

# decode CALLS: reads the bodies of the answers to these calls, one after the other, as od prints octets in decimal. Prints what they say,
# one a line:
#   user USER | role ROLE | grant USER ROLE | permission ROLE TYPE KEY END | enabled yes|no | revision N
decode() {
  awk '
    function varint(   n, unit) { n = 0; unit = 1; while (OCTET[at] > 127) { n += (OCTET[at++] - 128) * unit; unit *= 128 } return n + OCTET[at++] * unit }
    function hexadecimal(count,   s) { s = ""; while (count-- > 0) s = s HEX[OCTET[at++]]; return s == "" ? "-" : s }
    # The next field: its number in tag, how it is written in wire, and in size its value or, for octets, their count.
    function field() { tag = varint(); wire = tag % 8; tag = int(tag / 8); size = varint() }
    function permission(until,   kind, key, end) {
      kind = 0; key = "-"; end = "-"
      while (at < until) { field(); if (tag == 1) kind = size; else if (tag == 2) key = hexadecimal(size); else end = hexadecimal(size) }
      return TYPE[kind] " " key " " end
    }
    function answer(method, whom, until,   on, revision) {
      on = "no"; revision = 0
      while (at < until) {
        field()
        if (wire == 0) { if (tag == 2) on = size ? "yes" : "no"; else revision = size }
        else if (tag == 2 && method == "UserList") print "user", hexadecimal(size)
        else if (tag == 2 && method == "RoleList") print "role", hexadecimal(size)
        else if (tag == 2 && method == "UserGet") print "grant", whom, hexadecimal(size)
        else if (tag == 2 && method == "RoleGet") print "permission", whom, permission(at + size)
        else at += size
      }
      if (method == "AuthStatus") { print "enabled", on; print "revision", revision }
    }
    BEGIN {
      for (i = 0; i < 256; i++) HEX[i] = sprintf("%02X", i)
      TYPE[0] = "read"; TYPE[1] = "write"; TYPE[2] = "readwrite"
    }
    FNR == NR { call[++calls] = $1; whom[calls] = $2; next }
    { for (i = 1; i <= NF; i++) OCTET[count++] = $i }
    END {
      for (i = 1; i <= calls; i++) {
        # A zero (not compressed), and the length of the message in four octets.
        size = ((OCTET[at + 1] * 256 + OCTET[at + 2]) * 256 + OCTET[at + 3]) * 256 + OCTET[at + 4]
        at += 5
        answer(call[i], whom[i], at + size)
      }
    }' "$1" -
}

# auth_calls URL: makes the calls that it reads, all at once, as this machine's administrator, and prints what the answers say. If
# one fails, says which and why, and fails once all have been answered.
auth_calls() {
  _url=$1 _calls=$(mktemp -d "$RUN/auth.XXXXXX") _number=0
  cat >"$_calls/calls"
  [ -s "$_calls/calls" ] || { rm -r "$_calls" && return; }
  encode <"$_calls/calls" >"$_calls/messages"
  # No program is started per call: with thousands of them, that would take longer than the calls.
  while read -r _method _message; do
    _number=$((_number + 1))
    printf %b "$_message" >"$_calls/$_number.request"
    [ "$_number" = 1 ] || echo next
    printf '%s = "%s"\n' url "$_url/etcdserverpb.Auth/$_method" data-binary "@$_calls/$_number.request" \
      output "$_calls/$_number.body" dump-header "$_calls/$_number.head" header "content-type: application/grpc" header "te: trailers" \
      cacert "$ETCDCTL_CACERT" cert "$ETCDCTL_CERT" key "$ETCDCTL_KEY" connect-timeout "$DIAL_SECONDS" max-time 60
    printf '%s\n' http2 silent show-error
  done <"$_calls/messages" >"$_calls/curl"
  curl --parallel --parallel-max 50 --config "$_calls/curl" 2>"$_calls/errors" || true
  # HTTP's own status does not tell whether a call succeeded; the trailers do.
  seq "$_number" | sed "s|.*|$_calls/&.head|" | xargs grep -ls '^grpc-status: 0.\{0,1\}$' | sed 's|.*/\(.*\).head|\1|' >"$_calls/succeeded"
  awk 'FNR == NR { did[$1] = 1; next } FNR in did' "$_calls/succeeded" "$_calls/calls" >"$_calls/answered"
  sed "s|.*|$_calls/&.body|" "$_calls/succeeded" | xargs cat | od -An -v -tu1 | decode "$_calls/answered"
  _status=0
  if [ "$(wc -l <"$_calls/succeeded")" -lt "$_number" ]; then
    _status=1
    awk 'FNR == NR { did[$1] = 1; next } !(FNR in did) { print FNR, $0 }' "$_calls/succeeded" "$_calls/calls" | while read -r _number _call; do
      _why=$(tr -d '\r' 2>/dev/null <"$_calls/$_number.head" | sed -n 's/^grpc-message: //p')
      echo "$_call: ${_why:-no answer: $(tail -n 1 "$_calls/errors")}"
    done | head -n 5 >&2
  fi
  rm -r "$_calls"
  return $_status
}
