/** Edits (insert, delete, replace) that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_unused, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column] + 1, current[column - 1] + 1));
    }
    previous = current;
  }
  return previous[b.length];
}

/**
 * The known names that the writer of `given` may have meant, nearest first, for the end of an error message.
 *
 * A name is near when it is at most two edits away (one, where the name is shorter than four letters).
 *
 * @internal
 */
export function nearMatches(given: string, known: string[]): string[] {
  const wanted = given.trim().toLowerCase();
  const allowed = wanted.length < 4 ? 1 : 2;
  return known
    .map((name) => ({ name, distance: editDistance(wanted, name.toLowerCase()) }))
    .filter((candidate) => candidate.distance <= allowed)
    .sort((x, y) => x.distance - y.distance || (x.name < y.name ? -1 : 1))
    .map((candidate) => candidate.name);
}

/**
 * The tail of an instruction: `did you mean lon1 or tor1?`, or the whole list where nothing is near.
 *
 * @internal
 */
export function didYouMean(matches: string[], known: string[]): string {
  return matches.length > 0 ? `did you mean ${matches.join(" or ")}?` : `use one of ${known.join(", ")}`;
}
