import { list, requireDistinct, shape, ShapeOf, shown, text } from "../validation";
import { ValidationError } from "../validation-error";

/** Keys that somebody may use, by how they begin. */
export interface EtcdPermissionProps {
  /**
   * Keys that may be read and watched, by their prefixes, for example `/app/`. A prefix ends with a separator, anything but a
   * letter or a digit, as `/app` would cover `/apple`, too.
   * @default - none
   */
  readonly read?: string[];
  /**
   * Keys that may be read, watched, written and deleted, by their prefixes, which end with a separator.
   * @default - none
   */
  readonly readWrite?: string[];
  /**
   * Those of the prefixes above that end without a separator on purpose, and cover all longer names, too.
   * @default - none
   */
  readonly withoutSeparator?: string[];
}

/** The readers of {@link EtcdPermissionProps}, for interfaces that extend it. */
export const PERMISSION_READERS: ShapeOf<EtcdPermissionProps> = {
  read: list(text),
  readWrite: list(text),
  withoutSeparator: list(text),
};

/** What {@link EtcdPermissionProps} are made of. */
export const PERMISSION = shape<EtcdPermissionProps>(PERMISSION_READERS);

/** A permission of etcd's for a range of keys, which are in upper-case hexadecimal, as a key may hold any octet. */
export interface Permission {
  readonly type: "read" | "readwrite";
  /** The first key of the range. */
  readonly key: string;
  /** The first key after the range. */
  readonly end: string;
}

/** Reading and writing all keys: etcd takes a zero for either end of all. */
export const ALL_KEYS: Permission = { type: "readwrite", key: "00", end: "00" };

/** Longest prefix, in octets. etcd has no limit of its own for keys but that of a request; longer ones are a mistake. */
const LONGEST_PREFIX = 1024;

/**
 * What these props permit, in etcd's terms.
 *
 * @param what whose they are, for messages: `addClient("app")`
 * @throws ValidationError if a prefix is empty, ends without a separator though it is not among those that may, or stands twice
 */
export function permissionsOf(what: string, props: EtcdPermissionProps): Permission[] {
  const { read: readable = [], readWrite = [], withoutSeparator = [] } = props;
  const path = (prop: string): string => `${what}.${prop}`;
  for (const prefix of readable) requirePrefix(path("read"), prefix, withoutSeparator);
  for (const prefix of readWrite) requirePrefix(path("readWrite"), prefix, withoutSeparator);
  requireDistinct(what, [...readable, ...readWrite], "leave one out: readWrite permits reading, too");
  for (const prefix of withoutSeparator) requireUsed(path("withoutSeparator"), prefix, [...readable, ...readWrite]);
  return [
    ...readable.map((prefix): Permission => ({ type: "read", ...rangeOf(prefix) })),
    ...readWrite.map((prefix): Permission => ({ type: "readwrite", ...rangeOf(prefix) })),
  ];
}

/** A text's UTF-8 octets in upper-case hexadecimal. */
export function hexadecimal(value: string): string {
  return Buffer.from(value, "utf8").toString("hex").toUpperCase();
}

/** The first key after all those that begin so, both in hexadecimal; "00", etcd's end of all keys, if there is none. */
export function endOfPrefix(key: string): string {
  const end = Buffer.from(key.replace(/(FF)+$/, ""), "hex");
  if (end.length === 0) return ALL_KEYS.end;
  end[end.length - 1] += 1;
  return end.toString("hex").toUpperCase();
}

/** All keys that begin with a prefix. */
function rangeOf(prefix: string): Pick<Permission, "key" | "end"> {
  const key = hexadecimal(prefix);
  return { key, end: endOfPrefix(key) };
}

function requirePrefix(what: string, prefix: string, withoutSeparator: readonly string[]): void {
  if (prefix === "") {
    throw new ValidationError({
      what,
      given: '""',
      expected: 'a prefix, for example "/app/"',
      mend: "name the keys; whoever may use all of them has everything: true",
    });
  }
  const octets = Buffer.byteLength(prefix, "utf8");
  if (octets > LONGEST_PREFIX || Buffer.from(prefix, "utf8").toString("utf8") !== prefix) {
    throw new ValidationError({
      what,
      given: octets > LONGEST_PREFIX ? `a prefix of ${octets} octets` : shown(prefix),
      expected: `a prefix of at most ${LONGEST_PREFIX} octets of UTF-8`,
      mend: "see where it was put together",
    });
  }
  if (!/[\p{L}\p{N}]$/u.test(prefix) || withoutSeparator.includes(prefix)) return;
  throw new ValidationError({
    what,
    given: shown(prefix),
    expected: `a prefix that ends with a separator: ${shown(`${prefix}/`)}; ${shown(prefix)} covers ${shown(`${prefix}bar`)}, too`,
    mend: `add the separator, or have it cover these by withoutSeparator: [${shown(prefix)}]`,
  });
}

function requireUsed(what: string, prefix: string, prefixes: readonly string[]): void {
  if (prefixes.includes(prefix)) return;
  throw new ValidationError({
    what,
    given: shown(prefix),
    expected: "one of the prefixes in read and readWrite",
    mend: "add it there, too, or take it out here",
  });
}
