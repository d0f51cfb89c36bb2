import { ValidationError } from "../validation-error";
import { read, required, text } from "./shapes";
import { shown } from "./shown";

/** Whatever has a path in the app. */
interface Placed {
  readonly node: { readonly path: string };
}

/** What `check` returns. A {@link ValidationError} that it throws says at which construct it was. */
export function checkedAt<T>(construct: Placed, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof ValidationError) error._locate(construct.node.path);
    throw error;
  }
}

/**
 * A construct's id, before the construct is made with it.
 *
 * @throws ValidationError if it is no text, or empty: the package "constructs" would fail without a word about it
 */
export function constructId(className: string, id: string): string {
  const what = `id of ${className}`;
  read(what, id, required(text));
  if (id !== "") return id;
  throw new ValidationError({ what, given: shown(id), expected: "a name", mend: 'give it one, for example "etcd"' });
}
