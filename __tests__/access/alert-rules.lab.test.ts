/** @independent */
import { ensureCommands } from "../../lab/tools/apt";
import { find } from "../tools";
import { describeRules } from "./prometheus-rules";

beforeAll(async () => {
  await ensureCommands(["promtool"]);
}, 300_000);

describeRules(() => find("promtool") ?? "promtool");
