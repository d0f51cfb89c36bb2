/** Pseudo-random numbers (mulberry32), the same for the same seed, so that a run can be repeated. */
export class Random {
  public constructor(private state: number) {}

  /** From 0, inclusive, to 1, exclusive. */
  public next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  public between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  public pick<T>(values: readonly T[]): T {
    if (values.length === 0) throw new Error("there is nothing to pick from");
    return values[Math.floor(this.next() * values.length)];
  }
}
