import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Lab, Sites } from "terraform-lab";
import { quantile } from "../figures/statistics";
import { ensureWorkload } from "../programs";
import { clientAt } from "../apps/client-at";
import { checkHistories } from "./histories";
import { describeFailure, impactOn, writeP99Ms, type ClientOperation } from "./impact";
import { ClientKind, LoadClient } from "./load-client";
import { Observer } from "./observer";
import type { OperationRow } from "./operation-row";
import { blindSpans, leaderChanges, quorumLosses, terms, toleranceLost } from "./views";

/** A naive client gives up after 10 s: by then, all operations due before have ended. */
const NAIVE_TIMEOUT_MS = 10_000;
/** Usual latencies are measured for this long before an operation. */
const CALM_MS = 10_000;
/** Longer than any failover measured (16 s). */
const FIRST_WRITE_MS = 30_000;

/** Options of a load. */
export interface LoadProps {
  readonly lab: Lab;
  /** Locations of the clients; the cluster's app has to be given the same as `clientSites`. */
  readonly locations: readonly string[];
  /** Directory for histories and messages; it is not removed. */
  readonly directory: string;
  /**
   * Path of the etcd.env of the clients at a location.
   * @default - the one that the library writes for the clients there
   */
  readonly envFile?: (location: string) => string;
  /**
   * Writes per second of each client; for every two writes it reads once.
   * @default 9
   */
  readonly writesPerSecond?: number;
  /**
   * Whether there are also clients that keep their first certificates.
   * @default false
   */
  readonly keptCertificates?: boolean;
}

/**
 * Clients at several locations that read, write, swap and watch during operations on the cluster. Half of them work as
 * the library recommends, half as most programs do. Everything is recorded, and checked at the end.
 */
export class Load {
  /** Built once, so that an edit of its sources does not cause a build in the middle of a run. */
  private static program?: Promise<string>;

  /** Starts a load, and waits until each client has written. */
  public static async start(props: LoadProps): Promise<Load> {
    this.program ??= ensureWorkload();
    const program = await this.program;
    mkdirSync(props.directory, { recursive: true });
    const load = new Load(props, program, await Sites.up(props.lab, props.locations));
    try {
      await load.untilAllWrote();
    } catch (error) {
      await load.sites.down();
      throw error;
    }
    return load;
  }

  private readonly clients: readonly LoadClient[];
  private readonly observer: Observer;
  private readonly prefix: string;
  private readonly operations: ClientOperation[] = [];
  private quietSince = Date.now();
  /** When all clients had written: from then on, the observer must see the cluster. */
  private begun = Date.now();

  private constructor(
    private readonly props: LoadProps,
    private readonly program: string,
    private readonly sites: Sites,
  ) {
    const { locations, directory } = props;
    const kinds = [
      ClientKind.RECOMMENDED,
      ClientKind.NAIVE,
      ...(props.keptCertificates === true ? [ClientKind.KEPT] : []),
    ];
    this.prefix = `/load-${Date.now().toString(36)}/`;
    this.clients = kinds.flatMap((kind) =>
      locations.map(
        (location) =>
          new LoadClient(sites, {
            kind,
            location,
            program,
            envFile: this.envFile(location),
            prefix: this.prefix,
            writesPerSecond: props.writesPerSecond ?? 9,
            directory,
          }),
      ),
    );
    this.observer = new Observer(sites, {
      location: locations[0],
      program,
      envFile: this.envFile(locations[0]),
      directory,
    });
  }

  /** Runs an action that is not measured; the next operation begins once clients have recovered from it. */
  public async aside(action: () => Promise<void>): Promise<void> {
    await action();
    this.quietSince = Date.now();
  }

  /** Runs an action on the cluster, and returns its effect on the clients. Fails if the action does. */
  public async during(name: string, action: () => Promise<void>): Promise<OperationRow> {
    this.handOutFiles();
    await sleep(Math.max(0, this.quietSince + CALM_MS - Date.now()));
    const from = Date.now();
    await action();
    const to = Date.now();
    this.quietSince = to;
    await sleep(NAIVE_TIMEOUT_MS);
    this.collect();
    const during = this.operations.filter(({ dueMs, endMs }) => endMs >= from && dueMs <= to);
    const before = this.operations.filter(({ dueMs, endMs }) => dueMs >= from - CALM_MS && endMs < from);
    const views = this.observer.between(from, to);
    return {
      name,
      seconds: (to - from) / 1000,
      recommended: impactOn(ClientKind.RECOMMENDED, during),
      naive: impactOn(ClientKind.NAIVE, during),
      ...(this.props.keptCertificates === true ? { kept: impactOn(ClientKind.KEPT, during) } : {}),
      usualP99Ms: writeP99Ms(ClientKind.RECOMMENDED, before),
      usualWorstMs: impactOn(ClientKind.RECOMMENDED, before).worstStallMs,
      leaderChanges: leaderChanges(views),
      terms: terms(views),
      toleranceLost: toleranceLost(views),
      lateP99Ms: quantile(
        during.map(({ dueMs, startMs }) => startMs - dueMs),
        0.99,
      ),
      failures: during.filter(({ ok }) => !ok).map(describeFailure),
    };
  }

  /**
   * Ends the load and checks all of it.
   *
   * @param quorumMayBeLost whether fewer voters in service than a quorum are allowed
   * @throws Error with the violations: a lost acknowledged write, an incomplete watch, a history that is not linearizable,
   * fewer voters in service than a quorum, no leader for too long, gaps in the observer's views; or if a client or the
   * observer has ended by itself
   */
  public async finish(quorumMayBeLost = false): Promise<void> {
    try {
      // If the only machine was replaced, a client that has not looked for members since then knows none.
      this.handOutFiles();
      const ended = Date.now();
      await Promise.all(this.clients.map((client) => client.stop()));
      await this.observer.stop();
      const [location] = this.sites.locations;
      const views = this.observer.all();
      const violations = [
        ...blindSpans(views, this.begun, ended),
        ...(quorumMayBeLost ? [] : quorumLosses(views)),
        ...(await checkHistories(this.sites, {
          location,
          program: this.program,
          envFile: this.envFile(location),
          prefix: this.prefix,
          directory: this.props.directory,
          histories: this.clients.map(({ history }) => history),
        })),
      ];
      if (violations.length > 0) {
        throw new Error(`${violations.join("\n")}\nThe histories are in ${this.props.directory}.`);
      }
    } finally {
      await this.sites.down();
    }
  }

  /** Ends it without checks, after another failure. */
  public stop(): Promise<void> {
    return this.sites.down();
  }

  /** Gives clients the new endpoints as their operators would: after a deploy, not during it. */
  private handOutFiles(): void {
    for (const client of this.clients) client.reread();
  }

  private envFile(location: string): string {
    return this.props.envFile?.(location) ?? path.join(this.props.lab.paths.access, clientAt(location), "etcd.env");
  }

  private collect(): void {
    for (const client of this.clients) {
      for (const operation of client.operations()) {
        this.operations.push({ ...operation, client: client.name, clientKind: client.kind });
      }
    }
  }

  private async untilAllWrote(): Promise<void> {
    const deadline = Date.now() + FIRST_WRITE_MS;
    for (;;) {
      this.collect();
      const wrote = new Set(this.operations.filter(({ ok }) => ok).map(({ client }) => client));
      const silent = this.clients.filter(({ name }) => !wrote.has(name)).map(({ name }) => name);
      if (silent.length === 0) break;
      if (Date.now() > deadline) {
        throw new Error(
          `${silent.join(", ")}: no write was acknowledged in ${FIRST_WRITE_MS / 1000} s; see ${this.props.directory}`,
        );
      }
      await sleep(100);
    }
    this.begun = this.quietSince = Date.now();
  }
}
