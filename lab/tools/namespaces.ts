/**
 * Prefix for a command, to run it in network, mount and process namespaces of its own. It has only loopback, and an empty
 * /run, where network namespaces have their names. When the command or the process that started it ends, in any way, the
 * kernel removes all processes, devices, mounts and network namespaces in there. Files and control groups are the host's,
 * and stay.
 */
export function inOwnNamespaces(): string[] {
  return [
    ...["setpriv", "--pdeathsig", "KILL"],
    ...["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
    // The shell stays as process 1 of its namespace, to reap orphaned processes.
    ...["sh", "-c", 'mount -t tmpfs tmpfs /run && ip link set lo up && "$@"; exit $?', "sh"],
  ];
}
