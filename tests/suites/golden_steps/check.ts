/** The common parts of all checks of steps: five training steps compared with golden ones. */
import { alone } from "../../support/alone.ts";
import { assertEquals } from "@std/assert";
import type { Values } from "../../../lib/engine/engine.ts";
import type { Distiller } from "../../../lib/experiment/distiller.ts";
import type { Schedule } from "../../../lib/experiment/schedule.ts";
import { sgd } from "../../../lib/optimizers/sgd.ts";
import { trainStep, type TrainValues } from "../../../lib/training/step.ts";
import { referenceName } from "../../../lib/weights/names.ts";
import { assembleStep, stepInputs } from "../../support/assemble_step.ts";
import { assertNearInSomeDraw, perturb } from "../../support/draws.ts";
import { open } from "../../support/engines.ts";
import { type Check, type Golden, readGolden } from "../../support/goldens.ts";
import { ourMap, ourWeight } from "../../support/layout.ts";
import {
  type Network,
  referenceNetwork,
  referenceValues,
} from "../../support/reference_networks.ts";
import { distance, isChaotic, norm, tolerance } from "../../support/tolerance.ts";

/** The JSON of a case of steps. */
export interface Steps {
  readonly source: string;
  readonly args: Readonly<Record<string, number>>;
  readonly notes: string;
  readonly pair: string;
  readonly batch: number;
  readonly num_classes: number;
  readonly optimizer: string;
  readonly batches: readonly number[];
  readonly final_order: Readonly<Record<string, readonly string[]>>;
  /** Final values by network that are not compared: the reference departs from its own text. */
  readonly left_out?: Readonly<Record<string, readonly string[]>>;
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number | readonly number[]>>;
}

/** The method of a case. */
export interface Method {
  /** The method with the case's options. */
  readonly distiller: Distiller<Network, Network, never> | Distiller<Network, undefined, never>;
  /** Sums of recorded losses with their weights, and the sum of our terms that each one equals. */
  readonly terms: readonly {
    readonly of: readonly (readonly [weight: number, step: string])[];
    readonly terms: readonly string[];
  }[];
  /** Our terms that the recorded loss leaves out. Default: none. */
  readonly besides?: readonly string[];
  /** The epoch of the steps. Default: 1. */
  readonly epoch?: number;
  /** Δ of the distillation-oriented trainer. Default: plain SGD. */
  readonly dot?: number;
  /** The prefixes of our variables of copies of the teacher, by the references' names. */
  readonly copies?: Readonly<Record<string, string>>;
  /**
   * Extra modules by the references' names. Each tensor, statistic or weight, has the name of our
   * variable, or a function that gives its final value if it does not start with a recorded value.
   */
  readonly modules?: Readonly<
    Record<
      string,
      Readonly<Record<string, string | ((final: Final, golden: Golden<Steps>) => Float32Array)>>
    >
  >;
  /** Modules of a first stage, named likewise, which do not learn. */
  readonly frozen?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Gives values to assign to variables before step `i`, by name. Default: none. */
  readonly before?: (
    golden: Golden<Steps>,
    common: Golden<Common>,
    i: number,
  ) => Iterable<readonly [string, Float32Array]>;
}

/** The values of variables after the last step, by name. */
export type Final = ReadonlyMap<string, Float32Array>;

/** The JSON of the data that all cases share. */
export interface Common {
  /** Number of training images. */
  readonly n_data: number;
}

/** Parses the schedule from a case's text. */
function scheduleOf({ facts }: Golden<Steps>, { dot }: Method): Schedule {
  const [, lr, momentum, weightDecay] = facts.optimizer.match(
    /^SGD lr (\S+) momentum (\S+) weight_decay (\S+)/,
  )!.map(
    Number,
  );
  return sgd({ epochs: 1, batch: 1, lr, momentum, weightDecay, dot });
}

/** Compares the losses of all steps and the final variables of a method with the golden ones. */
export async function check(
  golden: Golden<Steps>,
  method: Method,
  t: Deno.TestContext,
): Promise<void> {
  const { facts } = golden;
  const classes = facts.num_classes;
  for (const [network, names] of Object.entries(facts.left_out ?? {})) {
    const unknown = names.filter((name) => !facts.final_order[network]?.includes(name));
    assertEquals(unknown, [], `left_out has names that ${network} lacks`);
  }
  const common = await readGolden<Common>("steps/_common");
  const [teacher, student] = pairOf(facts);
  const batches = facts.batches.map((i) => ({
    image: ourMap(common.tensor(`in.x_${i}`)),
    label: common.integers(`in.y_${i}`),
    index: common.integers(`in.idx_${i}`),
  }));
  const image = batches[0].image.shape.slice(1);
  const initially = (network: Network, prefix: string, theirs: string) =>
    referenceValues(
      network,
      prefix,
      image,
      classes,
      (name) => common.tensor(`init.${theirs}.${name}`),
    );
  const copies = Object.entries(method.copies ?? {});
  const modules = Object.entries(method.modules ?? {});
  const frozen = Object.entries(method.frozen ?? {});
  const schedule = scheduleOf(golden, method);
  const made = assembleStep({
    student,
    teacher,
    distiller: method.distiller,
    image,
    classes,
    labels: new Int32Array(common.facts.n_data),
    schedule,
    values: new Map([
      ...initially(student, "student.", "student"),
      ...initially(teacher, "teacher1.", "teacher"),
      ...copies.flatMap(([name, prefix]) => initially(teacher, prefix, name)),
      ...[...modules, ...frozen].flatMap(([module, names]) =>
        Object.entries(names).flatMap(([theirs, ours]): [string, Float32Array][] =>
          typeof ours === "string"
            ? [[ours, ourWeight(golden.tensor(`init.${module}.${theirs}`)).data]]
            : []
        )
      ),
    ]),
  });
  const changing = [...made.collected.values()].filter((variable) => !variable.fixed);
  const engine = await open("compiled");
  const step = engine.compile(alone(trainStep([made])));
  // The errors of the losses of all steps, and the final variables.
  const run = async (draw: number): Promise<[off: [string, number][], final: Final]> => {
    await engine.hold([...made.collected.values()], perturb(changing, draw));
    const off: [string, number][] = [];
    for (const [i, { image, label, index }] of batches.entries()) {
      const set = new Map(method.before?.(golden, common, i));
      await engine.hold(changing.filter(({ name }) => set.has(name)), set);
      const values = await step(stepInputs(image, label, schedule.rate(1), i, method.epoch, index));
      off.push(...lossesOff(golden, method, i, values));
    }
    const values = await engine.read(changing);
    return [off, new Map(changing.map(({ name }, i) => [name, values[i]]))];
  };
  // The variables below `prefix` by the references' names.
  const named = (final: Final, network: Network, prefix: string) =>
    Array.from(final).flatMap(([name, values]): [string, Float32Array][] =>
      name.startsWith(prefix) ? [[referenceName(network, name.slice(prefix.length)), values]] : []
    );
  try {
    await assertNearInSomeDraw(t, async (draw) => {
      const [off, final] = await run(draw);
      return new Map([
        ...off,
        ...finalOff(golden, "student", named(final, student, "student.")),
        ...copies.flatMap(([name, prefix]) =>
          finalOff(golden, name, named(final, teacher, prefix))
        ),
        ...modules.flatMap(([module, names]) =>
          finalOff(
            golden,
            module,
            Object.entries(names).map(([theirs, ours]) =>
              [theirs, typeof ours === "string" ? final.get(ours)! : ours(final, golden)] as const
            ),
          )
        ),
      ]);
    });
  } finally {
    engine.close();
  }
}

/** Measures the errors of the losses of step `i` as shares of their limits. */
function lossesOff(
  { facts, tensor }: Golden<Steps>,
  { terms, besides = [] }: Method,
  i: number,
  values: Values<TrainValues>,
): [string, number][] {
  const error = (name: string) =>
    (facts.fp32_vs_fp64_rel_err[`step.${name}`] as readonly number[])[i];
  const step = (name: string) => tensor(`step.${name}`).data[i];
  const sums = terms.map(({ of, terms }): [string, number] => {
    const ours = terms.reduce((sum, term) => sum + values.terms[term][0], 0);
    const golden = of.reduce((sum, [weight, name]) => sum + weight * step(name), 0);
    const allowed = tolerance(Math.max(...of.map(([, name]) => error(name))));
    return [`${terms.join(" + ")} of step ${i + 1}`, distance([ours], [golden]) / allowed];
  });
  const loss = besides.reduce((rest, term) => rest - values.terms[term][0], values.loss[0]);
  return [
    [`loss of step ${i + 1}`, distance([loss], [step("loss")]) / tolerance(error("loss"))],
    ...sums,
  ];
}

/**
 * Measures the errors of a network's weights and statistics after the last step as shares of their
 * limits: all together with the tolerance of the goldens' README, and each with the highest one.
 */
function finalOff(
  { facts, has, tensor }: Golden<Steps>,
  network: string,
  ours: readonly (readonly [string, Float32Array])[],
): [string, number][] {
  const error = facts.fp32_vs_fp64_rel_err[`final.${network}`] as number;
  const names = facts.final_order[network];
  assertEquals(ours.map(([name]) => name).sort(), [...names].sort(), `variables of ${network}`);
  if (isChaotic(error)) return [];
  const moments = tensor(`final.${network}.stats`).data;
  const leftOut = facts.left_out?.[network] ?? [];
  const off = ours.filter(([name]) => !leftOut.includes(name)).map(([name, values]) => {
    const full = `final.${network}.${name}`;
    const golden = moments.subarray(3 * names.indexOf(name));
    const size = golden[2];
    if (has(full)) {
      return { full, size, off: (size || 1) * distance(values, ourWeight(tensor(full)).data) };
    }
    const [mean, deviation, l2] = momentsOf(values);
    const root = Math.sqrt(values.length);
    return {
      full,
      size,
      off: norm([l2 - size, root * (mean - golden[0]), root * (deviation - golden[1])]),
    };
  });
  const together = norm(off.map(({ off }) => off)) / norm(off.map(({ size }) => size));
  return [
    [`final.${network}`, together / tolerance(error)],
    ...off.map((
      { full, size, off },
    ): [string, number] => [full, off / (size || 1) / tolerance(Infinity)]),
  ];
}

/** The columns of the file's moments: mean, population standard deviation, L2 norm. */
function momentsOf(values: Float32Array): [mean: number, deviation: number, l2: number] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, norm(values.map((value) => value - mean)) / Math.sqrt(values.length), norm(values)];
}

/**
 * Makes a check of the cases that match a pattern. `method` makes the method from a case's
 * arguments and its other facts.
 */
export function steps<A = Steps["args"]>(
  pattern: RegExp,
  method: (args: A, facts: Steps) => Method,
): Check<Steps> {
  return [
    pattern,
    (golden, t) => check(golden, method(golden.facts.args as unknown as A, golden.facts), t),
  ];
}

/** Finds the teacher and the student of a case. */
export function pairOf({ pair, source }: Steps): [teacher: Network, student: Network] {
  const [teacher, student] = pair.split("->").map((name) => referenceNetwork(name, source));
  return [teacher, student];
}

/**
 * Lists the student's blocks that methods over all maps pair with a teacher's block by default:
 * either the first ones or the last ones.
 */
export function blocks(facts: Steps, from: "first" | "last" = "first"): string[] {
  const [teacher, student] = pairOf(facts).map((network) =>
    Object.keys(network.stages(1, [])).filter((tap) => tap.startsWith("block"))
  );
  const count = Math.min(teacher.length, student.length);
  return from === "first" ? student.slice(0, count) : student.slice(student.length - count);
}
