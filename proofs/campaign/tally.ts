import type { Disturbance } from "./disturbance";

/** The results of a campaign's sequences so far, including failed ones. */
export class Tally {
  private readonly disturbances: Disturbance[] = [];
  private failed = 0;

  public addDisturbance(disturbance: Disturbance): void {
    this.disturbances.push(disturbance);
  }

  /** Adds failed operations of recommended clients, of which none should fail. */
  public addFailures(count: number): void {
    this.failed += count;
  }

  public get failures(): string {
    return this.failed === 0
      ? "no operation of a recommended client failed that should not"
      : `${this.failed} operations of recommended clients FAILED that should not`;
  }

  /** A line for each kind of disturbance: how many were drawn, and how many of these hit. */
  public get hits(): string[] {
    return [...new Set(this.disturbances.map(({ kind }) => kind))].map((kind) => {
      const own = this.disturbances.filter((disturbance) => disturbance.kind === kind);
      return `${kind}: ${own.filter(({ hit }) => hit).length} of ${own.length} hit`;
    });
  }
}
