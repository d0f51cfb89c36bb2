# shellcheck shell=sh disable=SC2034 # variables are for the scripts that source this one
# Sourced after common.sh: backups on this disk and in the storage, and whether one is whole.
# shellcheck source=/dev/null
. /etc/etcd/upkeep.env
# shellcheck source=/dev/null
. /etc/etcd/backup.env
BACKUPS=/var/lib/etcd-backup
# What is said of a folder in the storage that is not this cluster's.
FOREIGN="the folder there is another cluster's, by its object"

# Where the storage's keys and the passphrase are: units are handed them by systemd (LoadCredential), root's own shell is not.
SECRETS=${CREDENTIALS_DIRECTORY:-/etc/etcd}
[ -e "$SECRETS/rclone.conf" ] || SECRETS=/etc/etcd

# rclone on the configured storage, "backup:": contents are encrypted here, names are not. The passphrase is in its environment, which
# root alone may read; arguments are anybody's to read.
storage() {
  RCLONE_CONFIG_BACKUP_PASSWORD=$(rclone obscure - <"$SECRETS/backup.passphrase") rclone --config "$SECRETS/rclone.conf" \
    --log-level ERROR --contimeout 15s --timeout 60s --retries 2 --low-level-retries 3 "$@"
}

# What rclone or etcdctl said last, without the time and what only the storage's owner can look up.
last_words() { # last_words LOG
  grep -v '^[[:space:]]*status code:' "$1" | tail -n 1 | sed 's#^[0-9]*/[0-9/]* [0-9:]* ##'
}

# This cluster's backups among lines of "name bytes", oldest first: <cluster>-<UTC time>-<revision>.db. Not those of a clock that
# was ahead: until their time comes they would pass for the newest.
own_backups() {
  sed -n "/^$CLUSTER-[0-9]\{8\}T[0-9]\{6\}Z-[0-9]\{1,\}\.db /p" | sort |
    awk -v latest="$CLUSTER-$(date -u -d '10 minutes' +%Y%m%dT%H%M%SZ)" '$1 <= latest "~"'
}

kept_here() { find "$BACKUPS" -maxdepth 1 -type f -printf '%f %s\n' 2>/dev/null | own_backups; }

# What tells this cluster from another one of its name, with hyphens between: etcd's id of it, which a restore changes, and the
# authorities of its peers, which a rotation changes. One of them always stays.
identity() {
  {
    status "$SELF" | field ClusterID
    awk '/BEGIN/ { pem = "" } { pem = pem $0 } /END/ { print pem | "sha256sum"; close("sha256sum") }' /etc/etcd/pki/peer-ca.crt |
      cut -c 1-16
  } | paste -sd- -
}

# Lists the storage as "name bytes", if its folder is this cluster's: by its newest object owner-<UTC time>-<identity>, which the
# first backup makes. The backups of two in one folder would pass for each other's.
listed() {
  _list=$(storage lsf --files-only --format ps --separator ' ' backup:) || return 1
  _owner=$(owner_of "$_list")
  _ours=${_owner:+no}
  for _part in $(identity | tr - ' '); do
    case $_owner- in *"-$_part-"*) _ours= ;; esac
  done
  if [ -n "$_ours" ]; then
    echo "$FOREIGN $_owner.bin" >&2
    return 1
  fi
  printf '%s\n' "$_list"
}
owner_of() { printf '%s\n' "$1" | sed -n 's/^\(owner-[^ ]*\) .*/\1/p' | sort | tail -n 1; }

# This cluster's backups in the storage; fails, with rclone's words or ours on standard error, if they can't be listed.
stored() {
  _listed=$(listed) || return 1
  printf '%s\n' "$_listed" | own_backups
}

# All that are known from here: those in the storage if there is one.
known_backups() { if [ "$STORED" = yes ]; then stored; else kept_here; fi; }

# The time and the revision in a backup's name.
taken_at() {
  _stamp=${1%-*}
  _stamp=${_stamp##*-}
  date -u -d "$(echo "$_stamp" | sed 's/^\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z$/\1-\2-\3 \4:\5:\6/')" +%s
}
revision_of() {
  _revision=${1##*-}
  echo "${_revision%.db}"
}

# Prints the revision of a whole snapshot; of another one what is wrong with it, and fails. etcdutl reads every page, but
# only the SHA-256 that etcd appends covers every byte.
verified() { # verified FILE
  if [ "$(head -c -32 "$1" | sha256sum | cut -d' ' -f1)" != "$(tail -c 32 "$1" | od -An -v -tx1 | tr -d ' \n')" ]; then
    echo "its contents do not have the SHA-256 that etcd appended"
    return 1
  fi
  _status=$(etcdutl snapshot status "$1" -w json 2>&1) || {
    echo "$_status" | tail -n 1
    return 1
  }
  echo "$_status" | sed -n 's/.*"revision":\([0-9]*\).*/\1/p'
}
