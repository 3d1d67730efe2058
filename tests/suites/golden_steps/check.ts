/** What the checks of all methods' steps share: five steps of training beside the golden ones. */
import { assertEquals } from "@std/assert";
import type { Values } from "../../../lib/engine/engine.ts";
import type { Distiller } from "../../../lib/experiment/distiller.ts";
import type { Schedule } from "../../../lib/experiment/schedule.ts";
import { sgd } from "../../../lib/optimizers/sgd.ts";
import { trainStep, type TrainValues } from "../../../lib/training/step.ts";
import { referenceName } from "../../../lib/weights/names.ts";
import { cast, stepInputs } from "../../support/cast.ts";
import { assertNearInSomeDraw, moved } from "../../support/draws.ts";
import { open } from "../../support/engines.ts";
import { type Check, type Golden, readGolden } from "../../support/goldens.ts";
import { ourMap, ourWeight } from "../../support/layout.ts";
import {
  type Network,
  referenceNetwork,
  referenceValues,
} from "../../support/reference_networks.ts";
import { distance, isChaotic, norm, tolerance } from "../../support/tolerance.ts";

/** What the JSON of a case of steps says. */
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
  /**
   * Final values by network in which the reference departs from its own text: they are not
   * compared.
   */
  readonly left_out?: Readonly<Record<string, readonly string[]>>;
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number | readonly number[]>>;
}

/** A method as a case has it. */
export interface Method {
  /** With the case's options. */
  readonly distiller: Distiller<Network, Network, never> | Distiller<Network, undefined, never>;
  /** Each recorded loss with its weight in the sum, and the terms here that make it up. */
  readonly terms: readonly {
    readonly of: readonly (readonly [weight: number, step: string])[];
    readonly terms: readonly string[];
  }[];
  /** The terms here that the recorded loss leaves out; none. */
  readonly besides?: readonly string[];
  /** The epoch that the steps are of; 1. */
  readonly epoch?: number;
  /** Δ of the distillation-oriented trainer; absent: plain SGD. */
  readonly dot?: number;
  /** Copies of the teacher by their names there: what their variables' names begin with here. */
  readonly copies?: Readonly<Record<string, string>>;
  /**
   * Extra modules by their names there: what each of their tensors, statistics and weights alike,
   * is called here, or what it is in the end where it does not start as it is recorded there.
   */
  readonly modules?: Readonly<
    Record<
      string,
      Readonly<Record<string, string | ((final: Final, golden: Golden<Steps>) => Float32Array)>>
    >
  >;
  /** Modules that a first stage left, by their names there, likewise: they stay as they are. */
  readonly frozen?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Values that variables are set to before step `i`, by name; none by default. */
  readonly before?: (
    golden: Golden<Steps>,
    common: Golden<Common>,
    i: number,
  ) => Iterable<readonly [string, Float32Array]>;
}

/** What variables are after the last step, by name. */
export type Final = ReadonlyMap<string, Float32Array>;

/** What the JSON of what all cases share says. */
export interface Common {
  /** Training images. */
  readonly n_data: number;
}

/** The schedule that a case's text describes. */
function scheduleOf({ facts }: Golden<Steps>, { dot }: Method): Schedule {
  const [, lr, momentum, weightDecay] = facts.optimizer.match(
    /^SGD lr (\S+) momentum (\S+) weight_decay (\S+)/,
  )!.map(
    Number,
  );
  return sgd({ epochs: 1, batch: 1, lr, momentum, weightDecay, dot });
}

export async function check(
  golden: Golden<Steps>,
  method: Method,
  t: Deno.TestContext,
): Promise<void> {
  const { facts } = golden;
  const classes = facts.num_classes;
  for (const [network, names] of Object.entries(facts.left_out ?? {})) {
    const unknown = names.filter((name) => !facts.final_order[network]?.includes(name));
    assertEquals(unknown, [], `left_out has names that ${network} has not`);
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
  const made = cast({
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
  const step = engine.compile(trainStep(made));
  /** How far off the losses of all the steps are, and what becomes of the variables. */
  const run = async (draw: number): Promise<[off: [string, number][], final: Final]> => {
    await engine.hold([...made.collected.values()], moved(changing, draw));
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
  /** The variables below `prefix`, by the references' names. */
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

/** How far off the losses of step `i` are, as a share of what is allowed. */
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
 * How far off a network's weights and statistics are after the last step, as a share of what is
 * allowed: all together as the goldens' README has it, each by itself of its highest tolerance.
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

/** Mean, standard deviation of all, L2 norm: the columns of the file's moments. */
function momentsOf(values: Float32Array): [mean: number, deviation: number, l2: number] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, norm(values.map((value) => value - mean)) / Math.sqrt(values.length), norm(values)];
}

/**
 * The check of the cases that a pattern names, by a method made from a case's arguments and its
 * other facts.
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

/** The teacher and the student of a case. */
export function pairOf({ pair, source }: Steps): [teacher: Network, student: Network] {
  const [teacher, student] = pair.split("->").map((name) => referenceNetwork(name, source));
  return [teacher, student];
}

/**
 * The student's blocks that methods over all maps pair by default with one of the teacher's: the
 * first, or those that end with the last.
 */
export function blocks(facts: Steps, from: "first" | "last" = "first"): string[] {
  const [teacher, student] = pairOf(facts).map((network) =>
    Object.keys(network.stages(1)).filter((tap) => tap.startsWith("block"))
  );
  const count = Math.min(teacher.length, student.length);
  return from === "first" ? student.slice(0, count) : student.slice(student.length - count);
}
