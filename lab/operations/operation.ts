import type { OperationRow } from "./load";
import type { Stage } from "./stage";

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
  /** Fails if they did not say what they say when nothing gets in the way. */
  readonly expectSaid?: (lines: readonly string[], stage: Stage) => void;
}

/** Gets the versions of etcd that these deploy. */
export async function getReleases(operations: readonly Operation[], stage: Stage): Promise<void> {
  for (const { release } of operations) if (release !== undefined) await stage.harness.lab.serveEtcd(release);
}

/** Does an operation that nothing gets in the way of. */
export async function carryOut(operation: Operation, stage: Stage): Promise<void> {
  const lines = await operation.perform(stage);
  operation.expectSaid?.(lines, stage);
}

/** A limit, and what of a row it limits. */
export interface Bar {
  readonly name: string;
  readonly met: (row: OperationRow) => boolean;
}

const NOTHING_FAILS: Bar = {
  name: "no operation of a recommended client fails",
  met: ({ recommended }) => recommended.failed === 0,
};

const SHORT_STALL: Bar = {
  name: "a recommended client's worst write stall is at most 1.5 s",
  met: ({ recommended }) => recommended.worstStallMs <= 1500,
};

const ONE_TRANSFER: Bar = { name: "one transfer of leadership at most", met: (row) => row.terms <= 1 };

function within(seconds: number): Bar {
  return { name: `done within ${seconds} s`, met: (row) => row.seconds <= seconds };
}

/** For a restart of all members, one after the other. */
export const ROLL: readonly Bar[] = [NOTHING_FAILS, SHORT_STALL, ONE_TRANSFER, within(90)];

/** For the replacement of one machine; its boot, a few seconds in the lab, is part of it. */
export const REPLACEMENT: readonly Bar[] = [NOTHING_FAILS, SHORT_STALL, ONE_TRANSFER, within(60)];

/** For changes of membership that have no other bar. */
export const MEMBERSHIP: readonly Bar[] = [NOTHING_FAILS, SHORT_STALL];

/** For what no client should feel at all. */
export const UNNOTICED: readonly Bar[] = [
  { name: "nothing fails for anyone", met: (row) => row.failures.length === 0 },
  {
    name: "the worst write stall is at most 1.2 x the usual p99",
    met: (row) => row.recommended.worstStallMs <= 1.2 * row.usualP99Ms,
  },
];
