/** How many inputs are tried, and from which seed; more by the environment. */
export const RUNS = Number(process.env.CDKTF_ETCD_RANDOM_INPUTS ?? 1000);
export const SEED = Number(process.env.CDKTF_ETCD_RANDOM_SEED ?? 20261130);
