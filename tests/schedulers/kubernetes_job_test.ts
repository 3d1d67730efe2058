import { assertEquals } from "@std/assert";
import { parse } from "@std/yaml";
import { type KubernetesJob, kubernetesJob } from "../../lib/schedulers/kubernetes_job.ts";
import { GRACE } from "../../lib/schedulers/job.ts";
import {
  arrayOf,
  count,
  optional,
  readAs,
  type Reader,
  recordOf,
  strictObject,
  text,
} from "../../lib/values/reader.ts";

const JOB: KubernetesJob = {
  command: ["deno", "task", "exp", "a b#kd", "yes", "--threads", "2"],
  ...{ tasks: 8, cpus: 2, memory: 6, gpus: 0, image: "lab/retort:1", volume: "our-project" },
};

/** Reads this value only. */
const only = <const T>(expected: T): Reader<T> => (value) => {
  assertEquals(value, expected);
  return expected;
};

/** The members of Kubernetes' Job, batch/v1, that a manifest may have here, and their types. */
const container = strictObject({
  name: text,
  image: text,
  command: arrayOf(text),
  workingDir: text,
  env: arrayOf(strictObject({ name: text, value: text })),
  resources: strictObject({
    requests: recordOf(quantity),
    limits: recordOf(quantity),
  }),
  volumeMounts: arrayOf(strictObject({ name: text, mountPath: text })),
});
const rule = strictObject({
  action: text,
  onExitCodes: optional(strictObject({ operator: text, values: arrayOf(count) })),
  onPodConditions: optional(arrayOf(strictObject({ type: text, status: text }))),
});
const schema = strictObject({
  apiVersion: only("batch/v1"),
  kind: only("Job"),
  metadata: strictObject({ generateName: text }),
  spec: strictObject({
    completionMode: only("Indexed"),
    completions: count,
    parallelism: count,
    // No `backoffLimit`: failures of some tasks would stop the others.
    backoffLimitPerIndex: count,
    podFailurePolicy: strictObject({ rules: arrayOf(rule) }),
    template: strictObject({
      spec: strictObject({
        // A policy for failed pods asks for this.
        restartPolicy: only("Never"),
        terminationGracePeriodSeconds: count,
        containers: arrayOf(container),
        volumes: arrayOf(strictObject({
          name: text,
          persistentVolumeClaim: strictObject({ claimName: text }),
        })),
      }),
    }),
  }),
});

/** Reads a quantity of a resource: a whole number, or one with a unit. */
function quantity(value: unknown): string | number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (typeof value === "string" && /^\d+(Gi)?$/.test(value)) return value;
  throw new Error(`${JSON.stringify(value)} is no quantity`);
}

const read = (job: KubernetesJob) =>
  readAs(parse(kubernetesJob(job)), schema, (problem) => new Error(problem));

Deno.test("k8s: the manifest is an Indexed Job, with nothing that a Job does not know", () => {
  const { completions, parallelism, template: { spec } } = read(JOB).spec;
  const [{ command, image, resources, volumeMounts, workingDir }] = spec.containers;
  assertEquals([completions, parallelism], [8, 8]);
  assertEquals([command, image], [JOB.command, "lab/retort:1"]);
  assertEquals(resources.limits, { cpu: "2", memory: "6Gi" });
  assertEquals(spec.volumes, [{
    name: volumeMounts[0].name,
    persistentVolumeClaim: { claimName: "our-project" },
  }]);
  assertEquals(volumeMounts[0].mountPath, workingDir);
});

Deno.test("k8s: a task that would fail again ends alone, one that is interrupted goes on", () => {
  const { backoffLimitPerIndex, podFailurePolicy: { rules }, template } = read(JOB).spec;
  assertEquals<unknown>(rules, [
    { action: "Ignore", onExitCodes: { operator: "In", values: [130] } },
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    { action: "FailIndex", onExitCodes: { operator: "In", values: [2, 4] } },
  ]);
  assertEquals(backoffLimitPerIndex, 6);
  assertEquals(template.spec.terminationGracePeriodSeconds, GRACE);
});

Deno.test("k8s: a GPU is both requested and the limit", () => {
  const [{ resources: { requests, limits } }] = read({ ...JOB, gpus: 1 }).spec.template.spec
    .containers;
  assertEquals(limits, { cpu: "2", memory: "6Gi", "nvidia.com/gpu": 1 });
  assertEquals(requests, limits);
  assertEquals(kubernetesJob({ ...JOB, gpus: 1 }).includes("&"), false);
});
