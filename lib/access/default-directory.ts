/** Where clients' files go by default, relative to where the app runs. */
export const DEFAULT_ACCESS_DIRECTORY = "etcd-access";
