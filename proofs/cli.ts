/** `npm run lab`: the lab's verbs, and one for etcd. */
import { exportsOf, labProgram } from "terraform-lab";
import { serveEtcd } from "./etcd/in-lab";
import definition from "./lab.config";

const { program, lab, run } = labProgram(definition);

program
  .command("etcd")
  .description("serve another version of etcd, and print the exports for deploying it")
  .argument("<version>", 'for example "3.5.33"')
  .action(async (version: string) => {
    console.log(exportsOf(await serveEtcd(lab, version, console.error)));
  });

void run();
