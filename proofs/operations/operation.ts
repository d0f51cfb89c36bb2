import { impactOnRecommended } from "./impact";
import type { OperationRow } from "./operation-row";
import type { Stage } from "./stage";
import { serveEtcd } from "../etcd/in-lab";

/** Something that is done to a running cluster in years of operation. */
export interface Operation {
  /** As in the table of docs/operations.md, and for `--only`. */
  readonly name: string;
  /** Whether the cluster, as it is declared, is one that this can be done to. @default - any is */
  readonly possible?: (stage: Stage) => boolean;
  /** What its clients may feel at most, and how long it may take. @default - published, not judged */
  readonly bars?: readonly Bar[];
  /** Whether it can be done with something in the way of its applies. @default true */
  readonly disturbed?: boolean;
  /**
   * About how many seconds its first apply changes things in the lab, by the declared members: what gets in the way comes within
   * them. Rather less than it takes, so that it comes in time.
   *
   * @default - 6 for each member, as where nobody restarts
   */
  readonly applySeconds?: (members: number) => number;
  /** Whether it begins with too few voters in service: there is no quorum then until it is through. @default false */
  readonly losesQuorum?: boolean;
  /** Whether clients that hold on to their certificates take part. @default false */
  readonly keptCertificates?: boolean;
  /** The version of etcd that it deploys, which may have to be built: nobody should wait for that under load. @default - the lab's */
  readonly release?: string;
  /** What it needs beforehand, without clients. @default - nothing */
  readonly prepare?: (stage: Stage) => Promise<void>;
  /** Does it, and returns what the node scripts said; fails if the cluster is not what it should be then. */
  readonly perform: (stage: Stage) => Promise<readonly string[]>;
  /** Where the machine is that it has made anew, whose boot is told apart from what is done. @default - none */
  readonly boots?: (stage: Stage) => string;
  /** What else there is to say of it, once it is done. @default - nothing */
  readonly note?: (stage: Stage) => Promise<string>;
  /** Fails if they did not say what they say when nothing gets in the way. */
  readonly expectSaid?: (lines: readonly string[], stage: Stage) => void;
}

/** Gets the versions of etcd that these deploy. */
export async function getReleases(operations: readonly Operation[], stage: Stage): Promise<void> {
  for (const { release } of operations) if (release !== undefined) await serveEtcd(stage.harness.lab, release);
}

/** Does an operation that nothing gets in the way of. */
export async function carryOut(operation: Operation, stage: Stage): Promise<void> {
  const lines = await operation.perform(stage);
  operation.expectSaid?.(lines, stage);
}

/** A limit, and what of a row it limits. */
export interface Bar {
  readonly name: string;
  /** Whether a busy machine, or chance, may miss it: no test fails by such a one. */
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

/** Of three operations of a client two are writes. */
const SHARE_OF_WRITES = 2 / 3;

/** In flight at a transfer: writes per second x the usual p99, on average; twice that, as it may come at a bad moment. */
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

/** For a roll that the next deploy has to complete, which may hand leadership over once more. */
export const ROLL_IN_TWO: readonly Bar[] = [
  NOTHING_FAILS,
  { name: "two transfers of leadership at most", timing: false, met: (row) => row.terms <= 2 },
];

/** For changes of membership that have no other bar. */
export const MEMBERSHIP: readonly Bar[] = [NOTHING_FAILS, SHORT_STALL];

/** A successor votes before its predecessor goes. */
const TOLERANCE_KEPT: Bar = {
  name: "as many members may be lost as before, all along",
  timing: false,
  met: (row) => row.toleranceLost === 0,
};

/** For a machine that is gone and is to be replaced. */
export const LOSS: readonly Bar[] = [
  ...MEMBERSHIP,
  ONE_TRANSFER,
  {
    name: "done within 60 s beyond the new machine's boot",
    timing: true,
    // NaN where no boot was seen: missed.
    met: ({ seconds, bootSeconds = NaN }) => seconds - bootSeconds <= 60,
  },
];

/** For the replacement of one machine that is there. */
export const REPLACEMENT: readonly Bar[] = [...LOSS, TOLERANCE_KEPT];

/** For replacements that may take longer: of all machines, or behind much data. */
export const REPLACEMENTS: readonly Bar[] = [...MEMBERSHIP, TOLERANCE_KEPT];

/** For what no client should feel at all. */
export const UNNOTICED: readonly Bar[] = [
  { name: "nothing fails for anyone", timing: false, met: (row) => row.failures.length === 0 },
  { name: "no election, and no transfer of leadership", timing: false, met: (row) => row.terms === 0 },
  {
    name: "the worst write stall is at most 1.2 x the usual p99",
    timing: true,
    met: (row) => impactOnRecommended(row).worstStallMs <= 1.2 * row.usualP99Ms,
  },
];
