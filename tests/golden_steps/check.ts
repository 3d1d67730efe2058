/** What the checks of all methods' steps share: five steps of training beside the golden ones. */
import { assertEquals } from "@std/assert";
import type { Distiller } from "../../lib/distiller.ts";
import type { Values } from "../../lib/engine.ts";
import type { Resnet } from "../../lib/networks/resnet.ts";
import { optimizer } from "../../lib/optimizer.ts";
import { referenceName } from "../../lib/reference_names.ts";
import { type Schedule, sgd } from "../../lib/schedule.ts";
import { trainStep } from "../../lib/step.ts";
import { type Variable, variables } from "../../lib/variables.ts";
import { cast, stepInputs } from "../cast.ts";
import { assertNearInSomeDraw, moved } from "../draws.ts";
import { open } from "../engines.ts";
import { type Check, type Golden, readGolden } from "../goldens.ts";
import { ourMap, ourWeight } from "../layout.ts";
import { type Network as Reference, referenceNetwork, referenceValues } from "../reference_networks.ts";
import { distance, isChaotic, norm, tolerance } from "../tolerance.ts";

/** What the JSON of a case of steps says. */
export interface Steps {
  readonly args: Readonly<Record<string, number>>;
  readonly pair: string;
  readonly num_classes: number;
  readonly optimizer: string;
  readonly batches: readonly number[];
  readonly final_order: Readonly<Record<string, readonly string[]>>;
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number | readonly number[]>>;
}

/** What the methods of steps fit: the CIFAR ResNets. */
export type Network = Resnet;

/** A method as a case has it. */
export interface Method {
  /** With the case's options. */
  readonly distiller: Distiller<Network, Network> | Distiller<Network>;
  /** Each recorded loss with its weight in the sum, and the terms here that make it up. */
  readonly terms: readonly {
    readonly of: readonly (readonly [weight: number, step: string])[];
    readonly terms: readonly string[];
  }[];
  /** Copies of the teacher that learn, as they are called there. */
  readonly copies?: readonly string[];
  /** Extra modules by their names there: what each of their tensors is called here; statistics and weights alike. */
  readonly modules?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The schedule that a case's text describes. */
function scheduleOf({ facts }: Golden<Steps>): Schedule {
  const [, lr, momentum, weightDecay] = facts.optimizer.match(/^SGD lr (\S+) momentum (\S+) weight_decay (\S+)/)!.map(
    Number,
  );
  return sgd({ epochs: 1, batch: 1, lr, momentum, weightDecay });
}

export async function check(golden: Golden<Steps>, method: Method): Promise<void> {
  const { facts } = golden, common = await readGolden("steps/_common"), classes = facts.num_classes;
  const [teacher, student] = facts.pair.split("->").map((name) => referenceNetwork(name));
  const batches = facts.batches.map((i) => ({
    image: ourMap(common.tensor(`in.x_${i}`)),
    label: common.integers(`in.y_${i}`),
  }));
  const image = batches[0].image.shape.slice(1);
  const initially = (network: Reference, prefix: string, theirs: string) =>
    referenceValues(network, prefix, image, classes, (name) => common.tensor(`init.${theirs}.${name}`));
  const copies = (method.copies ?? []).map((name, i) => [name, `method.self${i + 1}.0.`] as const);
  const modules = Object.entries(method.modules ?? {});
  const made = cast({
    student,
    teacher,
    distiller: method.distiller,
    image,
    classes,
    values: new Map([
      ...initially(student, "student.", "student"),
      ...initially(teacher, "teacher.", "teacher"),
      ...copies.flatMap(([name, prefix]) => initially(teacher, prefix, name)),
      ...modules.flatMap(([module, names]) =>
        Object.entries(names).map(([theirs, ours]): [string, Float32Array] => [
          ours,
          ourWeight(golden.tensor(`init.${module}.${theirs}`)).data,
        ])
      ),
    ]),
  });

  const schedule = scheduleOf(golden), velocities = new Map<string, Variable>();
  const update = optimizer(
    schedule,
    made.trainable,
    variables({ seed: 1, collected: velocities, prefix: "velocity." }),
  );
  const changing = [...made.collected.values()].filter((variable) => !variable.fixed);
  const engine = await open("compiled"), step = engine.compile(trainStep({ ...made, optimizer: update }));
  /** How far off the losses of all the steps are, and what becomes of the variables. */
  const run = async (draw: number): Promise<[off: [string, number][], final: ReadonlyMap<string, Float32Array>]> => {
    await engine.hold([...made.collected.values(), ...velocities.values()], moved(changing, draw));
    const off: [string, number][] = [];
    for (const [i, { image, label }] of batches.entries()) {
      const values = await step(stepInputs(image, label, schedule.rate(1), i));
      off.push(...lossesOff(golden, method, i, values));
    }
    const values = await engine.read(changing);
    return [off, new Map(changing.map(({ name }, i) => [name, values[i]]))];
  };
  /** The variables below `prefix`, by the references' names. */
  const named = (final: ReadonlyMap<string, Float32Array>, network: Reference, prefix: string) =>
    Array.from(final).flatMap(([name, values]): [string, Float32Array][] =>
      name.startsWith(prefix) ? [[referenceName(network, name.slice(prefix.length)), values]] : []
    );
  try {
    await assertNearInSomeDraw(async (draw) => {
      const [off, final] = await run(draw);
      return new Map([
        ...off,
        ...finalOff(golden, "student", named(final, student, "student.")),
        ...copies.flatMap(([name, prefix]) => finalOff(golden, name, named(final, teacher, prefix))),
        ...modules.flatMap(([module, names]) =>
          finalOff(golden, module, Object.entries(names).map(([theirs, ours]) => [theirs, final.get(ours)!]))
        ),
      ]);
    });
  } finally {
    engine.close();
  }
}

/** How far off the losses of step `i` are, as a share of what is allowed. */
function lossesOff({ facts, tensor }: Golden<Steps>, { terms }: Method, i: number, values: Values): [string, number][] {
  const error = (name: string) => (facts.fp32_vs_fp64_rel_err[`step.${name}`] as readonly number[])[i];
  const step = (name: string) => tensor(`step.${name}`).data[i];
  const sums = terms.map(({ of, terms }): [string, number] => {
    const ours = terms.reduce((sum, term) => sum + values[`loss/${term}`][0], 0);
    const golden = of.reduce((sum, [weight, name]) => sum + weight * step(name), 0);
    const allowed = tolerance(Math.max(...of.map(([, name]) => error(name))));
    return [`${terms.join(" + ")} of step ${i + 1}`, distance([ours], [golden]) / allowed];
  });
  return [[`loss of step ${i + 1}`, distance(values.loss, [step("loss")]) / tolerance(error("loss"))], ...sums];
}

/**
 * How far off a network's weights and statistics are after the last step, as a share of what is allowed: all together as
 * the goldens' README has it, each by itself of its highest tolerance.
 */
function finalOff(
  { facts, has, tensor }: Golden<Steps>,
  network: string,
  ours: readonly (readonly [string, Float32Array])[],
): [string, number][] {
  const error = facts.fp32_vs_fp64_rel_err[`final.${network}`] as number, names = facts.final_order[network];
  assertEquals(ours.map(([name]) => name).sort(), [...names].sort(), `variables of ${network}`);
  if (isChaotic(error)) return [];
  const moments = tensor(`final.${network}.stats`).data;
  const off = ours.map(([name, values]) => {
    const full = `final.${network}.${name}`, golden = moments.subarray(3 * names.indexOf(name)), size = golden[2];
    if (has(full)) return { full, size, off: size * distance(values, ourWeight(tensor(full)).data) };
    const [mean, deviation, l2] = momentsOf(values), root = Math.sqrt(values.length);
    return { full, size, off: norm([l2 - size, root * (mean - golden[0]), root * (deviation - golden[1])]) };
  });
  const together = norm(off.map(({ off }) => off)) / norm(off.map(({ size }) => size));
  return [
    [`final.${network}`, together / tolerance(error)],
    ...off.map(({ full, size, off }): [string, number] => [full, off / size / tolerance(Infinity)]),
  ];
}

/** Mean, standard deviation of all, L2 norm: the columns of the file's moments. */
function momentsOf(values: Float32Array): [mean: number, deviation: number, l2: number] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, norm(values.map((value) => value - mean)) / Math.sqrt(values.length), norm(values)];
}

/** The check of the cases that a pattern names, by a method made from a case's arguments. */
export function steps(pattern: RegExp, method: (args: Steps["args"]) => Method): Check<Steps> {
  return [pattern, (golden) => check(golden, method(golden.facts.args))];
}
