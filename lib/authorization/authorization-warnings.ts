/** Warnings about a cluster that works, but answers some of its clients less than it could. */
export function authorizationWarnings(authorization: boolean | undefined, grpcGateway: boolean): string[] {
  if (authorization !== true || !grpcGateway) return [];
  return [
    "settings.grpcGateway is true, but with authorization on, etcd's gRPC gateway answers nobody who has a client certificate: leave " +
      "grpcGateway out, or say false",
  ];
}
