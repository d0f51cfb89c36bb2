import { cpus } from "node:os";
import * as path from "node:path";
import {
  attempt,
  buildGoSources,
  cached,
  goSourcesOf,
  hostArch,
  type Progress,
  run,
  sha256OfFile,
  silent,
} from "terraform-lab";

const SOURCES = __dirname;
const STAND_IN = path.join(SOURCES, "stand-in", "stand-in.c");
const TEMPLATES = path.join(__dirname, "..", "..", "templates");

/** A JSON file of histories that have shown a fault, named after these faults. */
export const KEPT_HISTORIES = path.join(SOURCES, "kept", "histories.json");

/** The result of an exploration. */
export interface Exploration {
  readonly seed: string;
  readonly histories: number;
  /** Runs of node scripts, including those of etcd's unit. */
  readonly scripts: number;
  readonly seconds: number;
  /** Histories that ended with a healthy cluster. */
  readonly healthy: number;
  /** The number of the others by the beginning of the sentence, which says what to do, that they ended with. */
  readonly sentences: Readonly<Record<string, number>>;
  /** The first violation of an invariant, if any. `history` is the shortest known one that shows it. */
  readonly violation?: { readonly invariant: string; readonly what: string };
  readonly history?: unknown;
  readonly lines?: readonly string[];
}

export interface ExplorationProps {
  /**
   * Directory of the node scripts and templates.
   * @default - the project's
   */
  readonly templates?: string;
  /** Seed of the drawn histories, a natural number: history N of a seed is always the same. */
  readonly seed?: bigint;
  /** Number of histories to draw. */
  readonly histories?: number;
  /** A JSON file of histories to play instead. */
  readonly play?: string;
  /**
   * Whether to shrink a counterexample to what it needs.
   * @default true
   */
  readonly shrink?: boolean;
}

/**
 * Builds the program that plays histories of clusters with the node scripts and, beside it, the program that stands in
 * for commands; see README.md. Returns the path of the first.
 */
export async function ensureExploration(progress: Progress = silent): Promise<string> {
  const sources = await goSourcesOf(SOURCES);
  const directory = await cached(
    {
      name: "exploration",
      version: `${sources.hash}-race-${(await sha256OfFile(STAND_IN)).slice(0, 12)}-linux-${hostArch()}`,
    },
    async (work) => {
      progress("Building the exploration of the node scripts (about a minute)");
      // A race in the model would be taken for a fault of the scripts.
      await buildGoSources(sources, path.join(work, "exploration"), progress, { race: true });
      // Static, so that it starts fast and needs nothing from /etc, where each machine has its own.
      await run(["cc", "-O2", "-static", "-o", path.join(work, "stand-in"), STAND_IN]);
    },
    progress,
  );
  return path.join(directory, "exploration");
}

/** Plays histories until all are done or one violates an invariant. */
export async function explore(props: ExplorationProps): Promise<Exploration> {
  const { templates = TEMPLATES, seed, histories, play, shrink = true } = props;
  const { stdout, stderr, status } = await attempt([
    await ensureExploration(),
    ...["-templates", templates, "-workers", String(cpus().length), `-shrink=${String(shrink)}`],
    ...(seed === undefined ? [] : ["-seed", String(seed)]),
    ...(histories === undefined ? [] : ["-histories", String(histories)]),
    ...(play === undefined ? [] : ["-play", play]),
  ]);
  // 1 means that an invariant was violated.
  if (status !== 0 && status !== 1) throw new Error(`the exploration ended with ${status}:\n${stderr}${stdout}`);
  return JSON.parse(stdout) as Exploration;
}

/** Compares the model's rules of membership with etcd and etcdctl in that directory; returns the differences by line. */
export async function replayAgainstEtcd(etcdDirectory: string, seed: bigint, clusters: number): Promise<string> {
  const { stdout, stderr, status } = await attempt([
    await ensureExploration(),
    ...["-templates", TEMPLATES, "-etcd", etcdDirectory, "-seed", String(seed), "-histories", String(clusters)],
  ]);
  return status === 0 ? "" : stdout + stderr;
}
