import { type Cluster, type ClusterFlags, clusterOf, workerName } from "../engine/cluster.ts";
import type { Agreement } from "../engine/hello.ts";
import { openCluster } from "../engine/open_cluster.ts";
import { declarationHash } from "../experiment/declaration.ts";
import { versions } from "../project/versions.ts";
import { Failure } from "../values/failure.ts";
import { sha256 } from "../values/sha256.ts";
import type { RequestedTrial } from "./queue.ts";
import type { Settings } from "./settings.ts";
import { type Workers, workersOf } from "./workers.ts";

/**
 * Runs trials as a worker of the cluster that the flags or `tfConfig`, the text of `TF_CONFIG`, say:
 * meets the other workers, which run the same trials with the same settings, and ends with them.
 * Without a cluster, runs them alone. Rejects with a `Failure` also if the flags are wrong or the
 * workers differ (exit 2), or if one does not come or is lost (exit 1).
 */
export async function trainTogether<T>(
  flags: ClusterFlags,
  tfConfig: string | undefined,
  trials: readonly RequestedTrial[],
  settings: Settings,
  run: (settings: Settings) => Promise<T>,
): Promise<T> {
  const cluster = clusterOf(flags, tfConfig);
  if (!cluster) return await run(settings);
  if (settings.pending) {
    const [source, way] = flags.cluster === undefined
      ? ["TF_CONFIG", "unset TF_CONFIG, or leave out --pending"]
      : ["--cluster", "leave out one of them"];
    throw new Failure(
      2,
      `--pending and ${source} exclude each other, since workers share each batch: ${way}`,
    );
  }
  const agreement = await agreementOf(trials, settings);
  using open = await openCluster(cluster, { ...settings, log: settings.status.line, agreement });
  settings.status.line(describeShare(cluster, settings));
  try {
    const workers = workersOf(open);
    const precision = await sharedPrecision(settings, workers);
    const result = await run({ ...settings, precision, cluster: open, workers });
    await open.calls.leave();
    return result;
  } catch (error) {
    // All workers know of a divergence and of an interruption. They notice any other error because
    // this one ends without leaving.
    if (error instanceof Failure && [4, 130].includes(error.exit)) await open.calls.leave();
    throw error;
  }
}

/** What all workers must have in common, by its name in messages. */
async function agreementOf(
  trials: readonly RequestedTrial[],
  settings: Settings,
): Promise<Agreement> {
  const declarations: string[] = [];
  for (const { experiment, seed } of trials) {
    declarations.push(`${await declarationHash(experiment)} ${seed}`);
  }
  const all = new TextEncoder().encode(declarations.join("\n"));
  const { deterministic, syncNorm, gradNorms, epochs, limit, cohort, fresh } = settings;
  const precision = settings.keepPrecision ? "auto" : settings.precision;
  const flags = { precision, deterministic, syncNorm, gradNorms, epochs, limit, cohort, fresh };
  return {
    "version of Retort": versions(null).retort ?? "unknown",
    "declaration": (await sha256(all)).slice(0, 12),
    "setting of the run": JSON.stringify(flags),
  };
}

/**
 * The precision of all workers. Where each has taken the faster one, bfloat16 only if all of them
 * have.
 */
async function sharedPrecision(
  { precision, keepPrecision, status }: Settings,
  workers: Workers,
): Promise<Settings["precision"]> {
  if (!keepPrecision || !await workers.any(precision !== "bfloat16")) return precision;
  if (precision === "bfloat16") status.line("trains in float32, which is faster at another worker");
  return "float32";
}

function describeShare(cluster: Cluster, { syncNorm }: Settings): string {
  const { rank, addresses } = cluster;
  const role = rank === 0 ? "leads" : `follows ${workerName(cluster, 0)}, which prints and records`;
  const norms = syncNorm
    ? "norms use the whole batch"
    : "norms use each worker's part, and worker 0's is saved; --sync-norm: the whole batch";
  return `worker ${rank} of ${addresses.length} ${role}; ${norms}`;
}
