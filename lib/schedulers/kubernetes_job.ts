import { stringify } from "@std/yaml";
import { GRACE, type Job } from "./job.ts";

/** A job of Kubernetes. */
export interface KubernetesJob extends Job {
  /** The container's image, with Deno and either Python and pip or TensorFlow. */
  readonly image: string;
  /** The name of the persistent volume claim that holds the project. */
  readonly volume: string;
}

/** The folder of the project in a container. */
const PROJECT = "/project";

/** The number of times that a task which fails is started again, unless it would fail as before. */
const BACKOFF_LIMIT = 6;

/**
 * Writes the manifest of an Indexed Job, which needs Kubernetes 1.29. Each of its pods runs the
 * command in the project, which is a volume that all of them share. A pod that is evicted or
 * interrupted saves its trials, and the one in its place goes on. A pod whose trial diverges ends
 * its task as failed, but stops none of the others.
 */
export function kubernetesJob(
  { command, tasks, cpus, memory, gpus, image, volume }: KubernetesJob,
): string {
  const resources = {
    cpu: String(cpus),
    memory: `${memory}Gi`,
    ...gpus > 0 && { "nvidia.com/gpu": gpus },
  };
  const container = {
    name: "retort",
    image,
    command,
    workingDir: PROJECT,
    // TensorFlow and the packages are fetched once for all pods.
    env: [{ name: "XDG_CACHE_HOME", value: `${PROJECT}/runs/.cache` }],
    resources: { requests: { ...resources }, limits: resources },
    volumeMounts: [{ name: "project", mountPath: PROJECT }],
  };
  const manifest = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { generateName: "retort-" },
    spec: {
      completionMode: "Indexed",
      completions: tasks,
      parallelism: tasks,
      // With a limit for each task there is none for all of them, which would stop good trials.
      backoffLimitPerIndex: BACKOFF_LIMIT,
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onExitCodes: { operator: "In", values: [130] } },
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          // Usage and divergence: the same command would end in the same way.
          { action: "FailIndex", onExitCodes: { operator: "In", values: [2, 4] } },
        ],
      },
      template: {
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: GRACE,
          containers: [container],
          volumes: [{ name: "project", persistentVolumeClaim: { claimName: volume } }],
        },
      },
    },
  };
  return stringify(manifest, { lineWidth: -1 });
}
