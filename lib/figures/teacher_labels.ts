import { networkOf, type Teacher } from "../experiment/experiment.ts";
import { describeSource } from "../experiment/weights.ts";
import { identify, type Identity } from "../project/identify.ts";
import { labelsOf } from "../project/labels.ts";
import type { Shown } from "./figure.ts";

/**
 * Names the only teacher of each experiment: its network's id and, where several of these teachers
 * are that network, the short name of its experiment or file in brackets.
 */
export async function teacherLabels(shown: readonly Shown[]): Promise<string[]> {
  const teachers = await Promise.all(
    shown.map(async ({ experiment: { teachers: [teacher] } }) => ({
      network: networkOf(teacher).id,
      identity: await identityOf(teacher),
    })),
  );
  return teachers.map(({ network, identity: { id } }) => {
    const alike = teachers.filter((other) => other.network === network);
    const identities = new Map(alike.map(({ identity }) => [identity.id, identity]));
    if (identities.size === 1) return network;
    const labels = labelsOf([...identities.values()]);
    return `${network} (${labels[[...identities.keys()].indexOf(id)]})`;
  });
}

/** The identity of a teacher's weights: their file, or an experiment with a seed and an epoch. */
async function identityOf(teacher: Teacher): Promise<Identity> {
  if (teacher.kind === "external") {
    const file = describeSource(teacher);
    return { id: file, module: file };
  }
  const { experiment, seed, epoch, average } = teacher;
  const { id, ...place } = await identify(experiment);
  const after = typeof epoch === "number" ? `epoch ${epoch}` : epoch;
  return { ...place, id: `${id} seed ${seed}, ${after}${average ? ", average" : ""}` };
}
