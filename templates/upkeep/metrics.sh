#!/bin/sh
# Writes what etcd's own metrics do not tell, for the textfile collector of Prometheus' node_exporter.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=backups.sh
. /usr/local/lib/cdktf-etcd/backups.sh

# Where Debian's prometheus-node-exporter reads such files.
DIRECTORY=/var/lib/prometheus/node-exporter
FILE=$DIRECTORY/cdktf-etcd.prom
new=$(mktemp -u "$DIRECTORY/.cdktf-etcd.XXXXXX")
trap 'rm -f "$new"' EXIT

describe() { printf '# HELP cdktf_etcd_%s %s\n# TYPE cdktf_etcd_%s gauge\n' "$1" "$2" "$1"; }
sample() { # sample NAME VALUE [MORE LABELS]
  printf 'cdktf_etcd_%s{cluster="%s",member="%s"%s} %s\n' "$1" "$CLUSTER" "$MEMBER" "${3:+,$3}" "$2"
}

# When the first of a file's certificates ends: a file may hold several authorities.
expiry() { # expiry FILE
  openssl storeutl -noout -text -certs "$1" | sed -n 's/^ *Not After *: //p' | while read -r end; do date -d "$end" +%s; done |
    sort -n | head -n 1
}

certificates() {
  describe certificate_expiry_timestamp_seconds "When a certificate on this machine ends."
  for _file in pki/server pki/peer admin/admin pki/client-ca pki/peer-ca; do
    sample certificate_expiry_timestamp_seconds "$(expiry "/etc/etcd/$_file.crt")" "certificate=\"${_file#*/}\""
  done
}

backups() {
  describe backup_timestamp_seconds "When the newest backup was taken, 0 if none is known; as the storage lists it, or this machine's disk without one."
  describe backup_size_bytes "Size of the newest backup."
  describe backup_revision "etcd's revision in the newest backup."
  if _known=$(known_backups 2>/dev/null); then
    _newest=$(echo "$_known" | tail -n 1)
    _name=${_newest% *}
    if [ -z "$_name" ]; then
      sample backup_timestamp_seconds 0
    else
      sample backup_timestamp_seconds "$(taken_at "$_name")"
      sample backup_size_bytes "${_newest##* }"
      sample backup_revision "$(revision_of "$_name")"
    fi
  else
    # The storage does not answer: what was known last stays, so that its age goes on.
    grep '^cdktf_etcd_backup_' "$FILE" 2>/dev/null || sample backup_timestamp_seconds 0
  fi
}

alarms() {
  _alarms=$(ctl "$SELF" alarm list 2>/dev/null) || return 0
  describe alarms "Alarms that are up."
  for _alarm in NOSPACE CORRUPT; do
    sample alarms "$(echo "$_alarms" | grep -c "alarm:$_alarm" || true)" "alarm=\"$_alarm\""
  done
}

defragmentations() {
  describe defragmentation_timestamp_seconds "When this machine last had a member defragmented."
  for _file in /var/lib/etcd-upkeep/*; do
    [ ! -e "$_file" ] || sample defragmentation_timestamp_seconds "$(cat "$_file")" "defragmented=\"${_file##*/}\""
  done
}

# Tells of a machine that a deploy has left half-way, killed or refused elsewhere, if nobody deploys again.
rollout() {
  describe rollout_unfinished "Whether this machine waits for what a deploy has brought to be put into service."
  if [ -e /etc/etcd/staged ] || { systemctl is-active --quiet etcd && ! running_as_laid_down; }; then
    sample rollout_unfinished 1
  else
    sample rollout_unfinished 0
  fi
}

# The directory is not root's but the collector's: set -C makes a new file, and never writes through a link that lies there.
umask 022
set -C
{
  rollout
  certificates
  backups
  alarms
  defragmentations
} >"$new"
mv -fT "$new" "$FILE"
