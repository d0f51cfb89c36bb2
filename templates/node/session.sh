# shellcheck shell=sh
# Part of every step: only one step at a time works on a machine, and none outlives its SSH connection. Otherwise the step of a deploy
# that was killed would work on beside the next deploy.
exec 9>/run/cdktf-etcd.lock
if ! flock -n 9; then
  echo "waiting for an earlier step to end on this machine"
  flock -w 60 9 || {
    echo "error: another deploy is at work on this machine; let it end, then deploy again" >&2
    exit 1
  }
fi
# The process of sshd that serves this connection, if there is one.
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
