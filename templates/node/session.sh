# shellcheck shell=sh
# Every step goes on with this: one at a time on a machine, and none that outlives its connection. A deploy that was killed
# would otherwise work on beside the next one.
exec 9>/run/cdktf-etcd.lock
if ! flock -n 9; then
  echo "waiting for an earlier step to end on this machine"
  flock -w 60 9 || {
    echo "error: another deploy is at work on this machine; let it end, then deploy again" >&2
    exit 1
  }
fi
session=$$
until [ "$session" -le 1 ] || grep -q '^sshd' "/proc/$session/comm"; do
  session=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$session/status")
done
watcher=
if [ "$session" -gt 1 ]; then
  (
    while kill -0 "$session"; do sleep 1; done
    kill -TERM 0
  ) >/dev/null 2>&1 </dev/null 9>&- &
  watcher=$!
fi
end_session() { [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true; }
trap end_session EXIT
trap 'exit 143' TERM
