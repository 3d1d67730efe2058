import { cApi, withStatus } from "./c_api.ts";
import { configProto, JOB, type ProcessConfig, type Server } from "./config.ts";
import { encodeServer } from "./messages.ts";

/**
 * Starts TensorFlow's server of the process `rank` of a cluster, whose processes have these
 * addresses, host:port. It listens on its port until the process ends, because TensorFlow cannot
 * release a server. Throws TensorFlow's error if it cannot listen there.
 */
export function startServer(
  addresses: readonly string[],
  rank: number,
  config: ProcessConfig,
): Server {
  const api = cApi();
  // gRPC would ask a proxy for the other workers, who are in this network.
  if (Deno.env.get("grpc_proxy") === undefined) Deno.env.set("grpc_proxy", "");
  const definition = encodeServer({
    cluster: { job: [{ name: JOB, tasks: { ...addresses } }] },
    jobName: JOB,
    taskIndex: rank,
    defaultSessionConfig: configProto({ ...config, server: { rank } }),
    protocol: "grpc",
  });
  const action = () => `the server of ${addresses[rank]}`;
  const server = withStatus(
    action,
    (status) => api.TF_NewServer(definition, BigInt(definition.length), status),
  )!;
  withStatus(action, (status) => api.TF_ServerStart(server, status));
  return { target: new Deno.UnsafePointerView(api.TF_ServerTarget(server)!).getCString(), rank };
}
