/** A map in the Equal Earth projection. */
export interface MapView {
  readonly width: number;
  readonly height: number;
  /** Longitude of the map's middle, in degrees. */
  readonly centralMeridian: number;
  readonly scale: number;
  /** Where longitude `centralMeridian`, latitude 0 is. */
  readonly translate: readonly number[];
}

/** A point on the map, in its own units, x before y. */
export type Point = readonly [number, number];

/** Coefficients of the projection's polynomial. Šavrič, Patterson, Jenny: The Equal Earth map projection, 2018. */
const [A1, A2, A3, A4] = [1.340264, -0.081106, 0.000893, 0.003796];

/** Where a place is on a map. */
export function onMap(view: MapView, longitude: number, latitude: number): Point {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  // What is east of the map's right edge appears at its left one.
  const fromMiddle = ((longitude - view.centralMeridian + 540) % 360) - 180;
  const m = Math.sqrt(3) / 2;
  const l = Math.asin(m * Math.sin(radians(latitude)));
  const x = (radians(fromMiddle) * Math.cos(l)) / (m * (A1 + 3 * A2 * l ** 2 + l ** 6 * (7 * A3 + 9 * A4 * l ** 2)));
  const y = l * (A1 + A2 * l ** 2 + l ** 6 * (A3 + A4 * l ** 2));
  return [view.translate[0] + view.scale * x, view.translate[1] - view.scale * y];
}
