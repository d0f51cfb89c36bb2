/** The public names, nothing else: what is not listed here may change at any time. */
export type { EtcdAlertRulesProps } from "./access/alert-rules";
export type { EtcdClientProps } from "./access/client-props";
export type { EtcdClientAccessProps } from "./access/client-access";
export type { EtcdClientTimeLimits } from "./access/client-env";
export { EtcdClientAccess } from "./access/client-access";
export { EtcdClient } from "./access/etcd-client";
export type { EtcdClientFilesProps, EtcdClusterAttributes, IEtcdCluster } from "./access/etcd-cluster-reference";
export { EtcdClusterReference } from "./access/etcd-cluster-reference";
export type { KubeApiserverFlagsProps } from "./access/kube-apiserver";
export type { EtcdClientPermissionProps } from "./authorization/client-permission-props";
export { EtcdRole } from "./authorization/etcd-role";
export type { EtcdPermissionProps } from "./authorization/permission-props";
export type { EtcdBackupProps, EtcdBackupStorageProps } from "./backup/backup-props";
export { EtcdCluster } from "./etcd-cluster";
export type { EtcdClusterProps } from "./etcd-cluster-props";
export type { EtcdDownloadProps } from "./etcd-download";
export { ClientNetwork, PeerNetwork } from "./networks";
export type { EtcdSettingsProps } from "./etcd-settings";
export { EtcdLogLevel } from "./etcd-settings";
export type { EtcdChecksums } from "./etcd-version";
export { EtcdVersion } from "./etcd-version";
export type { CloudInitPart } from "./hosts/cloud-init-parts";
export { CloudInitPartType } from "./hosts/cloud-init-parts";
export type {
  DigitalOceanHostProps,
  DigitalOceanHostsProps,
  DigitalOceanMachineProps,
} from "./hosts/digitalocean/digitalocean-host-props";
export { DigitalOceanHost } from "./hosts/digitalocean/digitalocean-host";
export type { DigitalOceanHostGroupProps } from "./hosts/digitalocean/digitalocean-host-group";
export type { DigitalOceanSourcesProps } from "./hosts/digitalocean/digitalocean-sources";
export { DigitalOceanHostGroup } from "./hosts/digitalocean/digitalocean-host-group";
export { ExistingHost } from "./hosts/existing/existing-host";
export type { ExistingHostProps } from "./hosts/existing/existing-host-props";
export type { BootDownload, IEtcdHost } from "./etcd-host";
export { Architecture } from "./etcd-host";
export { AuthorityGeneration } from "./pki/authority-generation";
export { KeyAlgorithm } from "./pki/key-algorithm";
export type { SshBastion, SshConnection, SshLogin } from "./ssh-connection";
export type { OwnAuthorityProps } from "./pki/own-authority-props";
export type { PkiProps } from "./pki/pki-props";
export { RevokedCertificate } from "./pki/revoked-certificate";
export type { EtcdUpkeepProps } from "./upkeep/upkeep-props";
export { Weekday } from "./upkeep/upkeep-props";
export type { TakeoverOriginProps } from "./rollout/adoption";
export type { BackupOriginProps, EmptyOriginProps, SurvivorOriginProps } from "./rollout/cluster-origin";
export { ClusterOrigin } from "./rollout/cluster-origin";
export type { ValidationErrorProps } from "./validation-error";
export { ValidationError } from "./validation-error";
export * from "./wan";
