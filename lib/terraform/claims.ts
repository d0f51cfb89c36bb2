import { IConstruct } from "constructs";
import { ValidationError, ValidationErrorProps } from "../validation-error";

const CLAIMS = Symbol.for("cdktf-etcd/claims");

type Claiming = IConstruct & { [CLAIMS]?: Map<string, IConstruct> };

/**
 * Takes what there is only once within a scope, such as the name of an output in a stack, or a file in an app. Who takes
 * it first has it; that two want it is an error whoever comes first.
 *
 * @param name with the kind of thing before it: kinds share one set of names
 * @param refusal what to say if another construct has it, which is given; without `given`, which is said here
 * @throws ValidationError if another construct has it
 */
export function claim(
  scope: IConstruct,
  name: string,
  by: IConstruct,
  refusal: (other: IConstruct) => Omit<ValidationErrorProps, "given"> & { readonly given?: string },
): void {
  const claims = ((scope as Claiming)[CLAIMS] ??= new Map<string, IConstruct>());
  const other = claims.get(name);
  if (other !== undefined && other !== by) {
    throw new ValidationError({ given: `twice, in ${other.node.path} and in ${by.node.path}`, ...refusal(other) });
  }
  claims.set(name, by);
}

/** Who has it. */
export function holderOf(scope: IConstruct, name: string): IConstruct | undefined {
  return (scope as Claiming)[CLAIMS]?.get(name);
}
