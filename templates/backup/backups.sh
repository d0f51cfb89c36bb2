# shellcheck shell=sh disable=SC2034 # variables are for the scripts that source this one
# Sourced after common.sh: backups on this disk and in the storage, and whether one is whole.
# shellcheck source=/dev/null
. /etc/etcd/upkeep.env
# shellcheck source=/dev/null
. /etc/etcd/backup.env
BACKUPS=/var/lib/etcd-backup
# What "listed" says of a folder in the storage that is another cluster's.
FOREIGN="the folder there is another cluster's, by its object"

# Where the storage's keys and the passphrase are: systemd hands them to units (LoadCredential), and root's shell reads the files.
SECRETS=${CREDENTIALS_DIRECTORY:-/etc/etcd}
[ -e "$SECRETS/rclone.conf" ] || SECRETS=/etc/etcd

# storage ARGS...: rclone with the configured storage, "backup:". It encrypts contents, but not names. It gets the passphrase by its
# environment, which only root can read: any user can read arguments.
storage() { storage_by "$SECRETS/backup.passphrase" "$@"; }
storage_by() { # storage_by PASSPHRASE_FILE ARGS...
  _obscured=$(rclone obscure - <"$1") || return 1
  shift
  RCLONE_CONFIG_BACKUP_PASSWORD=$_obscured rclone --config "$SECRETS/rclone.conf" \
    --log-level ERROR --contimeout 15s --timeout 60s --retries 2 --low-level-retries 3 "$@"
}

# What rclone or etcdctl said last, without the time, and without the status codes of the storage.
last_words() { # last_words LOG
  grep -v '^[[:space:]]*status code:' "$1" | tail -n 1 | sed 's#^[0-9]*/[0-9/]* [0-9:]* ##'
}

# Reads lines of "name bytes", and prints those of this cluster's backups (<cluster>-<UTC time>-<revision>.db), the oldest first. Not
# those with a time in the future, by a clock that was fast: until then they would pass for the newest.
own_backups() {
  sed -n "/^$CLUSTER-[0-9]\{8\}T[0-9]\{6\}Z-[0-9]\{1,\}\.db /p" | sort |
    awk -v latest="$CLUSTER-$(date -u -d '10 minutes' +%Y%m%dT%H%M%SZ)" '$1 <= latest "~"'
}

kept_here() { find "$BACKUPS" -maxdepth 1 -type f -printf '%f %s\n' 2>/dev/null | own_backups; }

# What tells this cluster from another one of its name: etcd's id of it, which a restore changes, and a hash of each authority of its
# peers, which a rotation changes. Never all of them change at once. There are hyphens between them.
identity() {
  {
    status "$SELF" | field ClusterID
    awk '/BEGIN/ { pem = "" } { pem = pem $0 } /END/ { print pem | "sha256sum"; close("sha256sum") }' /etc/etcd/pki/peer-ca.crt |
      cut -c 1-16
  } | paste -sd- -
}

# The objects in the storage as "name bytes". Fails if its folder is another cluster's, by its newest object owner-<UTC time>-<identity>,
# which the first backup makes: two clusters in one folder would take each other's backups for their own.
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
# The newest of these objects that tells whose the folder is.
owner_of() { printf '%s\n' "$1" | sed -n 's/^\(owner-[^ ]*\) .*/\1/p' | sort | tail -n 1; } # owner_of OBJECTS

# This cluster's backups in the storage. If they can't be listed, says why on standard error, and fails.
stored() {
  _listed=$(listed) || return 1
  printf '%s\n' "$_listed" | own_backups
}

# The cluster's backups as far as this member knows: those in the storage if there is one, or else those on its disk.
known_backups() { if [ "$STORED" = yes ]; then stored; else kept_here; fi; }

# The time in a backup's name, as seconds since 1970, and the revision in it.
taken_at() {
  _stamp=${1%-*}
  _stamp=${_stamp##*-}
  date -u -d "$(echo "$_stamp" | sed 's/^\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z$/\1-\2-\3 \4:\5:\6/')" +%s
}
revision_of() {
  _revision=${1##*-}
  echo "${_revision%.db}"
}

# Prints the revision of a snapshot that is whole; otherwise prints what is wrong with it, and fails. etcdutl reads every page, but
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
