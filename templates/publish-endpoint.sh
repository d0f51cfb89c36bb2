#!/bin/sh
# ExecStartPost of etcd.service: tells other units and containers of this host how to reach etcd.
set -eu
umask 022
tmp=$(mktemp /run/etcd/.endpoint.XXXXXX)
cat /etc/etcd/endpoints.env >"$tmp"
chmod 0644 "$tmp"
mv -f "$tmp" /run/etcd/endpoint.env
# etcd reports ready only with a quorum, so from here on this member's data counts.
[ -e /var/lib/cdktf-etcd/born ] || : >/var/lib/cdktf-etcd/born
# What this process was started with: activate compares it with what is installed.
cat /etc/etcd/restart.sha256 >/run/etcd/started.sha256
chmod 0644 /run/etcd/started.sha256
