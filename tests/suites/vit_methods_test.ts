/**
 * Every method between a transformer and a network of convolutions, both ways: it takes a step, or
 * it is a compile error.
 */
import { assert, assertEquals } from "@std/assert";
import * as retort from "../../mod.ts";
import type { Distiller, SeveralTeachers, Teachers } from "../../lib/experiment/distiller.ts";
import type { Net } from "../../lib/nn/network.ts";
import { listValues } from "../../lib/training/list_values.ts";
import { stream } from "../../lib/values/random.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { BATCH, CLASSES, IMAGE, large, small, type Toy, toy } from "../support/toy.ts";
import { untrainedModule } from "../support/untrained_module.ts";

const size = { patch: 2, depth: 2, width: 8, heads: 2 } as const;
const vit = retort.vit(size);
const distilled = retort.distilledVit(size);

type Plain = typeof vit;
type Distilled = typeof distilled;

const random = stream(1, "vit methods");
const images = {
  shape: [BATCH, ...IMAGE],
  data: Float32Array.from(
    { length: BATCH * IMAGE.reduce((a, b) => a * b) },
    () => random.normal(),
  ),
};
const index = Int32Array.from({ length: BATCH }, (_, i) => i);

/**
 * Takes a step. Asserts that its values are finite, and that each weight of the student that the
 * method trains gets a gradient, or of the method if it trains none of the student's.
 */
async function step<S extends Net, const T extends Teachers>(
  student: S,
  teacher: T,
  distiller: Distiller<NoInfer<S>, NoInfer<T>, never> | Distiller<NoInfer<S>, undefined, never>,
): Promise<void> {
  const made = assembleStep<S, T>({
    student,
    teacher,
    distiller,
    image: IMAGE,
    classes: CLASSES,
    values: new Map(),
  });
  const engine = await open("cpu");
  const views = { strong: { crop: 1, flip: false } };
  const { values, after } = await firstStep(engine, { ...made, views })(
    images,
    index,
    undefined,
    index,
  );
  engine.close();
  for (const [name, value] of listValues(values)) assert(value.every(Number.isFinite), name);
  const weights = made.trainable.filter(({ name }) => name.endsWith(".weight"));
  const own = weights.filter(({ name }) => name.startsWith("student."));
  const learning = distiller.id === "ft_init" ? weights.filter((one) => !own.includes(one)) : own;
  assert(learning.length > 0);
  for (const { name, initial } of learning) {
    const [gradient, before] = [after(name), initial()];
    assert(gradient.every(Number.isFinite), name);
    assert(gradient.some((value, i) => value !== before[i]), `${name} has no gradient`);
  }
}

/** Takes a step with a method that teaches a transformer, and with one that learns from one. */
async function bothWays(
  teaching: Distiller<Distilled, Toy, never>,
  learning: Distiller<Toy, Distilled, never>,
): Promise<void> {
  await step<Distilled, Toy>(distilled, large, teaching);
  await step<Toy, Distilled>(small, distilled, learning);
}

const convolutional: SeveralTeachers<Toy> = [large, toy("larger", 6)];
const transformers: SeveralTeachers<Distilled> = [distilled, distilled];

/** The same with methods of several teachers. */
async function severalBothWays(
  teaching: Distiller<Distilled, SeveralTeachers<Toy>, never>,
  learning: Distiller<Toy, SeveralTeachers<Distilled>, never>,
): Promise<void> {
  await step<Distilled, SeveralTeachers<Toy>>(distilled, convolutional, teaching);
  await step<Toy, SeveralTeachers<Distilled>>(small, transformers, learning);
}

/** A network with maps of as many channels as the transformers', and their pairs with these. */
const wide = toy("wide", size.width);
const teaching = [["block1", "stem"], ["block2", "block1"]] as const;
const learning = [["stem", "block1"], ["block1", "block2"]] as const;

const paraphraser = untrainedModule(retort.ftInit(), "paraphraser");

/** Steps of every method that is no compile error with a transformer, by name. */
const STEPS: Readonly<Record<string, () => Promise<void>>> = {
  ab: () => bothWays(retort.ab({ kd: 1 }), retort.ab({ kd: 1 })),
  aekd: async () => {
    const hints = { guided: "block2", hint: "block2" } as const;
    await severalBothWays(retort.aekd(), retort.aekd());
    await severalBothWays(retort.aekd({ hints }), retort.aekd({ hints }));
  },
  at: () => bothWays(retort.at(), retort.at()),
  atkd: () => bothWays(retort.atkd(), retort.atkd()),
  aver: () => severalBothWays(retort.aver(), retort.aver()),
  camkd: async () => {
    await step(distilled, convolutional, retort.camkd());
    await severalBothWays(retort.camkd({ weight: 0 }), retort.camkd({ weight: 0 }));
  },
  cc: () => bothWays(retort.cc(), retort.cc()),
  combine: () =>
    bothWays(
      retort.combine(retort.kd(), retort.fitnets()),
      retort.combine(retort.kd(), retort.fitnets()),
    ),
  crd: () =>
    bothWays(
      retort.crd({ negatives: 4, dimensions: 6 }),
      retort.crd({ negatives: 4, dimensions: 6 }),
    ),
  ctkd: () => bothWays(retort.ctkd(), retort.ctkd()),
  deit: async () => {
    await step(distilled, large, retort.deit());
    await step(distilled, vit, retort.deit({ kind: "soft" }));
  },
  dfgkd: () => bothWays(retort.dfgkd(), retort.dfgkd()),
  dgkd: () => severalBothWays(retort.dgkd(), retort.dgkd()),
  dist: () => bothWays(retort.dist(), retort.dist()),
  dkd: () => bothWays(retort.dkd(), retort.dkd()),
  dml: async () => {
    await step(distilled, undefined, retort.dml({ peer: large }));
    await step(small, undefined, retort.dml({ peer: distilled }));
  },
  dmlDagger: async () => {
    await step(distilled, undefined, retort.dmlDagger({ peer: large }));
    await step(small, undefined, retort.dmlDagger({ peer: distilled }));
  },
  ebkd: () => severalBothWays(retort.ebkd(), retort.ebkd()),
  eskd: () => bothWays(retort.eskd({ until: 3 }), retort.eskd({ until: 3 })),
  fitnets: () => bothWays(retort.fitnets(), retort.fitnets()),
  fsp: () => bothWays(retort.fsp({ kd: 1 }), retort.fsp({ kd: 1 })),
  fspInit: async () => {
    await step(distilled, wide, retort.fspInit({ taps: teaching }));
    await step(wide, distilled, retort.fspInit({ taps: learning }));
  },
  ft: () => bothWays(retort.ft({ paraphraser }), retort.ft({ paraphraser })),
  ftInit: () => bothWays(retort.ftInit(), retort.ftInit()),
  kd: () => bothWays(retort.kd(), retort.kd()),
  kdDagger: async () => {
    for (const tune of ["all", "head", "adapter"] as const) {
      await bothWays(retort.kdDagger({ tune }), retort.kdDagger({ tune }));
    }
  },
  kdsvd: async () => {
    await step(distilled, wide, retort.kdsvd({ taps: teaching }));
    await step(wide, distilled, retort.kdsvd({ taps: learning }));
  },
  mlkd: () => bothWays(retort.mlkd(), retort.mlkd()),
  nkd: () => bothWays(retort.nkd(), retort.nkd()),
  nst: () => bothWays(retort.nst(), retort.nst()),
  ofd: () => step(distilled, large, retort.ofd()),
  one: () => step(distilled, undefined, retort.one()),
  pkt: () => bothWays(retort.pkt(), retort.pkt()),
  reviewkd: () => bothWays(retort.reviewkd(), retort.reviewkd()),
  rkd: () => bothWays(retort.rkd(), retort.rkd()),
  scratch: () => step(distilled, undefined, retort.scratch()),
  shake: async () => {
    await step(distilled, large, retort.shake({ backbone: "token" }));
    for (const backbone of ["teacher", "student", "own"] as const) {
      await step(distilled, large, retort.shake({ backbone }));
      await step(small, vit, retort.shake({ backbone }));
    }
  },
  simkd: () => step(retort.withTeachersHead(vit, large), large, retort.simkd()),
  slkd: () => bothWays(retort.slkd(), retort.slkd()),
  slkdSequential: () => severalBothWays(retort.slkdSequential(), retort.slkdSequential()),
  sp: () => bothWays(retort.sp(), retort.sp()),
  srrl: async () => {
    await step(distilled, large, retort.srrl());
    await step(small, vit, retort.srrl());
  },
  takd: () => bothWays(retort.takd(), retort.takd()),
  vid: () => bothWays(retort.vid(), retort.vid()),
  wsld: () => bothWays(retort.wsld(), retort.wsld()),
};

for (const [name, steps] of Object.entries(STEPS)) {
  Deno.test(`vit: ${name} takes a step between a transformer and convolutions`, steps);
}

/** Methods that are compile errors both ways, below, and parts of methods. */
const OTHERS = [
  ...["abInit", "sakd"],
  ...["attentionMap", "bothLogits", "regressor", "weighByGradients", "withTeachersHead"],
  // Methods for detectors.
  ...["dkdOnRegions", "kdOnRegions", "shakeOnRegions"],
];

Deno.test("vit: every method is here", async () => {
  const methods = Object.keys(await import("../../lib/distillers/mod.ts"));
  assertEquals(methods.toSorted(), [...Object.keys(STEPS), ...OTHERS].toSorted());
});

Deno.test("vit: a student of the class head alone leaves the distillation head as it is", async () => {
  const student = retort.distilledVit({ ...size, logits: "class" });
  const made = assembleStep({
    student,
    teacher: undefined,
    distiller: retort.scratch(),
    image: IMAGE,
    classes: CLASSES,
    values: new Map(),
  });
  const engine = await open("cpu");
  const { after } = await firstStep(engine, made)(images, index);
  engine.close();
  for (const { name, initial } of made.trainable) {
    const isUntrained = name.startsWith("student.heads.distillation");
    if (isUntrained) assertEquals(after(name), initial(), name);
  }
  const token = made.trainable.find(({ name }) => name === "student.embedded.distillation")!;
  assert(after(token.name).some((value, i) => value !== token.initial()[i]));
});

/** Methods that need more of a network than tokens, each a compile error; never run. */
export function wrong(
  teaching: (method: Distiller<Plain, Toy>) => void,
  learning: (method: Distiller<Toy, Plain>) => void,
  learningOfDistilled: (method: Distiller<Toy, Distilled>) => void,
  learningOfSeveral: (method: Distiller<Toy, SeveralTeachers<Plain>, retort.HardLabels>) => void,
) {
  teaching(retort.ofd());
  learning(retort.srrl());
  learning(retort.shake());
  learningOfSeveral(retort.camkd({ weight: 0 }));
  retort.withTeachersHead(vit, small);
  // @ts-expect-error: no batch norm is before the teacher's taps.
  learning(retort.ofd());
  // @ts-expect-error: nor if another method comes first.
  learning(retort.combine(retort.kd(), retort.ofd()));
  // @ts-expect-error: nor if the method comes first.
  learning(retort.combine(retort.ofd(), retort.kd()));
  // @ts-expect-error: the student's tokens have no activation boundaries.
  teaching(retort.abInit());
  // @ts-expect-error: the teacher's tokens have no activation boundaries.
  learning(retort.abInit());
  // @ts-expect-error: the student's stages take tokens that a routed map lacks.
  teaching(retort.sakd(retort.fitnets()));
  // @ts-expect-error: the teacher's stages take tokens that a routed map lacks.
  learning(retort.sakd(retort.fitnets()));
  // @ts-expect-error: the teachers' stages take tokens that an embedded map lacks.
  learningOfSeveral(retort.camkd());
  // @ts-expect-error: the teacher's head takes tokens that a projected map lacks.
  retort.withTeachersHead(small, vit);
  // @ts-expect-error: the teacher's heads score two vectors.
  learningOfDistilled(retort.srrl());
  // @ts-expect-error: the teacher's heads score two vectors.
  learningOfDistilled(retort.shake());
  // @ts-expect-error: the student has no distillation head.
  teaching(retort.deit());
  // @ts-expect-error: the student has no distillation head.
  teaching(retort.shake({ backbone: "token" }));
  // @ts-expect-error: the student has two blocks.
  teaching(retort.fitnets({ guided: "block3" }));
}
