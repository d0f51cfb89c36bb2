/**
 * Prefix for a program that is to run in network, mount and process namespaces of its own, with nothing but loopback and an empty /run, where the
 * names of network namespaces are. When it ends, in whatever way, or whoever started it does, the kernel removes every process, device, mount
 * and network namespace in there. Control groups and files are the host's: those are left.
 */
export function inOwnNamespaces(): string[] {
  return [
    ...["setpriv", "--pdeathsig", "KILL"],
    ...["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
    // The shell stays, as the first process of its namespace: it takes note of the end of those whose parents have ended.
    ...["sh", "-c", 'mount -t tmpfs tmpfs /run && ip link set lo up && "$@"; exit $?', "sh"],
  ];
}
