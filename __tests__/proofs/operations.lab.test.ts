import { OperationsUnderLoad } from "./operations-under-load";

jest.setTimeout(900_000);

// Without etcd's gateway: a leader that could not hand over would be replaced by an election.
const underLoad = new OperationsUnderLoad([], { grpcGateway: false });

// One story, in order.
describe("clients on three continents lose nothing", () => {
  it("when a setting is rolled out", async () => {
    await underLoad.carryOut("settings roll");
  });

  it("and had a quorum in service all along", async () => {
    await underLoad.finish();
  });
});
