import { isAlive, type ProcessRecord, waitUntil } from "terraform-lab";
import { Random } from "../random";
import { THROUGH, type Interruption } from "../operations/interruption";
import type { Operation } from "../operations/operation";
import type { Miss, Stage } from "../operations/stage";

/** Duration of an apply without restarts, per member: about that of renewing the certificates. */
const APPLY_SECONDS_PER_MEMBER = 6;

/** What disturbances are drawn from. */
export interface DisturbanceDraws {
  readonly interruptions: readonly Interruption[];
  /** Share of the disturbable operations that are disturbed. */
  readonly disturbed: number;
}

/** An interruption of an operation's first apply at a given moment, and its outcome. */
export class Disturbance {
  /**
   * Draws a disturbance or none. The number of draws is always the same, so that later draws depend only on the seed.
   */
  public static draw(
    operation: Operation,
    members: number,
    random: Random,
    draws: DisturbanceDraws,
  ): Disturbance | undefined {
    const chosen = random.next() < draws.disturbed;
    const interruption = random.pick(draws.interruptions);
    const share = random.next();
    const own = new Random(Math.floor(random.next() * 2 ** 32));
    if (!chosen || operation.disturbed === false) return undefined;
    const within = operation.applySeconds?.(members) ?? APPLY_SECONDS_PER_MEMBER * members;
    return new Disturbance(interruption, share * within, own);
  }

  /** Undefined until the interruption. */
  private outcome?: { readonly missed: Miss };

  private constructor(
    private readonly interruption: Interruption,
    private readonly seconds: number,
    private readonly random: Random,
  ) {}

  /** Schedules it for the stage's next apply. */
  public prepare(stage: Stage): void {
    stage.disturbNext(async (apply) => {
      const missed = await this.strike(stage, apply);
      this.outcome = { missed };
      return missed;
    });
  }

  public get kind(): string {
    return this.interruption.name;
  }

  public get hit(): boolean {
    return this.outcome !== undefined && this.outcome.missed === undefined;
  }

  /** Part of a step's name. */
  public get description(): string {
    const missed = this.outcome?.missed;
    return missed === undefined
      ? `${this.kind} ${this.seconds.toFixed(1)} s into the apply`
      : `${this.kind} missed: ${missed}`;
  }

  private async strike(stage: Stage, apply: ProcessRecord): Promise<Miss> {
    const through = await waitUntil(() => !isAlive(apply), this.seconds * 1000);
    return through ? THROUGH : this.interruption.strike(stage.harness, apply, this.random);
  }
}
