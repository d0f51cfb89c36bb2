import type { Tuning } from "../../lib/wan";

/** The time limits that the library recommends to clients, as flags of `workload run`. */
export function recommendedLimits(tuning: Tuning): Readonly<Record<string, number>> {
  return {
    "dial-ms": tuning.clientDialTimeoutMs,
    "attempt-ms": tuning.clientAttemptTimeoutMs,
    "total-ms": tuning.clientTotalTimeoutMs,
    "keepalive-ms": tuning.clientKeepaliveTimeMs,
    "keepalive-timeout-ms": tuning.clientKeepaliveTimeoutMs,
  };
}

/** Command-line arguments for a Go program's flags. */
export function argvOf(flags: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(flags).flatMap(([flag, value]) => [`-${flag}`, String(value)]);
}
