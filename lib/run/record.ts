import { declaration } from "../experiment/experiment.ts";
import type { Json } from "../values/json.ts";
import type { Player } from "../nn/network.ts";
import type { Prepared } from "./prepare.ts";
import type { Resolved } from "./resolve.ts";
import type { Progress } from "./run_folder.ts";
import type { Settings } from "./settings.ts";
import type { StageRecord } from "./first_stages.ts";
import { versions } from "../project/versions.ts";

/** What a run says of itself before it begins: what was declared and resolved, and what computes it. */
export function declared(
  { experiment, identity, declaration: hash, seed, quick }: Resolved,
  { tensorflow, heldOut, student, teachers }: Prepared,
  stages: readonly StageRecord[],
  { threads, deterministic }: Settings,
  { precision, backend }: Progress,
  commit: string | null,
): Json {
  const size = ({ recipe: { id }, parameters, multiplyAdds }: Player) => ({ id, parameters, multiplyAdds });
  return {
    experiment: identity.id,
    declaration: declaration(experiment),
    hash,
    seed,
    quick: quick ?? null,
    student: size(student),
    teachers: teachers.map(size),
    stages: stages.map((stage) => ({ ...stage })),
    holdout: heldOut ? [...heldOut.indices] : null,
    precision,
    backend,
    threads: threads ?? null,
    deterministic: deterministic ?? false,
    versions: { ...versions(tensorflow) },
    commit,
  };
}
