/** Rounds up to a multiple of `step`. A value that is above one only by an error of floating point counts as that multiple. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step - 1e-9) * step;
}
