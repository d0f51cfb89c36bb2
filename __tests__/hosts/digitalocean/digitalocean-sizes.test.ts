import { dropletSize } from "../../../lib/hosts/digitalocean/digitalocean-sizes";

describe("sizes", () => {
  it("are known by slug, and processor makes share them", () => {
    expect(dropletSize("s-2vcpu-2gb")).toEqual({ memoryMiB: 2048, diskGiB: 60 });
    expect(dropletSize("s-2vcpu-4gb-intel")).toEqual(dropletSize("s-2vcpu-4gb"));
    expect(dropletSize("s-2vcpu-4gb-amd")).toEqual(dropletSize("s-2vcpu-4gb"));
  });

  it("that are not in the table are unknown, not wrong", () => {
    expect(dropletSize("gd-40vcpu-160gb")).toBeUndefined();
    expect(dropletSize("toString")).toBeUndefined();
  });
});
