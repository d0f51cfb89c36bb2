#!/bin/sh
# close-metadata: leaves the machine's metadata service to root and to the users METADATA_READERS; all others on this machine are told
# that it is prohibited. Where METADATA is "open", everybody reaches it.
#
# Why: it serves the machine's user data to whoever asks, and that holds the SSH host key.
# How: by rules of the routing, which take no package. They are of "protocol kernel", as networkd removes everybody else's when it starts.
# When: at each boot, before any other service and any login, and with each deploy. It changes only what is not as it should be.
set -eu
service=169.254.169.254
# Before the rules of etcd's streams, and those of VPNs.
pref=169

wanted=$(
  [ "$METADATA" = closed ] || exit 0
  for user in $METADATA_READERS; do
    # Not every machine has every one of them.
    ! id=$(id -u "$user" 2>/dev/null) || echo "to $service uidrange $id-$id lookup main"
  done
  echo "to $service uidrange 1-4294967294 prohibit"
)
present=$(ip -4 rule show pref "$pref" | sed -e 's/^[0-9]*:[[:space:]]*from all //' -e 's/[[:space:]]*$//')
[ "$present" != "$wanted" ] || exit 0

while ip -4 rule del pref "$pref" 2>/dev/null; do :; done
echo "$wanted" | while read -r rule; do
  # shellcheck disable=SC2086
  [ -z "$rule" ] || ip -4 rule add pref "$pref" protocol kernel $rule
done
