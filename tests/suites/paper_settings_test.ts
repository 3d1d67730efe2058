/** The settings of the papers' experiments equal the transcripts of the papers and their code. */
import { assertEquals } from "@std/assert";
import sakdTables from "../../experiments/sakd/tables.ts";
import shakeReleased from "../../experiments/shake/released/shake.ts";
import shakeTables from "../../experiments/shake/tables.ts";
import slkdReleased from "../../experiments/slkd/released/slkd.ts";
import slkdTables from "../../experiments/slkd/tables.ts";
import { declaration } from "../../lib/experiment/declaration.ts";
import { type Experiment, networkOf } from "../../lib/experiment/experiment.ts";
import type { Tables } from "../../lib/experiment/tables.ts";
import { networkName, testTranscript } from "../support/transcripts.ts";

/** The settings of a transcript. `null` if the paper does not say. */
interface Recipe {
  id: string;
  epochs: number;
  batch_size: number | null;
  learning_rate: number;
  learning_rate_exceptions: Record<string, number>;
  lr_decay_epochs: number[] | null;
  lr_decay_rate: number | null;
  weight_decay: number;
  momentum: number | null;
  nesterov: boolean | null;
  temperature: number | null;
}

/** The settings of the released code. */
type Code = Partial<
  Pick<Recipe, "learning_rate_exceptions" | "lr_decay_rate" | "momentum" | "nesterov">
>;

interface ShakeRecipe extends Recipe {
  from_code?: Code & {
    loss_weights: Record<string, number>;
    shake_terms: Record<string, number>;
    temperature: number;
  };
  from_submission?: Partial<Pick<Recipe, "lr_decay_epochs" | "lr_decay_rate" | "temperature">> & {
    loss_weights?: { lambda: number };
  };
}

/** SHAKE's recipe for transformers. */
interface VitRecipe extends Recipe {
  optimizer: string;
  lr_schedule: string;
  warmup: { epochs: number };
}

interface SlkdRecipe extends Recipe {
  students: string[];
  loss_weights: { ce: number; kd: number };
  from_code: Code & { slt_count: number; slt_fusion_weight: number };
}

interface SakdRecipe extends Recipe {
  loss_weights: { ce: number; kl: number; other_kd: Record<string, number> };
  policy: {
    gumbel_softmax_temperature: number;
    classify_weight: Record<string, number>;
    homo: string[];
  };
}

/** Lists the experiments of every row of a paper's tables with one of these ids, by method. */
function cells({ tables }: Tables, ...ids: string[]): [method: string, experiment: Experiment][] {
  return tables.flatMap((table) =>
    "ids" in table && ids.includes(table.ids[0]) ? Object.entries(table.rows) : []
  )
    .flatMap(([method, row]) =>
      Object.values(row).map((one): [string, Experiment] => [method, one])
    );
}

/** A part of a declaration. */
interface Part {
  readonly id: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Gives the declarations of an experiment's method and schedule. */
function declaredOf(experiment: Experiment): { readonly distiller: Part; readonly schedule: Part } {
  const declared: unknown = declaration(experiment);
  return declared as { distiller: Part; schedule: Part };
}

/**
 * Asserts that an experiment's schedule is that of a recipe. If the recipe does not say them, any
 * batch is right, momentum is 0.9, and it is not Nesterov's.
 */
function assertTrained(experiment: Experiment, recipe: Recipe): void {
  const student = networkName(experiment.student.id);
  const { options } = declaredOf(experiment).schedule;
  assertEquals({ ...options, nesterov: options.nesterov ?? false }, {
    epochs: recipe.epochs,
    batch: recipe.batch_size ?? options.batch,
    lr: recipe.learning_rate_exceptions[student] ?? recipe.learning_rate,
    drops: { at: recipe.lr_decay_epochs, by: recipe.lr_decay_rate },
    momentum: recipe.momentum ?? 0.9,
    weightDecay: recipe.weight_decay,
    nesterov: recipe.nesterov ?? false,
  }, `${experiment.url} ${student}`);
}

await testTranscript<ShakeRecipe>(
  "shake",
  "the experiments have the paper's settings",
  ({ hyperparameters }) => {
    const [cifar, imagenet, transformer] = hyperparameters;
    const { loss_weights: weights, shake_terms: terms, ...code } = cifar.from_code!;
    const { loss_weights, temperature } = cifar.from_submission!;
    const lambda = loss_weights!.lambda;
    const small = cells(
      shakeTables,
      "shake-cifar100",
      "shake-direction",
      "shake-design",
      "shake-figure-4",
    );
    const big = cells(shakeTables, "shake-imagenet-resnet34-resnet18");
    for (const [, one] of small) assertTrained(one, { ...cifar, ...code });
    for (const [, one] of big) assertTrained(one, { ...imagenet, ...imagenet.from_submission });

    const submitted = {
      temperature,
      ce: 1,
      kd: lambda,
      follow: 1,
      reverse: lambda,
      by: "kl",
      labels: 0,
      direct: 0,
    };
    for (const [method, one] of [...small, ...big]) {
      const { id, options } = declaredOf(one).distiller;
      if (method.startsWith("shake") && id === "shake" && method !== "shake_alone") {
        assertEquals(
          options,
          { ...options, ...submitted, backbone: "teacher", normalised: false },
          method,
        );
      }
    }
    const vit = transformer as VitRecipe;
    for (const [method, one] of cells(shakeTables, "shake-vit")) {
      const { id, options } = declaredOf(one).schedule;
      const { epochs, lr, weightDecay, rate } = options;
      assertEquals({ id, epochs, lr, weightDecay, rate }, {
        id: vit.optimizer,
        epochs: vit.epochs,
        lr: vit.learning_rate,
        weightDecay: vit.weight_decay,
        rate: {
          id: vit.lr_schedule,
          options: {
            minimum: 1e-5,
            warmup: { epochs: vit.warmup.epochs, from: 1e-6 },
            late: true,
          },
        },
      }, method);
    }
    for (const one of Object.values(shakeReleased)) {
      const { options } = declaredOf(one).distiller;
      const all = weights.shake_terms;
      assertTrained(one, { ...cifar, ...code });
      assertEquals(options, {
        ...options,
        temperature: code.temperature,
        ce: weights.student_ce,
        direct: weights.teacher_to_student_kl,
        kd: all * terms.kl_student_from_shadow,
        reverse: all * terms.kl_shadow_from_student,
        labels: all * terms.shadow_ce,
        follow: all * terms.mse_shadow_teacher_logits,
        by: "mse",
        normalised: true,
      });
    }
  },
);

await testTranscript<SlkdRecipe>(
  "slkd",
  "the experiments have the settings of Tables 10 and 11",
  ({ hyperparameters }) => {
    const tables = ["slkd-table-1", "slkd-table-5", "slkd-table-7", "slkd-table-8"];
    const seen = new Map<string, Set<string>>();
    for (const recipe of hyperparameters) {
      const {
        students,
        temperature,
        loss_weights: { ce, kd },
        from_code: { slt_count, slt_fusion_weight },
      } = recipe;
      const ids = recipe.id === "slkd-table-11" ? ["slkd-table-3"] : tables;
      // Table 10 names families. ResNet-20, which Table 5 adds, belongs to one of them.
      const learners = [...students, ...recipe.id === "slkd-table-10-cnn" ? ["resnet20"] : []];
      const asReleased = Object.values(slkdReleased).map((one) => ["slkd", one] as const);
      for (const [method, one] of [...cells(slkdTables, ...ids), ...asReleased]) {
        const student = networkName(one.student.id);
        const { distiller: { id, options } } = declaredOf(one);
        if (method === "teacher" || !learners.includes(student)) continue;
        assertTrained(one, recipe);
        const set = {
          kd: { temperature, ce, kd },
          slkd: { temperature, ce },
          slkd_sequential: { temperature, ce },
        }[id];
        assertEquals(options, { ...options, ...set }, `${method} ${student}`);
        if (method === "slkd") {
          assertEquals([options.copies, options.fusion], [
            slt_count,
            slt_fusion_weight,
          ]);
        }
        seen.set(method, (seen.get(method) ?? new Set()).add(student));
      }
    }
    const everyone = [...hyperparameters.flatMap(({ students }) => students), "resnet20"].sort();
    for (const method of ["kd", "slkd"]) {
      assertEquals(
        [...seen.get(method)!].sort(),
        everyone,
        method,
      );
    }
  },
);

await testTranscript<SakdRecipe>(
  "sakd",
  "the experiments have the settings of the configurations",
  ({ hyperparameters }) => {
    for (const [i, id] of ["sakd-cifar100-same", "sakd-tiny-imagenet"].entries()) {
      const recipe = hyperparameters[i];
      const { loss_weights: { ce, kl, other_kd }, policy, temperature } = recipe;
      const all = cells(sakdTables, id);
      const row = (name: string) => all.filter(([method]) => method === name);
      assertEquals(Object.keys(other_kd).length, 10);
      for (const name of Object.keys(other_kd)) {
        const method = name === "fitnet" ? "fitnets" : name;
        const gammas = policy.classify_weight;
        const gamma = gammas[name] ?? gammas.others ?? gammas.all;
        const pairOf = ({ teachers: [teacher], student }: Experiment) =>
          `${networkOf(teacher).id}/${student.id}`;
        // The transcript mentions NST's smaller batch in a comment only.
        const batchOf = (pair: string) =>
          i === 0 && name === "nst" && /^(resnet50.mobilenetv2|wrn_40_2.shufflenetv1)$/.test(pair)
            ? 32
            : recipe.batch_size;
        for (const [, one] of row(method)) {
          const pair = pairOf(one);
          const { options } = declaredOf(one).distiller;
          const parts = options.methods
            ? (options.methods as Part[]).map(({ options }) => options)
            : [options];
          const first = parts[0];
          const temperatureOf = first.kdTemperature ?? first.temperature;
          assertTrained(one, { ...recipe, batch_size: batchOf(pair) });
          assertEquals(
            [weightOf(parts.at(-1)!), first.ce, first.kd, temperatureOf],
            [other_kd[name], ce, kl, temperature],
            `${method} ${pair}`,
          );
        }
        const adaptive = row(`sakd_${method}`);
        assertEquals(adaptive.length, i === 1 ? 5 : name === "nst" ? 9 : 10, method);
        for (const [, one] of adaptive) {
          const pair = pairOf(one);
          const { method: inner, statistics: _, ...options } = declaredOf(one).distiller.options;
          assertTrained(one, { ...recipe, batch_size: batchOf(pair) });
          assertEquals(weightOf((inner as Part).options), other_kd[name], method);
          const gumbel = policy.gumbel_softmax_temperature;
          const homogeneous = policy.homo.includes(pair);
          const expected = { ce, alpha: kl, temperature, gumbel, gamma, homogeneous };
          assertEquals(options, { ...expected, beta: 1, routing: "adaptive" }, `${method} ${pair}`);
        }
      }
    }
  },
);

/** The weight of a method's own term. RKD's is a factor of 25 (distances) and 50 (angles). */
function weightOf({ weight, distance, angle }: Part["options"]): unknown {
  return weight ??
    (Number(distance) / 25 === Number(angle) / 50 ? Number(distance) / 25 : undefined);
}
