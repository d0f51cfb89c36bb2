#!/bin/sh
# ExecStartPost of etcd.service. etcd reports ready only with a quorum, so from here on this member's data counts.
set -eu
umask 022
[ -e /var/lib/cdktf-etcd/born ] || : >/var/lib/cdktf-etcd/born
# What this process was started with: activate compares it with what is installed.
cat /etc/etcd/restart.sha256 >/run/etcd/started.sha256
chmod 0644 /run/etcd/started.sha256
