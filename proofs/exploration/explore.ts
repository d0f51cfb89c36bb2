import { cpus } from "node:os";
import * as path from "node:path";
import {
  attempt,
  buildGoSources,
  cached,
  ensureCommands,
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

/** Histories that have shown a fault once, by the names of the faults: a JSON file. */
export const KEPT_HISTORIES = path.join(SOURCES, "kept", "histories.json");

/** What was played, and what came of it. */
export interface Exploration {
  readonly seed: string;
  readonly histories: number;
  /** Runs of node scripts, those of etcd's unit included. */
  readonly scripts: number;
  readonly seconds: number;
  /** Histories that ended with a healthy cluster. */
  readonly healthy: number;
  /** How the others ended: the beginning of the sentence that names what to do -> how many. */
  readonly sentences: Readonly<Record<string, number>>;
  /** The first invariant that did not hold, if any, and the shortest history known that shows it. */
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
  /** Of the histories that are drawn, a natural number: history N of a seed is always the same. */
  readonly seed?: bigint;
  /** How many histories are drawn. */
  readonly histories?: number;
  /** A JSON file of histories to play instead. */
  readonly play?: string;
  /**
   * Whether what a counterexample does not need is left out.
   * @default true
   */
  readonly shrink?: boolean;
}

/**
 * Builds the program that plays histories of clusters with the node scripts, and beside it the one that stands in for commands: see README.md.
 * Returns the path of the first.
 */
export async function ensureExploration(progress: Progress = silent): Promise<string> {
  const sources = await goSourcesOf(SOURCES);
  const directory = await cached(
    {
      name: "exploration",
      version: `${sources.hash}-${(await sha256OfFile(STAND_IN)).slice(0, 12)}-linux-${hostArch()}`,
    },
    async (work) => {
      progress("Building the exploration of the node scripts (about a minute)");
      await buildGoSources(sources, path.join(work, "exploration"), progress);
      await ensureCommands(["cc"], progress);
      // Static, so that it starts as fast as can be, whatever lies in the place of /etc.
      await run(["cc", "-O2", "-static", "-o", path.join(work, "stand-in"), STAND_IN]);
    },
    progress,
  );
  return path.join(directory, "exploration");
}

/** Plays histories until all are through or one violates an invariant. */
export async function explore(props: ExplorationProps): Promise<Exploration> {
  const { templates = TEMPLATES, seed, histories, play, shrink = true } = props;
  const { stdout, stderr, status } = await attempt([
    await ensureExploration(),
    ...["-templates", templates, "-workers", String(cpus().length), `-shrink=${String(shrink)}`],
    ...(seed === undefined ? [] : ["-seed", String(seed)]),
    ...(histories === undefined ? [] : ["-histories", String(histories)]),
    ...(play === undefined ? [] : ["-play", play]),
  ]);
  // 1 says that an invariant did not hold.
  if (status !== 0 && status !== 1) throw new Error(`the exploration ended with ${status}:\n${stderr}${stdout}`);
  return JSON.parse(stdout) as Exploration;
}

/** Holds the model's rules of membership against etcd and etcdctl in that directory; returns the differences, a line each. */
export async function replayAgainstEtcd(etcdDirectory: string, seed: bigint, clusters: number): Promise<string> {
  const { stdout, stderr, status } = await attempt([
    await ensureExploration(),
    ...["-templates", TEMPLATES, "-etcd", etcdDirectory, "-seed", String(seed), "-histories", String(clusters)],
  ]);
  return status === 0 ? "" : stdout + stderr;
}
