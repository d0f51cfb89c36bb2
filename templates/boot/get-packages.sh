#!/bin/sh
# get-packages SECONDS PACKAGE...: installs packages by apt. If another program (unattended-upgrades, somebody who is logged in) holds
# apt's locks, it waits for up to that many seconds: apt itself waits for one of its locks, and fails at once for the others.
set -eu
# Scripts of packages make files that every user must be able to read.
umask 022
limit=$1
shift
log=/var/log/cdktf-etcd-apt.log
# apt's messages are read below, in English.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
deadline=$(($(date +%s) + limit))

# Which lock another program holds, and which program, if apt has failed for that.
held() {
  sed -n -e 's/^E: \(Could not get lock .*\)/\1/p' -e 's/^dpkg: error: \(.* lock was locked by another process.*\)/\1/p' "$log" | head -n 1
}

patiently() { # patiently APT_GET_ARGS...
  waited=
  until apt-get -q "$@" >"$log" 2>&1; do
    held=$(held)
    if [ -z "$held" ]; then
      tail -n 5 "$log" >&2
      echo "error: apt can't install $packages. Where it reaches no archive, let it (outbound 53, 80 and 443); all it said is in $log" >&2
      exit 1
    fi
    if [ "$(date +%s)" -ge "$deadline" ]; then
      echo "error: $packages could not be installed within $limit s, as another program is installing packages there. $held. Let it end, or end it" >&2
      exit 1
    fi
    [ -n "$waited" ] || echo "waiting for another program that is installing packages. $held"
    waited=yes
    sleep 2
  done
}

packages=$*
patiently update
patiently -y install "$@"
