import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Machine } from "../machines/machines";
import { withSsh } from "../machines/ssh";
import { Direction, Method, Segments } from "./directions";

/** lib/measure and dist/measure are equally deep in the package. */
const SCRIPT = path.resolve(__dirname, "..", "..", "templates", "measure", "measure-handshakes.sh");

/** What measuring from machine to machine came to. */
export interface MeasuredHandshakes {
  readonly directions: readonly Direction[];
  /** Machines that could not be asked, and peers that did not answer. */
  readonly notes: readonly string[];
}

/** What is to be measured. */
export interface HandshakesProps {
  readonly machines: ReadonlyMap<string, Machine>;
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Called with what there is so far, at each new line. */
  readonly progress: (directions: readonly Direction[]) => void;
}

/** What was measured of one direction so far. */
interface Found {
  readonly ms: number[];
  segments?: Segments;
}

/**
 * Has each machine time TCP handshakes with each other one, in parallel, over SSH, and ask its kernel what was lost.
 */
export async function measureHandshakes(props: HandshakesProps): Promise<MeasuredHandshakes> {
  const { machines, signal } = props;
  const found = new Map<string, Map<string, Found>>();
  const directions = (): Direction[] =>
    [...found].flatMap(([from, peers]) =>
      [...peers].map(([to, { ms, segments }]) => ({
        from,
        to,
        method: Method.HANDSHAKES,
        samples: [...ms],
        ...(segments === undefined ? {} : { segments }),
      })),
    );
  const notes = await withSsh(process.env, (run) =>
    Promise.all(
      [...machines].map(async ([from, machine]) => {
        const others = new Map([...machines].filter(([to]) => to !== from).map(([to, { peer_url }]) => [peer_url, to]));
        const peers = new Map<string, Found>([...others.values()].map((to) => [to, { ms: [] }]));
        found.set(from, peers);
        const command = ["sh", "-s", "--", String(props.seconds), ...others.keys()];
        const onLine = (line: string): void => {
          const [url, ...fields] = line.split(" ");
          const peer = peers.get(others.get(url) ?? "");
          if (peer === undefined) return;
          const segments = segmentsOf(fields);
          const ms = handshakeMs(fields);
          if (segments !== undefined) peer.segments = segments;
          else if (ms !== undefined) peer.ms.push(ms);
          props.progress(directions());
        };
        const failure = await run({ name: from, machine, command, input: readFileSync(SCRIPT), signal, onLine });
        if (failure !== undefined) return [`${from}: SSH to ${machine.host} failed: ${failure}`];
        const silent = [...peers].filter(([, { ms }]) => ms.length === 0).map(([to]) => to);
        return silent.map(
          (to) => `${from} to ${to}: no TCP handshake came back; is the machine up, and 2380 open to members?`,
        );
      }),
    ),
  );
  signal.throwIfAborted();
  return { directions: directions(), notes: notes.flat() };
}

/** curl's exit code for a connection that was not made. */
const COULD_NOT_CONNECT = "7";

/**
 * The round trip in milliseconds, from the fields after the URL of a line that the script prints; undefined where none
 * was made. A connection counts whatever happens on it afterwards, and so does a refusal, which the peer itself sends;
 * other failures do not.
 */
export function handshakeMs(fields: readonly string[]): number | undefined {
  const [code, lookup, connected, end, ...error] = fields;
  const [start, open, total] = [lookup, connected, end].map(Number);
  if (open > 0) return 1000 * (open - start);
  if (code === COULD_NOT_CONNECT && /refused/i.test(error.join(" "))) return 1000 * (total - start);
  return undefined;
}

/** What the kernel has sent, from the fields after the URL of the script's last lines; undefined for other lines. */
export function segmentsOf(fields: readonly string[]): Segments | undefined {
  const [word, sent, lost] = fields;
  return word === "segments" ? { sent: Number(sent), lost: Number(lost) } : undefined;
}
