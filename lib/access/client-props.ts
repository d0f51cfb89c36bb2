import { CLIENT_PERMISSION_READERS, EtcdClientPermissionProps } from "../authorization/client-permission-props";
import { shape } from "../validation";
import { CLIENT_ACCESS_READERS, EtcdClientAccessProps } from "./client-access";

/** Where a client connects from and, in a cluster with authorization, what it may do. */
export interface EtcdClientProps extends EtcdClientAccessProps, EtcdClientPermissionProps {}

/** What {@link EtcdClientProps} are made of. */
export const CLIENT = shape<EtcdClientProps>({ ...CLIENT_ACCESS_READERS, ...CLIENT_PERMISSION_READERS });
