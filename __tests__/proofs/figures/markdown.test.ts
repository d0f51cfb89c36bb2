import { markdownTable, percent } from "../../../proofs/figures/markdown";

describe("a table", () => {
  it("is Markdown, aligned for those who read it as it is", () => {
    expect(
      markdownTable(
        ["leader", "error"],
        [
          ["lon1", percent(1.23)],
          ["sgp1", percent(-2)],
        ],
      ),
    ).toBe(["| leader |  error |", "| ------ | -----: |", "| lon1   | +1.2 % |", "| sgp1   | -2.0 % |"].join("\n"));
  });
});
