import type { Point } from "./projection";
import { VIEW } from "./world";

/** An upright rectangle on the map. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A place that a text could take. */
export interface Spot {
  readonly box: Box;
  readonly anchor: "start" | "middle" | "end";
}

/** The box around a middle. */
export function boxAt([x, y]: Point, width: number, height: number): Box {
  return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
}

/** Places for a text beside a point: on its sides, above, below and at the corners. */
export function around([x, y]: Point, width: number, height: number, gap: number): Spot[] {
  const box = (left: number, top: number): Box => ({ left, top, right: left + width, bottom: top + height });
  return [0, -height / 2, height / 2].flatMap<Spot>((shift) => [
    { box: box(x + gap, y - height / 2 + shift), anchor: "start" },
    { box: box(x - gap - width, y - height / 2 + shift), anchor: "end" },
    ...(shift === 0
      ? [
          { box: box(x - width / 2, y - gap - height), anchor: "middle" as const },
          { box: box(x - width / 2, y + gap), anchor: "middle" as const },
        ]
      : []),
  ]);
}

/** The spot that covers the least of what is there; of equals the first. */
export function freest(spots: readonly Spot[], taken: readonly Box[], lines: readonly Point[]): Spot {
  const cost = ({ box }: Spot): number => {
    const covered = taken.reduce((sum, other) => sum + overlap(box, other), 0);
    const crossed = lines.filter(([x, y]) => x > box.left && x < box.right && y > box.top && y < box.bottom).length;
    const inside = overlap(box, { left: 8, top: 8, right: VIEW.width - 8, bottom: VIEW.height - 40 });
    const outside = (box.right - box.left) * (box.bottom - box.top) - inside;
    return 4 * covered + 60 * crossed + 20 * outside;
  };
  return spots.reduce((best, spot) => (cost(spot) < cost(best) - 1e-6 ? spot : best));
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

/** The points moved apart until each two are as far from each other as asked for, none farther than it must. */
export function spread(points: readonly Point[], apart: number): Point[] {
  const moved = points.map(([x, y]) => ({ x, y }));
  for (let round = 0; round < 200; round++) {
    moved.forEach((a, index) => {
      moved.slice(index + 1).forEach((b, further) => {
        const distance = Math.hypot(b.x - a.x, b.y - a.y);
        if (distance >= apart) return;
        // Two at the same place have no direction between them: take one by their indices.
        const angle = distance > 1e-6 ? Math.atan2(b.y - a.y, b.x - a.x) : index + further;
        const push = (apart - distance) / 2;
        a.x -= Math.cos(angle) * push;
        a.y -= Math.sin(angle) * push;
        b.x += Math.cos(angle) * push;
        b.y += Math.sin(angle) * push;
      });
    });
  }
  return moved.map(({ x, y }) => [x, y] as const);
}
