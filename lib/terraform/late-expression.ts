import { IResolvable, IResolveContext, Token } from "cdktf";

/**
 * A Terraform expression whose text is known only once all is declared. Unlike CDKTF's lazy values it may stand among the
 * arguments of a function.
 */
export class LateExpression implements IResolvable {
  public readonly creationStack: string[] = [];

  /** @param text without "${" and "}" */
  public constructor(private readonly text: (context: IResolveContext) => string) {}

  public resolve(context: IResolveContext): string {
    const bare = context.suppressBraces === true;
    const text = this.text(context);
    return bare ? text : `\${${text}}`;
  }

  public toString(): string {
    return Token.asString(this);
  }
}
