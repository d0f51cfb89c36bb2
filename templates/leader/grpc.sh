# shellcheck shell=sh
# Sourced after common.sh: calls of etcd over gRPC, by curl, in one connection and one request. etcdctl would first ask who leads, and
# etcd's JSON gateway may be off. Messages hold zero bytes, which a variable can't, so they are octal escapes of printf's until
# they are sent.

# An unsigned number of 64 bits as a protobuf varint of ten bytes. Shells count to 2^63, so it is taken apart into two halves.
varint() { # varint DECIMAL
  _hex=$(printf '%016x' "$1")
  _high=$((0x${_hex%????????})) _low=$((0x${_hex#????????})) _octets=
  for _ in 1 2 3 4 5 6 7 8 9; do
    _octet=$((_low & 127 | 128))
    _octets="$_octets\\0$((_octet >> 6))$((_octet >> 3 & 7))$((_octet & 7))"
    _low=$((_low >> 7 | (_high & 127) << 25)) _high=$((_high >> 7))
  done
  printf '%s\\0%03o' "$_octets" "$_low"
}

# A message of up to 127 bytes as gRPC sends it: a zero (not compressed), its length in four bytes, and the message.
grpc_frame() { # grpc_frame MESSAGE
  printf '\\0000\\0000\\0000\\0000\\0%03o%s' "$(printf '%b' "$1" | wc -c)" "$1"
}

# grpc_call URL METHOD FRAME [CURL'S OPTIONS...]: one call, as this machine's administrator. If it fails, says why.
grpc_call() {
  _target=$1/$2 _frame=$3
  shift 3
  _answer=$(printf '%b' "$_frame" |
    ask_client_url -f --http2 -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- -D - -o /dev/null "$@" "$_target" |
    tr -d '\r')
  # HTTP's own status does not tell whether the call succeeded; the trailers do.
  printf '%s\n' "$_answer" | grep -qxF 'grpc-status: 0' && return 0
  printf '%s\n' "$_answer" | sed -n 's/^grpc-message: //p' >&2
  return 1
}
