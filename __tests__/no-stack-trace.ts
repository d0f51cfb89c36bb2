/**
 * Stands in for a module of cdktf's and of constructs' in the tests. cdktf records a stack trace for every token, for its own errors' messages, and
 * jest maps each frame by source maps: two thirds of the time of a synthesis. No test reads them.
 */
export function captureStackTrace(): string[] {
  return [];
}

/** The same by cdktn's name for it, for proofs/cdktn. */
export const captureCreationStack = captureStackTrace;
