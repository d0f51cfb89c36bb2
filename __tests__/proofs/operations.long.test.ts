import { OperationsUnderLoad } from "./operations-under-load";

jest.setTimeout(900_000);

const OPERATIONS = ["machine replaced (-replace)", "leaf certificates renewed", "upgrade from 3.6 to 3.7"];

const underLoad = new OperationsUnderLoad(OPERATIONS);

// One story, in order.
describe("clients on three continents lose nothing", () => {
  it.each(OPERATIONS)("%s", async (name) => {
    await underLoad.carryOut(name);
  });

  it("when Terraform is killed in the middle of a rollout: the next deploy completes it", async () => {
    await underLoad.rollWithKill("settings roll (Terraform killed)", /: restarting$/);
  });

  it("and had a quorum in service all along", async () => {
    await underLoad.finish();
  });
});
