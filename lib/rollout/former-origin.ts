import { FormerProps, written, writtenProps } from "../validation";

/** What was given to the props whose place `origin` took. */
interface Given {
  readonly genesis?: unknown;
  readonly recoverFrom?: unknown;
  readonly restore?: unknown;
  readonly adopt?: unknown;
}

const origin = { by: "origin", written: writtenOrigin };

/** Props of a cluster whose place `origin` took. */
export const FORMER_ORIGIN: FormerProps = {
  adopt: origin,
  recoverFrom: origin,
  restore: origin,
  genesis: origin,
};

/** The origin that says the same. */
function writtenOrigin({ genesis, recoverFrom, restore, adopt }: Given): string {
  const founding = genesis === undefined || genesis === 1 ? [] : [["founding", written(genesis)] as const];
  if (adopt !== undefined) {
    return call("takeOver", [...Object.entries(Object(adopt) as object).map(writtenAdoption), ...founding]);
  }
  if (recoverFrom !== undefined) {
    // The first founding has no survivor.
    const later = founding.length > 0 ? founding : [["founding", "2"] as const];
    return call("fromSurvivor", [["member", written(recoverFrom)], ...later]);
  }
  if (restore !== undefined) {
    const { snapshot } = Object(restore) as { readonly snapshot?: unknown };
    return call("fromBackup", [["snapshot", written(snapshot)], ...founding]);
  }
  return call("empty", founding);
}

/** A key may have been given for a certificate by mistake. */
function writtenAdoption([prop, value]: [string, unknown]): readonly [string, string] {
  return [prop, prop.endsWith("Pem") ? "..." : written(value)];
}

function call(factory: string, props: readonly (readonly [string, string])[]): string {
  return `ClusterOrigin.${factory}(${props.length === 0 ? "" : writtenProps(props)})`;
}
