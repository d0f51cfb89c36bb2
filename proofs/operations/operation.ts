import { impactOnRecommended } from "./impact";
import type { OperationRow } from "./operation-row";
import type { Stage } from "./stage";
import { serveEtcd } from "../etcd/in-lab";

/** An operation on a running cluster. */
export interface Operation {
  /** Name in the table of docs/operations.md and for `--only`. */
  readonly name: string;
  /** Whether the operation is possible on the cluster as declared. @default - always */
  readonly possible?: (stage: Stage) => boolean;
  /** Limits of its effect on clients and of its duration. @default - none: it is only measured */
  readonly bars?: readonly Bar[];
  /** Whether its applies may be disturbed. @default true */
  readonly disturbed?: boolean;
  /**
   * About how long its first apply changes things in the lab, in seconds, by the number of declared members: a disturbance
   * comes within this time. Less than it takes, rather than more, so that the disturbance hits.
   *
   * @default - 6 for each member, as without restarts
   */
  readonly applySeconds?: (members: number) => number;
  /** Whether it begins without a quorum in service, which it restores. @default false */
  readonly losesQuorum?: boolean;
  /** Whether clients that keep their first certificates take part. @default false */
  readonly keptCertificates?: boolean;
  /** The version of etcd that it deploys; got beforehand, as it may have to be built. @default - the lab's */
  readonly release?: string;
  /** Preparation before the clients start. @default - none */
  readonly prepare?: (stage: Stage) => Promise<void>;
  /** Carries it out; returns the node scripts' output. Fails if the cluster is not as it should be afterwards. */
  readonly perform: (stage: Stage) => Promise<readonly string[]>;
  /** Location of the machine that it replaces, whose boot time is measured separately. @default - none */
  readonly boots?: (stage: Stage) => string;
  /** Returns other measurements, once it is done. @default - none */
  readonly note?: (stage: Stage) => Promise<string>;
  /** Fails if the node scripts' output is not as expected of an undisturbed operation. */
  readonly expectSaid?: (lines: readonly string[], stage: Stage) => void;
}

/** Gets the versions of etcd that these operations deploy. */
export async function getReleases(operations: readonly Operation[], stage: Stage): Promise<void> {
  for (const { release } of operations) if (release !== undefined) await serveEtcd(stage.harness.lab, release);
}

/** Carries out an undisturbed operation. */
export async function carryOut(operation: Operation, stage: Stage): Promise<void> {
  const lines = await operation.perform(stage);
  operation.expectSaid?.(lines, stage);
}

/** A limit on a row. */
export interface Bar {
  readonly name: string;
  /** Whether it may be missed by chance or on a busy machine: tests do not fail for it. */
  readonly timing: boolean;
  readonly met: (row: OperationRow) => boolean;
}

export const NOTHING_FAILS: Bar = {
  name: "no operation of a recommended client fails",
  timing: false,
  met: (row) => impactOnRecommended(row).failed === 0,
};

const SHORT_STALL: Bar = {
  name: "a recommended client's worst write stall is at most 1.5 s",
  timing: true,
  met: (row) => impactOnRecommended(row).worstStallMs <= 1500,
};

const ONE_TRANSFER: Bar = { name: "one transfer of leadership at most", timing: false, met: (row) => row.terms <= 1 };

/** Two of three operations of a client are writes. */
const SHARE_OF_WRITES = 2 / 3;

/** Writes in flight at a transfer: on average, writes per second x usual p99; twice that at a bad moment. */
const NAIVE_IN_FLIGHT: Bar = {
  name: "no more operations of naive clients fail or hang than may have been in flight at the transfer",
  timing: true,
  met: ({ naive, seconds, usualP99Ms, terms }) =>
    naive.failed + naive.hung <=
    Math.ceil(((naive.requests * SHARE_OF_WRITES) / seconds) * (usualP99Ms / 1000) * terms * 2),
};

function within(seconds: number): Bar {
  return { name: `done within ${seconds} s`, timing: true, met: (row) => row.seconds <= seconds };
}

/** For a restart of all members, one after the other. */
export const ROLL: readonly Bar[] = [NOTHING_FAILS, SHORT_STALL, ONE_TRANSFER, within(90), NAIVE_IN_FLIGHT];

/** For a roll that the next deploy has to complete, which may transfer leadership once more. */
export const ROLL_IN_TWO: readonly Bar[] = [
  NOTHING_FAILS,
  { name: "two transfers of leadership at most", timing: false, met: (row) => row.terms <= 2 },
];

/** For changes of who may do what. */
export const PERMISSIONS: readonly Bar[] = [NOTHING_FAILS, SHORT_STALL, ONE_TRANSFER];

/** For changes of membership without other bars. */
export const MEMBERSHIP: readonly Bar[] = [NOTHING_FAILS, SHORT_STALL];

/** A successor becomes a voter before its predecessor is removed. */
const TOLERANCE_KEPT: Bar = {
  name: "as many members may be lost as before, all along",
  timing: false,
  met: (row) => row.toleranceLost === 0,
};

/** For the replacement of a lost machine. */
export const LOSS: readonly Bar[] = [
  ...MEMBERSHIP,
  ONE_TRANSFER,
  {
    name: "done within 60 s beyond the new machine's boot",
    timing: true,
    // NaN if no boot was seen: the bar is missed.
    met: ({ seconds, bootSeconds = NaN }) => seconds - bootSeconds <= 60,
  },
];

/** For the replacement of a machine that works. */
export const REPLACEMENT: readonly Bar[] = [...LOSS, TOLERANCE_KEPT];

/** For replacements that may take longer: of all machines, or behind much data. */
export const REPLACEMENTS: readonly Bar[] = [...MEMBERSHIP, TOLERANCE_KEPT];

/** For operations that no client should notice. */
export const UNNOTICED: readonly Bar[] = [
  { name: "nothing fails for anyone", timing: false, met: (row) => row.failures.length === 0 },
  { name: "no election, and no transfer of leadership", timing: false, met: (row) => row.terms === 0 },
  {
    name: "the worst write stall is at most 1.2 x the usual p99",
    timing: true,
    met: (row) => impactOnRecommended(row).worstStallMs <= 1.2 * row.usualP99Ms,
  },
];
