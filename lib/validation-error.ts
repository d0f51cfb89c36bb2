/** What a {@link ValidationError} tells the reader. Each part is a fragment of one sentence, without a full stop. */
export interface ValidationErrorProps {
  /** The thing that is wrong, as the reader named it: `tuning.electionMs`, `region "lon2"`. */
  readonly what: string;
  /** The value that was given, rendered for a reader: `400 ms`. */
  readonly given: string;
  /** What would have been accepted: `at least 448 ms (2 x the largest round trip, 224 ms)`. */
  readonly expected: string;
  /** How to mend it, as an instruction: `raise it, or leave it out to have it derived`. */
  readonly mend: string;
}

/**
 * An input that cannot work, found before anything was created.
 *
 * The message reads `<what>: given <given>, expected <expected>; <mend>`, with the construct's path at the end, so that whoever meets it in a log
 * knows what to type next. The parts stay readable on the error itself for whoever renders it differently.
 *
 * TypeScript's own: errors have no type that jsii could carry to other languages, which get the message.
 *
 * @jsii ignore
 */
export class ValidationError extends Error {
  /** The thing that is wrong. */
  public readonly what: string;
  /** The value that was given. */
  public readonly given: string;
  /** What would have been accepted. */
  public readonly expected: string;
  /** How to mend it. */
  public readonly mend: string;
  private place?: string;

  public constructor(props: ValidationErrorProps) {
    super(`${props.what}: given ${props.given}, expected ${props.expected}; ${props.mend}`);
    this.name = "ValidationError";
    this.what = props.what;
    this.given = props.given;
    this.expected = props.expected;
    this.mend = props.mend;
  }

  /** The path in the app of the construct that was to be made, where there is one; at the end of the message. */
  public get construct(): string | undefined {
    return this.place;
  }

  /**
   * Notes the construct's path, unless one inside of it has noted its own.
   *
   * @internal
   */
  public _locate(path: string): void {
    if (this.place !== undefined) return;
    // The stack begins with the message as it is when the stack is first read.
    const { message: before, stack } = this;
    this.place = path;
    this.message = `${before} (in ${path})`;
    this.stack = stack?.replace(before, () => this.message);
  }
}
