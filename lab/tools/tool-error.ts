/** Something this machine lacks or refuses: what happened, and what the operator can do about it. */
export class ToolError extends Error {
  /** One sentence: what happened. */
  readonly reason: string;
  /** One sentence: the way out. */
  readonly remedy: string;

  constructor(reason: string, remedy: string, options?: ErrorOptions) {
    super(`${reason} ${remedy}`, options);
    this.name = "ToolError";
    this.reason = reason;
    this.remedy = remedy;
  }
}
