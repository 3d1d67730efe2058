/** Every method's loss and its gradients on outputs that are given, as the references compute them. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Distiller } from "../lib/distiller.ts";
import { fitnets } from "../lib/distillers/fitnets.ts";
import { kd } from "../lib/distillers/kd.ts";
import { slkd } from "../lib/distillers/slkd.ts";
import type { Scorer } from "../lib/network.ts";
import { type Cast, cast, type FirstStep, firstStep } from "./cast.ts";
import { type Kind, open } from "./engines.ts";
import { given } from "./given.ts";
import { type Golden, goldens, type Numbers } from "./goldens.ts";
import { ourMap, ourWeight } from "./layout.ts";
import { regressorNames } from "./reference_networks.ts";
import { assertNear, tolerance } from "./tolerance.ts";

/** What the JSON of a loss's case says. */
interface Loss {
  readonly source: string;
  readonly args: Readonly<Record<string, number>>;
  readonly theoretically_zero: readonly string[];
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number>>;
}

/** A golden value or the sum of several, what it is here, and the way to our layout. */
interface Expected {
  readonly golden: readonly string[];
  readonly ours: (step: FirstStep) => Float32Array;
  readonly layout?: (value: Numbers) => Numbers;
}

/** The value of the step, a loss. */
const value = (...names: string[]) => ({ values }: FirstStep): Float32Array =>
  Float32Array.of(names.reduce((sum, name) => sum + values[name][0], 0));

/** The gradient of a variable that learns, the next value of a statistic. */
const after = (variable: string) => (step: FirstStep): Float32Array => step.after(variable);

/** Compares one step, compiled and on tfjs's own backend. */
async function check(
  { name, facts, tensor }: Golden<Loss>,
  made: Cast,
  label: Int32Array,
  expected: readonly Expected[],
) {
  const image = { shape: [label.length, 1, 1, 1], data: new Float32Array(label.length) };
  for (const kind of ["compiled", "cpu"] satisfies Kind[]) {
    const engine = await open(kind);
    const step = await firstStep(engine, made)(image, label);
    engine.close();
    for (const { golden, ours, layout } of expected) {
      const parts = golden.map((part) => layout ? layout(tensor(part)).data : tensor(part).data);
      const sum = parts.reduce((sum, part) => sum.map((value, i) => value + part[i]));
      const error = Math.max(...golden.map((part) => facts.fp32_vs_fp64_rel_err[part] ?? 0));
      assertNear(`${name} ${kind}: ${golden.join(" + ")}`, ours(step), sum, tolerance(error));
    }
  }
}

const LOGITS = "logits.value";

/** Networks whose logits are the given ones, with a method between them. */
function between({ tensor }: Golden<Loss>, distiller: Distiller<Scorer, Scorer>, more: Record<string, string>): Cast {
  const { shape } = tensor("in.logit_s"), network = given({ logits: shape });
  const names = { "student.": "logit_s", "teacher.": "logit_t", ...more };
  const values = Object.entries(names).map(([prefix, name]) => [prefix + LOGITS, tensor(`in.${name}`).data] as const);
  return cast({
    student: network,
    teacher: network,
    distiller,
    image: [1, 1, 1],
    classes: shape[1],
    values: new Map(values),
  });
}

async function checkKd(golden: Golden<Loss>): Promise<void> {
  const { T } = golden.facts.args, [, ce, weight] = golden.facts.source.match(/([\d.]+)\*CE ?\+ ?([\d.]+)\*KL/)!;
  const made = between(golden, kd({ temperature: T, ce: Number(ce), kd: Number(weight) }), {});
  const unweighted = (term: string, weight: string) => ({ values }: FirstStep) =>
    values[`loss/${term}`].map((value) => value / Number(weight));
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: value("loss") },
    { golden: ["out.ce"], ours: unweighted("task", ce) },
    { golden: ["out.kl"], ours: unweighted("kd", weight) },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
  ]);
}

async function checkSlkd(golden: Golden<Loss>): Promise<void> {
  const { T, ce, kd, process, ce_cs, kd_cs } = golden.facts.args;
  assertAlmostEquals(ce + kd, 1);
  assertEquals([process, kd_cs], [1, ce_cs]);
  const copies = { "method.self1.0.": "logit_c1", "method.self2.0.": "logit_c2" };
  const made = between(golden, slkd({ temperature: T, ce, selfTeacher: ce_cs, released: true }), copies);
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: value("loss") },
    { golden: ["out.loss_kd"], ours: value("loss/teacher") },
    {
      golden: ["out.loss_kd_tc"],
      ours: value("loss/self1_task", "loss/self1_teacher", "loss/self2_task", "loss/self2_teacher"),
    },
    // Both halves of the student's loss have a cross-entropy; here they are one term.
    { golden: ["out.loss_ce", "out.loss_kd_cs"], ours: value("loss/task", "loss/self") },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
    { golden: ["grad.in.logit_c1"], ours: after(`method.self1.0.${LOGITS}`) },
    { golden: ["grad.in.logit_c2"], ours: after(`method.self2.0.${LOGITS}`) },
  ]);
}

async function checkHint(golden: Golden<Loss>): Promise<void> {
  const { tensor, has, facts } = golden, guided = ourMap(tensor("in.f_s")), hint = ourMap(tensor("in.f_t"));
  const [batch] = guided.shape;
  const made = cast({
    student: given({ map: guided.shape, logits: [batch, 2] }),
    teacher: given({ map: hint.shape }),
    distiller: fitnets({ guided: "map", hint: "map", weight: 1, ce: 0 }),
    image: [1, 1, 1],
    classes: 2,
    values: new Map([
      ["student.map.value", guided.data],
      ["teacher.map.value", hint.data],
      ...Object.entries(regressorNames).map(([theirs, ours]) =>
        [ours, ourWeight(tensor(`mod.reg.${theirs}`)).data] as const
      ),
    ]),
  });
  const learned = Object.entries(regressorNames).flatMap(([theirs, ours]): Expected[] => {
    const grad = `grad.mod.reg.${theirs}`;
    // The norm takes the bias before it away again: its gradient is rounding.
    if (facts.theoretically_zero.includes(grad)) return [];
    return [{ golden: [has(grad) ? grad : `post.reg.${theirs}`], ours: after(ours), layout: ourWeight }];
  });
  await check(golden, made, new Int32Array(batch), [
    { golden: ["out.loss"], ours: value("loss/hint") },
    { golden: ["grad.in.f_s"], ours: after("student.map.value"), layout: ourMap },
    ...learned,
  ]);
}

const later =
  /^(ab|aekd|at|aver|camkd|cc|crd|cutmix|dgkd|dist|dkd|dml|ebkd|fsp|ft|kdsvd|logitstd|mixup|mlkd|nst|ofd|one|pkt|reviewkd|rkd|sakd|shake|slkd_dfgkd|sp|takd|td|vid)(_|$)/;

await goldens<Loss>("losses", [
  [/^kd(_T\d+)?$/, checkKd],
  [/^slkd(_imagenet)?$/, checkSlkd],
  [/^hint_/, checkHint],
], later);
