import { mustHave, nameAt, type Stage } from "./stage";

/** As many writes as fit into the time limit of a command on a machine. */
const BATCH = 100;

/** Writes so many values of 1 MiB through the first member. "N" in the key is replaced by their numbers from 1 on. */
export async function putMebibytes(stage: Stage, key: string, count: number): Promise<void> {
  // A write that meets a transfer of leadership hangs and fails. It can be repeated safely.
  const put = `etcdctl put ${key} </tmp/value >/dev/null`;
  const cluster = await stage.cluster();
  const machine = cluster.machine(nameAt(stage.regions[0]));
  for (let first = 1; first <= count; first += BATCH) {
    const last = Math.min(first + BATCH - 1, count);
    const { ok, stderr } = await cluster.on(
      machine,
      "head -c 1000000 /dev/urandom | base64 -w 0 | head -c 1048576 >/tmp/value; " +
        `seq ${first} ${last} | xargs -P 4 -I N sh -c '${put} || ${put}'`,
    );
    mustHave(`values ${first} to ${last} are written`, ok, stderr);
  }
}
