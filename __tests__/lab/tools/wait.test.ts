import { waitFor } from "../../../lab/tools/wait";

test("waiting ends when the condition holds", async () => {
  let asked = 0;
  await waitFor("the third answer", () => ++asked === 3, 10, 1);
  expect(asked).toBe(3);
});

test("waiting in vain says what was waited for", async () => {
  await expect(waitFor("snow", () => false, 0.02, 1)).rejects.toThrow("snow: not within 0.02 s");
});
