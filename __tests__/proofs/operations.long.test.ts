import { readFileSync, statSync } from "node:fs";
import { OperationsUnderLoad } from "./operations-under-load";

jest.setTimeout(900_000);

const OPERATIONS = ["machine replaced (-replace)", "leaf certificates renewed", "upgrade from 3.6 to 3.7"];

const underLoad = new OperationsUnderLoad(OPERATIONS);

/** Of Terraform's state, as far as it matters here. */
interface State {
  readonly resources: readonly { readonly name: string; readonly instances: readonly Instance[] }[];
}
interface Instance {
  /** "tainted" where it has to be done again. */
  readonly status?: string;
  readonly attributes: { readonly id: string };
}

/** Which install of a member Terraform's state counts as done; undefined if none, or while it is being written. */
function installed(member: string): string | undefined {
  let state: State;
  try {
    state = JSON.parse(readFileSync(underLoad.harness.stateFile, "utf8")) as State;
  } catch {
    return undefined;
  }
  const [instance] = state.resources.find(({ name }) => name.includes(`_${member}_install_`))?.instances ?? [];
  return instance.status === "tainted" ? undefined : instance.attributes.id;
}

// One story, in order.
describe("clients on three continents lose nothing", () => {
  it.each(OPERATIONS)("%s", async (name) => {
    await underLoad.carryOut(name);
  });

  it("when Terraform is killed in the middle of a rollout: the next deploy completes it", async () => {
    await underLoad.rollWithKill("settings roll (Terraform killed)", /: restarting$/);
  });

  it("when Terraform is killed in the middle of the installs: none is missing after the next deploy", async () => {
    const wan = underLoad.harness.lab.wan();
    const before = installed("etcd-sgp1");
    // So that nothing is installed in Singapore by then, however slow the rest is.
    await wan.link({ a: "operator", b: "sgp1", down: true });
    // Terraform saves its state when an install is done, and counts those as done then that it has begun. Killed while it saves, it would leave
    // an empty one: once only Singapore is left, it has nothing more to save.
    const counted = (): boolean =>
      ![undefined, before].includes(installed("etcd-sgp1")) &&
      Date.now() - statSync(underLoad.harness.stateFile).mtimeMs > 1000;
    const name = "settings roll (Terraform killed while it installs)";
    const lines = await underLoad.rollWithKill(name, /lon1_install_\w+: Creation complete/, counted, () => wan.heal());
    expect(lines).toContain("etcd-sgp1: what install was to stage is not here, as it was interrupted");
  });

  it("and had a quorum in service all along", async () => {
    await underLoad.finish();
  });
});
