import { type BareMachineProps, checkProps } from "../../../../lab/clouds/bare/props";
import { ToolError } from "../../../../lab/tools/tool-error";

const props: BareMachineProps = { name: "one", location: "lon1", sshKeys: ["ssh-ed25519 AAAA me@here\n"] };

function refusalOf(changes: Partial<BareMachineProps>): string | undefined {
  try {
    checkProps({ ...props, ...changes }, ["lon1", "nyc3"]);
    return undefined;
  } catch (error) {
    if (error instanceof ToolError) return error.message;
    throw error;
  }
}

describe("a machine without a cloud", () => {
  it.each<Partial<BareMachineProps>>([
    {},
    { location: "nyc3", user: { name: "admin", sudo: false }, otherUser: "guest" },
    { network: "cellar", bastion: true, sshFrom: [] },
    { behind: "another", hostKeyTypes: ["rsa"] },
    { sshKeys: ["ecdsa-sha2-nistp256 AAAA=", "sk-ssh-ed25519@openssh.com AAAA"] },
  ])("can be made of %j", (changes) => {
    expect(refusalOf(changes)).toBeUndefined();
  });

  it.each<[Partial<BareMachineProps>, string]>([
    [{ name: "One" }, '"One" is no host name.'],
    [{ name: "one-" }, '"one-" is no host name.'],
    [{ location: "ams3" }, 'The lab has no location "ams3". It has: lon1, nyc3.'],
    [{ sshKeys: [] }, 'Nobody could log in to "one".'],
    [{ sshKeys: ["ssh-ed25519 AAAA\nKEYS\nrm -rf /"] }, "is no OpenSSH public key."],
    [{ sshKeys: ['command="true" ssh-ed25519 AAAA'] }, "is no OpenSSH public key."],
    [{ user: { name: "root" } }, '"root" is no name for a user besides root.'],
    [{ user: { name: "a;b" } }, '"a;b" is no name for a user besides root.'],
    [{ otherUser: "$(id)" }, '"$(id)" is no name for a user besides root.'],
    [{ user: { name: "admin" }, otherUser: "admin" }, 'Two users of "one" have the name "admin".'],
    [{ network: "a b" }, '"a b" is no name of a network.'],
    [{ hostKeyTypes: [] }, "are no types of host keys. Give one or more of ed25519, ecdsa, rsa."],
    [{ bastion: true }, 'The bastion "one" needs a private network'],
    [{ bastion: true, network: "cellar", behind: "two" }, 'The bastion "one" needs a private network'],
    [{ behind: "two", network: "cellar" }, 'is in the network of the bastion "two"'],
    [{ sshFrom: ["10.0.0.0/33"] }, '"10.0.0.0/33" is neither an IP address nor a CIDR'],
  ])("cannot be made of %j", (changes, message) => {
    expect(refusalOf(changes)).toContain(message);
  });
});
