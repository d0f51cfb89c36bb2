/**
 * Looks pairs up in a table that has each pair of names once.
 *
 * @param names in the order of the table
 * @param rows row i, column j is the pair of names i and i + 1 + j
 * @returns the value of two names in either order; undefined for a name twice, or one that the table does not have
 */
export function triangularTable(
  names: readonly string[],
  rows: readonly (readonly number[])[],
): (a: string, b: string) => number | undefined {
  const index = new Map(names.map((name, at) => [name, at]));
  return (a, b) => {
    const [first, second] = [index.get(a) ?? -1, index.get(b) ?? -1].sort((x, y) => x - y);
    return first < 0 || first === second ? undefined : rows[first][second - first - 1];
  };
}
