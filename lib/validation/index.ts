/** What is checked of all that a user gives, before anything is made of it. */
export { admitsInternet, isIpv4Address, isIpv6Network, requireCidr } from "./addresses";
export { checkedAt, constructId } from "./construct";
export type { FormerProps } from "./former";
export { written, writtenProps } from "./former";
export { requireDirectory, requireDistinct, requireDnsLabel, requireDnsName, requireMatch } from "./names";
export { requireInteger } from "./numbers";
export {
  callable,
  finite,
  flag,
  having,
  instance,
  lateList,
  lateNumber,
  lateText,
  list,
  number,
  oneOf,
  read,
  record,
  required,
  secret,
  shape,
  text,
} from "./shapes";
export type { Reader, ShapeOf } from "./shapes";
export { shown } from "./shown";
export { isLate, isLateList, requireKnown, tooLate } from "./tokens";
export { requireHttpsUrl, requireReachablePort } from "./urls";
