import { assertEquals } from "@std/assert";
import { at } from "../../../lib/distillers/at.ts";
import { contrastive } from "../../../lib/distillers/crd.ts";
import { fitnets } from "../../../lib/distillers/fitnets.ts";
import { type Noise, type SakdOptions, sakdWithNoise } from "../../../lib/distillers/sakd.ts";
import { constant } from "../../../lib/nn/variables.ts";
import { bankNames, DRAWN, embedNames, recorded, timesDrawn } from "../golden_losses/crd.ts";
import type { Check, Golden } from "../../support/goldens.ts";
import { regressorNames } from "../../support/reference_networks.ts";
import { blocks, check, type Final, type Method, type Steps } from "./check.ts";

/** Noise in a memory, which a test sets. */
const noiseInMemory = (batch: number): Noise => (create, spots) => {
  const noise = create.memory("noise", [batch, spots, 2], constant(0));
  return () => noise.value;
};

/** The options of a case without those of its method. */
function optionsOf({ facts: { args } }: Golden<Steps>): SakdOptions {
  const { gamma, alpha, beta, T, gumbel_T, homo } = args;
  assertEquals(alpha, 1);
  return { gamma, alpha, beta, temperature: T, gumbel: gumbel_T, homogeneous: Boolean(homo) };
}

/** Adds the common parts of SAKD to a method's own, whose terms have these names. */
function addCommonParts(
  { facts: { args: { beta } } }: Golden<Steps>,
  terms: readonly string[],
  { distiller, modules, before }: Pick<Method, "distiller" | "modules" | "before">,
): Method {
  return {
    distiller,
    terms: [
      { of: [[1, "ce_student"]], terms: ["task"] },
      { of: [[beta, "kd"]], terms },
      { of: [[1, "div"]], terms: ["kd"] },
      { of: [[1, "graft_loss"]], terms: ["policy", "balance"] },
    ],
    besides: ["policy", "balance"],
    modules: { policy: linear("policy"), ...modules },
    before: (golden, common, i) => [
      ["distiller.noise", golden.tensor(`in.u_${i}`).data],
      ...before?.(golden, common, i) ?? [],
    ],
  };
}

/** The variables of a linear layer. */
const linear = (name: string): Record<string, string> => ({
  "net.weight": `distiller.${name}.0.weight`,
  "net.bias": `distiller.${name}.0.bias`,
});

/** The variables of an adapter by the names of the references' ConvReg. */
const adapter = (name: string): Record<string, string> => rename(regressorNames, "regressor", name);

/** Prefixes the names of the routed method's variables as `sakd` does. */
const prefixNames = (names: Readonly<Record<string, string>>) =>
  rename(names, "distiller.", "distiller.method.");

function rename(
  names: Readonly<Record<string, string>>,
  from: string,
  to: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).map(([theirs, ours]) => [theirs, ours.replace(from, to)]),
  );
}

const makeFitnets = (golden: Golden<Steps>): Method =>
  addCommonParts(golden, ["hint"], {
    distiller: sakdWithNoise(
      fitnets({ weight: 1 }),
      optionsOf(golden),
      noiseInMemory(golden.facts.batch),
    ),
    modules: {
      hint: adapter("hint_block2"),
      anti_hint: adapter("anti_block2"),
      loss_hint: prefixNames(regressorNames),
    },
  });

const makeAt = (golden: Golden<Steps>): Method => {
  const taps = blocks(golden.facts);
  const names = taps.map((tap) => `at_${tap}`);
  return addCommonParts(golden, names, {
    distiller: sakdWithNoise(
      at({ weight: 1 }),
      optionsOf(golden),
      noiseInMemory(golden.facts.batch),
    ),
    modules: Object.fromEntries(
      taps.flatMap((tap, i) => [
        [`hint_${i}`, adapter(`hint_${tap}`)],
        [`anti_hint_${i}`, adapter(`anti_${tap}`)],
      ]),
    ),
  });
};

// The references list both embeddings of CRD twice: in the criterion and by themselves.
const makeCrd = (golden: Golden<Steps>): Method => {
  const { facts: { batch }, tensor } = golden;
  const [K, T, , , momentum] = tensor("init.criterion_kd.contrast.params").data;
  const [dimensions] = tensor("init.crd_embed_s.linear.bias").shape;
  const base = contrastive(
    { dimensions, negatives: K, temperature: T, momentum, weight: 1 },
    recorded(batch),
  );
  const embeddings = prefixNames(embedNames);
  const banks = prefixNames(bankNames);
  const drawn = DRAWN.replace("distiller.", "distiller.method.");
  const embedding = (side: string) =>
    Object.fromEntries(
      ["weight", "bias"].map((
        part,
      ) => [`linear.${part}`, embeddings[`embed_${side}.linear.${part}`]]),
    );
  const z = (side: string, final: Final) => final.get(`distiller.method.${side}.z`)![0];
  return addCommonParts(golden, ["crd"], {
    distiller: sakdWithNoise(base, optionsOf(golden), noiseInMemory(batch)),
    modules: {
      hint: linear("hint_pooled"),
      anti_hint: linear("anti_pooled"),
      crd_embed_s: embedding("s"),
      crd_embed_t: embedding("t"),
      criterion_kd: {
        ...embeddings,
        "contrast.params": (final) =>
          Float32Array.of(K, T, z("student", final), z("teacher", final), momentum),
        ...Object.fromEntries(
          Object.entries(banks).map((
            [theirs, ours],
          ) => [theirs, (final: Final) => final.get(ours)!]),
        ),
      },
    },
    before: ({ facts: { batches }, tensor }, common, i) => [
      [
        drawn,
        timesDrawn(common.integers(`in.contrast_idx_${batches[i]}`), batch, common.facts.n_data),
      ],
      ...i > 0
        ? []
        : Object.entries(banks).map(([theirs, ours]) =>
          [ours, tensor(`init.criterion_kd.${theirs}`).data] as const
        ),
    ],
  });
};

/** SAKD with recorded noise, over three methods. */
export const sakd: Check<Steps>[] = [
  [/^sakd_fitnet_/, (golden, t) => check(golden, makeFitnets(golden), t)],
  [/^sakd_at_/, (golden, t) => check(golden, makeAt(golden), t)],
  [/^sakd_crd_/, (golden, t) => check(golden, makeCrd(golden), t)],
];
