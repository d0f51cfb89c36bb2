# shellcheck shell=sh
# Sourced: lists of revoked certificates. They are laid down as text, in /etc/etcd/revoked/clients and peers, one certificate a line:
#   serial NUMBER        in hexadecimal, upper case
#   certificate BASE64   of its PEM
# etcd reads clients.crl and peers.crl beside them, anew for each connection, and goes by the serial numbers alone: neither signature
# nor dates count. If it can't read the file, or it is no DER, it refuses everybody.

LISTS=/etc/etcd/revoked

# The serial number that openssl prints, as all of them are written here.
plain_serials() { sed -e 's/^serial=//' -e 's/^0*//'; }

# revoked_serials FILE: the serial numbers of a list that is laid down as text, one a line. Fails if a certificate on it is none.
revoked_serials() {
  _serials=$(while read -r _kind _value; do
    case $_kind in
    serial) echo "$_value" ;;
    certificate) echo "$_value" | base64 -d | openssl x509 -noout -serial 2>/dev/null || exit 1 ;;
    esac
  done <"$1") || return 1
  echo "$_serials" | plain_serials | sed '/^$/d' | sort -u
}

# certificate_serials FILE: the serial number of each certificate in a PEM file, one a line.
certificate_serials() {
  _parts=$(mktemp -d)
  awk -v parts="$_parts" '/-----BEGIN CERTIFICATE-----/ { part = parts "/" ++count } part != "" { print >part }' "$1"
  find "$_parts" -type f -exec openssl x509 -noout -serial -in {} \; | plain_serials
  rm -r "$_parts"
}

# own_revoked ROOT LIST SERIALS: the files below ROOT with certificates that this member can't do without at that port, and that are
# among these serial numbers. Authorities count as well: whoever shows a chain shows theirs.
own_revoked() {
  case $2 in
  clients) set -- "$1" "$3" pki/server.crt pki/client-ca.crt admin/admin.crt ;;
  peers) set -- "$1" "$3" pki/peer.crt pki/peer-ca.crt ;;
  esac
  _root=$1 _revoked=$2
  shift 2
  for _file; do
    ! certificate_serials "$_root/etc/etcd/$_file" | grep -qxF "${_revoked:--}" || echo "/etc/etcd/$_file"
  done
}

# put_list LIST SERIALS: has etcd refuse the certificates of these serial numbers from now on. There is a list at every moment: a new one
# takes the place of the old one by its name. It needs no key, as nobody looks at the signature, and so it depends on nothing but
# the numbers.
put_list() {
  install -d -m 0755 "$LISTS"
  rm -f "$LISTS/.$1."* # of one that was cut off
  _new=$(mktemp "$LISTS/.$1.XXXXXX")
  echo "$2" | awk '
    /./ { number[++count] = $1 }
    END {
      print "asn1 = SEQUENCE:list\n[list]\ncontent = SEQUENCE:content\nalgorithm = SEQUENCE:algorithm\nsignature = FORMAT:HEX,BITSTRING:00"
      print "[algorithm]\nname = OID:ecdsa-with-SHA256"
      print "[content]\nversion = INTEGER:1\nalgorithm = SEQUENCE:algorithm\nissuer = SEQUENCE:nobody\nmade = UTCTIME:200101000000Z"
      # An empty list has no such part.
      if (count > 0) print "revoked = SEQUENCE:revoked"
      print "[nobody]\n[revoked]"
      for (i = 1; i <= count; i++) print i " = SEQUENCE:revoked-" i
      for (i = 1; i <= count; i++) print "[revoked-" i "]\nserial = INTEGER:0x" number[i] "\nwhen = UTCTIME:200101000000Z"
    }' >"$_new.cnf"
  openssl asn1parse -genconf "$_new.cnf" -noout -out "$_new" && is_list "$_new" || return 1
  rm "$_new.cnf"
  chmod 0644 "$_new"
  mv -f "$_new" "$LISTS/$1.crl"
}

# refused_by FILE: the serial numbers on a list as etcd reads it, one a line; none if it can't be read.
refused_by() { openssl crl -inform DER -in "$1" -noout -text 2>/dev/null | sed -n 's/^ *Serial Number: //p' | plain_serials | sort -u; }

# Whether etcd could read it.
is_list() { openssl crl -inform DER -in "$1" -noout 2>/dev/null; } # is_list FILE
