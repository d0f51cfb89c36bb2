/** The median; the mean of the middle two if their number is even; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The greatest value; NaN of none. Unlike Math.max it takes any number of values. */
export function worst(values: readonly number[]): number {
  return values.reduce((largest, value) => (value <= largest ? largest : value), values[0] ?? NaN);
}

/** The deviation of a measurement from its prediction, in per cent of the prediction. */
export function errorPercent(measured: number, predicted: number): number {
  return (100 * (measured - predicted)) / predicted;
}

/** The least value that is not exceeded by at least this share (0 to 1) of all values; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
