import { DEFAULT_TOLERANCE_PERCENT } from "../measure/drift";
import { seesProbes } from "../measure/measure-cluster";
import { ValidationError } from "../validation-error";
import type { Typed } from "./usage";

/** What may be typed after `cdktf-etcd measure`. */
export const MEASURE_OPTIONS = {
  values: ["stack", "cluster", "env", "for", "out", "tolerance"],
  flags: ["check", "ssh", "json", "help"],
};

export const DEFAULT_OUT = "round-trip-times.json";
/** etcd enters its probes every 30 s: long enough for two entries in each direction. */
const DEFAULT_SECONDS = 65;
/** A 95th percentile needs 100 handshakes; between the farthest places, one in each direction takes about a second. */
const DEFAULT_SSH_SECONDS = 60;
const LONGEST_SECONDS = 86_400;
/** Exit code where some pairs could not be measured. Every command also has 0 and 2: see `run`. */
export const INCOMPLETE = 1;
/** Exit code where the cluster has drifted from its tuning. */
export const DRIFTED = 3;
/** Exit code where the measurement was interrupted: as shells report SIGINT. */
export const INTERRUPTED = 130;

export const MEASURE_HELP = `cdktf-etcd measure: the round-trip times of a running cluster

Usage:
  cdktf-etcd measure [options]                 measures, and writes the file that RoundTripTimes.fromFile reads
  cdktf-etcd measure --check [FILE] [options]  compares with what the cluster was tuned for: what is measured now, or FILE

Which cluster is read off the synthesized stack, so run it where cdktf runs.

Without --ssh it reads etcd's own metric, as a client, and disturbs nothing. etcd probes each peer every 4 s, and enters a smoothed
average every 30 s: medians are good to 2 %, a change shows after two minutes, and there is no 95th percentile.
With --ssh the machines time TCP handshakes with each other: 95th percentiles too, also where etcd does not run.

Options:
  --for <time>         how long: 65s (default; 60s with --ssh), 10m, 24h
  --ssh                log in to the machines, with the deploy's key out of Terraform's state, their host keys pinned
  --env <file>         a client's etcd.env (default: ETCDCTL_* of the environment, else the stack's first client's)
  --out <file>         what to write (default: ${DEFAULT_OUT}; with --check nothing)
  --check              exit code ${DRIFTED} if the cluster has drifted from its tuning
  --tolerance <percent>  with --check: how far a median, or the election timeout, may move (default: ${DEFAULT_TOLERANCE_PERCENT}; never less than 5 ms)
  --stack <folder>     the stack's folder, after cdktf synth (default: the only one)
  --cluster <path>     which cluster, where the stack has several
  --json               print data; times in milliseconds
  --help               this text

Exit codes: 0 done, 1 some pairs could not be measured, 2 something to mend in what was typed, ${DRIFTED} drifted, ${INTERRUPTED} interrupted.
`;

/** The file to check instead of measuring, or undefined. */
export function fileOf(typed: Typed): string | undefined {
  const { positionals } = typed;
  if (positionals.length === 0) return undefined;
  const [file] = positionals;
  const live =
    ["env", "for", "out"].find((option) => typed.value(option) !== undefined) ??
    (typed.flag("ssh") ? "ssh" : undefined);
  if (positionals.length === 1 && typed.flag("check") && live === undefined) return file;
  throw new ValidationError({
    what: "cdktf-etcd measure",
    given: `${positionals.join(" ")}${live === undefined ? "" : ` with --${live}`}`,
    expected: "options only, or with --check one file that was measured before",
    mend: `write --check ${file} to judge it, --out ${file} to write it`,
  });
}

/** `--for`, such as `65s`, `10m` or `24h`, in seconds. */
export function secondsOf(typed: Typed): number {
  const [text, ssh] = [typed.value("for"), typed.flag("ssh")];
  if (text === undefined) return ssh ? DEFAULT_SSH_SECONDS : DEFAULT_SECONDS;
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  const seconds = Number(count) * (unit === "h" ? 3600 : unit === "m" ? 60 : 1);
  if (seconds >= 1 && seconds <= LONGEST_SECONDS && (ssh || seesProbes(seconds))) return seconds;
  throw new ValidationError({
    what: "--for",
    given: JSON.stringify(text),
    expected: ssh ? "1s to 24h" : "31s to 24h: etcd enters its probes every 30 s",
    mend: `write it as 65s, 10m or 24h${ssh || Number.isNaN(seconds) ? "" : ", or add --ssh, which needs less"}`,
  });
}

/** `--tolerance`, in percent. */
export function toleranceOf(typed: Typed): number {
  const text = typed.value("tolerance");
  if (text === undefined) return DEFAULT_TOLERANCE_PERCENT;
  const percent = Number(text.replace(/ ?%$/, ""));
  if (text !== "" && percent >= 1 && percent <= 100) return percent;
  throw new ValidationError({
    what: "--tolerance",
    given: JSON.stringify(text),
    expected: "1 to 100 percent",
    mend: `write --tolerance ${DEFAULT_TOLERANCE_PERCENT}`,
  });
}
