#!/bin/sh
# get-packages SECONDS PACKAGE...: installs packages by apt. Whoever else is at it (unattended-upgrades, somebody who is logged in) is
# waited for, up to that many seconds in all: apt itself waits for one of its locks only, and fails at once for the others.
set -eu
# Packages' own scripts make files for everybody.
umask 022
limit=$1
shift
log=/var/log/cdktf-etcd-apt.log
# Its words are read here.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
deadline=$(($(date +%s) + limit))

# What another program holds, and who, if that is why apt has failed.
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
