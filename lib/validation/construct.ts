import { ValidationError } from "../validation-error";

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
