/** Every numeric option of every schedule, method and mix has a range. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as retort from "../../mod.ts";
import { Failure } from "../../lib/values/failure.ts";
import type { Json } from "../../lib/values/json.ts";

const trained = retort.experiment(import.meta, {
  dataset: { ...(await import("../../datasets/mod.ts")).synthetic() },
  teacher: retort.weights(retort.vgg13, { file: "x" }),
  student: retort.vgg8,
  distiller: retort.ftInit(),
  schedule: retort.sgd({ epochs: 1, batch: 1, lr: 1 }),
});

type Options = Readonly<Record<string, unknown>>;
type Made = { readonly options: Json };

/** What makes something from options, by name, and the options that it cannot do without. */
const MAKERS: Readonly<Record<string, readonly [(options: never) => Made, Options?]>> = {
  ab: [retort.ab],
  abInit: [retort.abInit],
  adamw: [retort.adamw, { epochs: 240, batch: 64, lr: 1e-3 }],
  aekd: [retort.aekd],
  at: [retort.at],
  atkd: [retort.atkd],
  autoAugment: [(options) => ({ options: retort.autoAugment(options) })],
  aver: [retort.aver],
  camkd: [retort.camkd],
  cc: [retort.cc],
  colourJitter: [(options) => ({ options: retort.colourJitter(options) })],
  crd: [retort.crd],
  ctkd: [retort.ctkd],
  cutmix: [retort.cutmix],
  deit: [retort.deit, { kind: "soft" }],
  dfgkd: [retort.dfgkd],
  dgkd: [retort.dgkd],
  dist: [retort.dist],
  dkd: [retort.dkd],
  dkdOnRegions: [retort.dkdOnRegions],
  dml: [retort.dml, { peer: retort.vgg8 }],
  ebkd: [retort.ebkd],
  eskd: [retort.eskd, { until: 3 }],
  fitnets: [retort.fitnets],
  fixMatchAugment: [(options) => ({ options: retort.fixMatchAugment(options) })],
  fsp: [retort.fsp],
  ft: [retort.ft, { paraphraser: retort.from(trained).trainedModules.paraphraser }],
  ftInit: [retort.ftInit],
  kd: [retort.kd],
  kdDagger: [retort.kdDagger],
  kdOnRegions: [retort.kdOnRegions],
  kdsvd: [retort.kdsvd],
  mixup: [retort.mixup],
  mixupOrCutmix: [retort.mixupOrCutmix],
  mlkd: [retort.mlkd],
  nkd: [retort.nkd],
  nst: [retort.nst],
  ofd: [retort.ofd],
  one: [retort.one],
  pkt: [retort.pkt],
  randAugment: [(options) => ({ options: retort.randAugment(options) })],
  randomErasing: [(options) => ({ options: retort.randomErasing(options) })],
  reviewkd: [retort.reviewkd],
  rkd: [retort.rkd],
  sakd: [(options) => retort.sakd(retort.fitnets(), options)],
  sgd: [retort.sgd, { epochs: 240, batch: 64, lr: 0.1 }],
  shake: [retort.shake],
  shakeOnRegions: [retort.shakeOnRegions, { beta: 0.1 }],
  simkd: [retort.simkd],
  slkd: [retort.slkd],
  slkdSequential: [retort.slkdSequential],
  sp: [retort.sp],
  srrl: [retort.srrl],
  takd: [retort.takd],
  vid: [retort.vid],
  wsld: [retort.wsld],
};

/** What has no numbers of its own, and parts of methods. */
const WITHOUT = [
  ...["combine", "dmlDagger", "fspInit", "scratch", "withTeachersHead"],
  ...["attentionMap", "bothLogits", "regressor", "weighByGradients"],
];

const METHODS = Object.keys(await import("../../lib/distillers/mod.ts"));

/** The numeric options that something declares, with those that it does only if they are set. */
function numbers({ options }: Made): string[] {
  const set = Object.entries(options as Options).filter(([, value]) => typeof value === "number");
  return set.map(([name]) => name);
}

Deno.test("option ranges: every method is here", () => {
  const missing = METHODS.filter((name) => !(name in MAKERS) && !WITHOUT.includes(name));
  assertEquals(missing, []);
});

for (const [name, [make, needed]] of Object.entries(MAKERS)) {
  Deno.test(`option ranges: ${name} refuses numbers out of range, by name`, () => {
    const options = numbers(make({ ...needed } as never));
    assert(options.length > 0);
    for (const option of options) {
      // CTKD's start is a logit.
      const below = option === "start" ? [] : [-1];
      for (const value of [NaN, Infinity, ...below]) {
        const { exit, message } = assertThrows(
          () => make({ ...needed, [option]: value } as never),
          Failure,
          `\`${option}\` is ${value}; it has to be `,
        );
        assertEquals([exit, /^\w+: /.test(message)], [2, true]);
      }
    }
  });
}

const sgd = (options: Partial<retort.SgdOptions>) => () =>
  retort.sgd({ epochs: 10, batch: 64, lr: 0.1, ...options });

const message = (make: () => unknown) => assertThrows(make, Failure).message;

Deno.test("option ranges: a schedule's counts are whole, and its momentum is below 1", () => {
  for (const value of [0, 1.5]) {
    assertEquals(
      message(sgd({ epochs: value })),
      `sgd: \`epochs\` is ${value}; it has to be a whole number, 1 or more`,
    );
    assert(message(sgd({ batch: value })).startsWith(`sgd: \`batch\` is ${value}`));
  }
  assertEquals(
    message(sgd({ momentum: 1 })),
    "sgd: `momentum` is 1; it has to be 0 or more and below 1",
  );
});

Deno.test("option ranges: drops lie within the schedule, in whole epochs unless by step", () => {
  const drop = (at: number) => sgd({ drops: { at: [5, at], by: 0.1 } });
  for (const at of [10, 150, 0, -1, 2.5, NaN]) {
    assertEquals(
      message(drop(at)),
      `sgd: drops: \`at\` is ${at}; it has to be a whole number, 1 or more, and below 10, ` +
        "the schedule's epochs",
    );
  }
  const byStep = (at: number) => sgd({ rate: retort.steps({ at: [at], by: 0.1, every: "step" }) });
  assert(message(byStep(10)).startsWith("steps: `at` is 10; it has to be a number above 0"));
  assertEquals(byStep(2.5)().epochs, 10);
  for (const by of [0, -0.1, NaN]) {
    assert(message(sgd({ drops: { at: [5], by } })).startsWith("sgd: drops: `by` is"));
  }
});

Deno.test("option ranges: a warm-up is no longer than its schedule, and rises", () => {
  const warm = (epochs: number, from: number) =>
    sgd({ rate: retort.cosine({ warmup: { epochs, from } }) });
  assertEquals(warm(10, 0)().epochs, 10);
  assertEquals(
    message(warm(11, 0)),
    "cosine: `warmup.epochs` is 11; it has to be a whole number, 0 or more, and at most 10, " +
      "the schedule's epochs",
  );
  assert(message(warm(-1, 0)).includes("`warmup.epochs` is -1"));
  assert(message(warm(1.5, 0)).includes("`warmup.epochs` is 1.5"));
  assert(message(warm(2, -0.1)).includes("`warmup.from` is -0.1; it has to be between 0 and 0.1"));
  assert(message(warm(2, 0.2)).includes("`warmup.from` is 0.2"));
  const minimum = (minimum: number) => sgd({ rate: retort.cosine({ minimum }) });
  assert(message(minimum(0.2)).includes("`minimum` is 0.2; it has to be between 0 and 0.1"));
});

Deno.test("option ranges: a quick run of a long schedule moves its drops wherever they come", () => {
  const drops = { at: [1, 150, 180, 239], by: 0.1 };
  for (const epochs of [1, 2, 3]) {
    assertEquals(sgd({ epochs: 240, drops })().over(epochs).epochs, epochs);
  }
  const rate = retort.cosine({ warmup: { epochs: 5, from: 0.01 } });
  assertEquals(sgd({ epochs: 240, rate })().over(1).epochs, 1);
});

Deno.test("option ranges: an experiment checks the schedule that somebody else wrote, and a seed", () => {
  const schedule = { ...sgd({})(), id: "mine" };
  const declare = (change: Partial<retort.Schedule>) => () =>
    retort.experiment(import.meta, {
      dataset: trained.dataset,
      student: retort.vgg8,
      distiller: retort.scratch(),
      schedule: { ...schedule, ...change },
    });
  assertEquals(declare({})().schedule.id, "mine");
  assert(message(declare({ epochs: 1.5 })).startsWith("mine: `epochs` is 1.5"));
  assert(message(declare({ batch: 0 })).startsWith("mine: `batch` is 0"));
  assert(message(declare({ clip: 0 })).startsWith("mine: `clip` is 0"));
  assert(message(declare({ ema: 1 })).startsWith("mine: `ema` is 1"));
  assert(message(declare({ accumulate: 65 })).startsWith("mine: `accumulate` is 65"));
  assert(message(() => retort.from(trained, { seed: -1 })).startsWith("from: `seed` is -1"));
});

/** Declares a training of ten epochs. */
const tenEpochs = (distiller: unknown) => () =>
  retort.experiment(import.meta, {
    dataset: trained.parts.dataset,
    student: retort.vgg8,
    distiller: distiller as ReturnType<typeof retort.scratch>,
    schedule: sgd({})(),
  });

const hints = (begin: number) => ({ hints: { guided: "block1", hint: "block1", begin } } as const);

/** Methods whose option counts so many epochs, by the option's name in messages. */
const IN_EPOCHS: Readonly<Record<string, (epochs: number) => unknown>> = {
  "aekd: hints: `begin`": (epochs) => retort.aekd(hints(epochs)),
  "camkd: `begin`": (begin) => retort.camkd({ begin }),
  "ctkd: `loops`": (loops) => retort.ctkd({ loops }),
  "dkd: `warmUp`": (warmUp) => retort.dkd({ warmUp }),
  "eskd: `until`": (until) => retort.eskd({ until }),
  "one: `rampUp`": (rampUp) => retort.one({ rampUp }),
  "reviewkd: `warmup`": (warmup) => retort.reviewkd({ warmup }),
};

Deno.test("option ranges: no option of a method that counts epochs is above the schedule's", () => {
  for (const [name, make] of Object.entries(IN_EPOCHS)) {
    assertEquals(tenEpochs(make(10))().schedule.epochs, 10);
    assertEquals(
      message(tenEpochs(make(11))),
      `${name} is 11; it has to be at most 10, the schedule's epochs`,
    );
  }
  const inside = [
    retort.combine(retort.kd(), retort.dkd({ warmUp: 11 })),
    retort.sakd(retort.reviewkd({ warmup: 11 })),
  ];
  for (const distiller of inside) assert(message(tenEpochs(distiller)).includes("is 11; it has"));
  // Their defaults are the papers', whose schedules are longer: a run says so.
  for (const distiller of [retort.dkd(), retort.one(), retort.reviewkd()]) {
    assertEquals(tenEpochs(distiller)().schedule.epochs, 10);
  }
});
