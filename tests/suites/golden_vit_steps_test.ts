/** A few AdamW steps of a distilled transformer, as DeiT's code and timm take them. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Mix } from "../../lib/data/dataset.ts";
import { blend } from "../../lib/data/mix.ts";
import { deit } from "../../lib/distillers/deit.ts";
import type { TwoHeaded } from "../../lib/distillers/parts/two_heads.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { shake } from "../../lib/distillers/shake.ts";
import type { Values } from "../../lib/engine/engine.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { cosine } from "../../lib/experiment/rates.ts";
import type { Schedule } from "../../lib/experiment/schedule.ts";
import type { Net, Scorer } from "../../lib/nn/network.ts";
import { constant, variables } from "../../lib/nn/variables.ts";
import { adamw } from "../../lib/optimizers/adamw.ts";
import { smoothedClassification } from "../../lib/tasks/classification.ts";
import { trainStep, type TrainValues } from "../../lib/training/step.ts";
import { referenceName } from "../../lib/weights/names.ts";
import { alone } from "../support/alone.ts";
import { assembleStep, stepInputs } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { type Check, type Golden, goldens, readGolden } from "../support/goldens.ts";
import { ourMap, ourWeight } from "../support/layout.ts";
import { referenceNetwork, referenceValues } from "../support/reference_networks.ts";
import { assertNear, distance, norm, tolerance } from "../support/tolerance.ts";
import { type DistilledArgs, imageOf, vitOf, withDraws, zeroInTheory } from "../support/vit.ts";

/** The arguments of a case: its recipe and the numbers of its loss. */
interface Args {
  readonly lr: number;
  readonly weight_decay: number;
  readonly warmup_epochs: number;
  readonly epochs: number;
  readonly warmup_lr: number;
  readonly min_lr: number;
  readonly smoothing: number;
  readonly mixup: boolean;
  readonly drop_path: number;
  /** 0: no average. */
  readonly ema_decay: number;
  readonly loss: "none" | "hard" | "soft" | "shake";
  readonly alpha?: number;
  readonly tau?: number;
  readonly T?: number;
  readonly lambda?: number;
}

/** The networks whose final weights a case has. */
type Final = "student" | "ema";

/** The errors of float32 for each tensor, those above 1e-5 only. */
interface Errors {
  readonly "above 1e-5": Readonly<Record<string, number>>;
}

/** The JSON of a case. */
interface Steps extends Readonly<Partial<Record<`movement_rel_err_${Final}`, Errors>>> {
  readonly args: Args;
  readonly pair: string;
  readonly num_classes: number;
  readonly batches: readonly number[];
  readonly param_groups: readonly {
    readonly betas: readonly [number, number];
    readonly eps: number;
  }[];
  readonly final_order: Readonly<Partial<Record<Final, readonly string[]>>>;
  readonly theoretically_zero: readonly string[];
  readonly untrained: readonly string[];
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number | readonly number[]>>;
}

/** The JSON of what all cases share. */
interface Common {
  readonly student_args: DistilledArgs;
}

/** A method and its terms, by the names of the recorded losses, with their weights. */
interface Method {
  readonly distiller: Distiller<TwoHeaded, Scorer, never> | Distiller<TwoHeaded, undefined, never>;
  readonly terms: Readonly<Record<string, readonly [term: string, weight: number]>>;
}

function methodOf({ loss, alpha = 0, tau, T, lambda }: Args): Method {
  const halves = { ce: ["task", 1 - alpha], distill: ["distill", alpha] } as const;
  switch (loss) {
    case "none":
      return { distiller: scratch(), terms: { ce: ["task", 1] } };
    case "hard":
      return { distiller: deit({ alpha }), terms: halves };
    case "soft":
      return {
        distiller: deit({ kind: "soft", alpha, temperature: tau, perClass: true }),
        terms: halves,
      };
    case "shake": {
      const options = { temperature: T, kd: lambda, reverse: lambda };
      const names = { ce: "task", shadow: "shadow", follow: "follow", reverse: "reverse" };
      const weights: Readonly<Record<string, number | undefined>> = {
        shadow: lambda,
        reverse: lambda,
      };
      return {
        distiller: shake({ backbone: "token", ...options }),
        terms: Object.fromEntries(
          Object.entries(names).map(([name, term]) => [name, [term, weights[term] ?? 1]]),
        ),
      };
    }
  }
}

function scheduleOf({ args, batches, param_groups: [{ betas, eps }] }: Steps): Schedule {
  const { lr, epochs, weight_decay: weightDecay, min_lr: minimum, ema_decay } = args;
  assert(batches.length <= epochs, "a step is an epoch");
  return adamw({
    epochs,
    batch: 1,
    lr,
    weightDecay,
    betas,
    epsilon: eps,
    rate: cosine({ minimum, warmup: { epochs: args.warmup_epochs, from: args.warmup_lr } }),
    ema: ema_decay === 0 ? undefined : ema_decay,
  });
}

/** What a step is given beside its batch, and a test sets before it. */
function givenVariables(batch: number, depth: number) {
  const create = variables({ seed: 0, collected: new Map() }).in("given");
  const given = (name: string, shape: readonly number[]) =>
    create.variable(name, shape, constant(1), { trainable: false });
  return { share: given("share", []), keep: given("keep", [depth, 2, batch]) };
}

async function check(golden: Golden<Steps>): Promise<void> {
  const { facts, tensor } = golden;
  const { args, num_classes: classes } = facts;
  const common = await readGolden<Common>("vit/steps/_common_vit");
  const { student_args: studentArgs } = common.facts;
  const image = imageOf(studentArgs);
  const [batch] = common.tensor(`in.x_${facts.batches[0]}`).shape;
  const { share, keep } = givenVariables(batch, studentArgs.depth);
  const plain = vitOf(studentArgs, args.drop_path, args.loss === "none" ? "class" : undefined);
  const student = withDraws(
    plain,
    (block, branch) => tf.slice(keep.value, [block, branch, 0], [1, 1, batch]),
  );
  const teacher = referenceNetwork(facts.pair.split("->")[0], "model_dict");
  const initial = (network: Net, prefix: string, theirs: string) =>
    referenceValues(
      network,
      prefix,
      image,
      classes,
      (name) => common.tensor(`init.${theirs}.${name}`),
    );
  const { distiller, terms } = methodOf(args);
  const schedule = scheduleOf(facts);
  const values = new Map([
    ...initial(student, "student.", "student"),
    ...initial(teacher, "teacher1.", "teacher"),
  ]);
  const made = assembleStep({ student, teacher, distiller, image, classes, schedule, values });
  const mix: Mix = {
    id: "theirs",
    options: {},
    mix(images) {
      const partner = tf.range(batch - 1, -1, -1, "int32");
      return { image: blend(images, partner, share.value), partner, share: share.value };
    },
  };
  const parts = {
    ...made,
    task: smoothedClassification(args.smoothing),
    mix: args.mixup ? mix : undefined,
  };
  const engine = await open("compiled");
  try {
    await engine.hold([...made.collected.values(), share, keep]);
    const step = engine.compile(alone(trainStep([parts])));
    for (const [i, at] of facts.batches.entries()) {
      const given = new Map([
        [share.name, common.tensor(`in.lam_${at}`).data],
        [keep.name, common.tensor(`in.keep_${at}`).data],
      ]);
      await engine.hold([share, keep], given);
      const label = common.integers(`in.y_${at}`);
      const rate = schedule.rate(i + 1);
      assertNear(`lr of step ${i + 1}`, [rate], [tensor("step.lr").data[i]], 1e-6);
      const inputs = stepInputs(ourMap(common.tensor(`in.x_${at}`)), label, rate, i);
      checkLosses(golden, terms, i, await step(inputs));
    }
    const averages = made.average?.of;
    assertEquals(averages !== undefined, facts.final_order.ema !== undefined, "an average");
    for (const kind of Object.keys(facts.final_order) as Final[]) {
      const read = made.student.variables.map((one) => kind === "ema" ? averages!.get(one)! : one);
      const final = await engine.read(read);
      const named = made.student.variables.map(({ name }, i): [string, Movement] => {
        const start = values.get(name)!;
        return [referenceName(student, name.slice("student.".length)), { start, end: final[i] }];
      });
      checkFinal(golden, kind, new Map(named));
    }
  } finally {
    engine.close();
  }
}

function checkLosses(
  { facts, tensor, names }: Golden<Steps>,
  terms: Method["terms"],
  i: number,
  { loss, terms: ours }: Values<TrainValues>,
): void {
  const assertLoss = (name: string, value: number) => {
    const errors = facts.fp32_vs_fp64_rel_err[name] as readonly number[];
    assertNear(`${name} ${i + 1}`, [value], [tensor(name).data[i]], tolerance(errors[i]));
  };
  const recorded = names().filter((name) => /^step\.(?!lr$|loss$)/.test(name)).sort();
  assertEquals(recorded, Object.keys(terms).map((name) => `step.${name}`).sort());
  assertLoss("step.loss", loss[0]);
  for (const [name, [term, weight]] of Object.entries(terms)) {
    assertLoss(`step.${name}`, ours[term][0] / weight);
  }
}

/** A variable's values before the first step and after the last one. */
interface Movement {
  readonly start: Float32Array;
  readonly end: Float32Array;
}

/**
 * Compares what each variable moved. Of a variable that the file does not have, it compares the
 * mean, the deviation and the norm, which are no further off than the variable itself.
 */
function checkFinal(
  { facts, has, tensor }: Golden<Steps>,
  network: Final,
  ours: ReadonlyMap<string, Movement>,
): void {
  const order = facts.final_order[network]!;
  assertEquals([...ours.keys()].sort(), [...order].sort());
  const errors = facts[`movement_rel_err_${network}`]!["above 1e-5"];
  const stats = tensor(`final.${network}.stats`).data;
  const atRest = restOf(facts);
  for (const [i, name] of order.entries()) {
    const { start, end: moved } = ours.get(name)!;
    if (facts.untrained.includes(name)) {
      assertEquals(moved, start, `${network}: ${name} is untrained`);
      continue;
    }
    const end = atRest(name, ours.get(name)!);
    const isNoisy = end !== moved;
    const limit = Math.max(1e-3, isNoisy ? 0 : 20 * (errors[name] ?? 0));
    const movement = (values: Float32Array) =>
      Float64Array.from(values, (value, i) => value - start[i]);
    const full = `final.${network}.${name}`;
    if (has(full)) {
      const golden = movement(ourWeight(tensor(full)).data);
      const off = distance(movement(end), golden);
      assert(off <= limit, `${full}: its movement is ${off} away, ${limit} allowed`);
      continue;
    }
    const length = norm(movement(end));
    const root = Math.sqrt(end.length);
    const [mean, deviation, l2] = momentsOf(end);
    const [goldenMean, goldenDeviation, goldenL2] = stats.subarray(3 * i, 3 * i + 3);
    const off = Math.max(
      root * Math.abs(mean - goldenMean),
      root * Math.abs(deviation - goldenDeviation),
      Math.abs(l2 - goldenL2),
    ) / length;
    assert(off <= limit, `${full}: its moments are ${off} away, ${limit} allowed`);
  }
}

function momentsOf(values: Float32Array): readonly [mean: number, deviation: number, l2: number] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = norm(values.map((value) => value - mean)) / Math.sqrt(values.length);
  return [mean, deviation, norm(values)];
}

/**
 * Returns a variable's final values, at rest where its gradient is zero in theory: AdamW divides the
 * rounding there by itself.
 */
function restOf({ theoretically_zero }: Steps) {
  const zeros = zeroInTheory(theoretically_zero);
  return (name: string, { start, end }: Movement): Float32Array => {
    const isZero = zeros(name);
    return isZero ? end.map((value, i) => isZero(i) ? start[i] : value) : end;
  };
}

const checks: readonly Check<Steps>[] = [[/^\w+_vit_/, check]];
await goldens("vit/steps", checks);
