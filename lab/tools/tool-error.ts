/** An error that the user can mend: what happened, and what to do about it. */
export class ToolError extends Error {
  /** One sentence: what happened. */
  readonly reason: string;
  /** One sentence: what to do about it. */
  readonly remedy: string;

  constructor(reason: string, remedy: string, options?: ErrorOptions) {
    super(`${reason} ${remedy}`, options);
    this.name = "ToolError";
    this.reason = reason;
    this.remedy = remedy;
  }
}
