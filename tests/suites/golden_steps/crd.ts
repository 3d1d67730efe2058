import { assertEquals } from "@std/assert";
import { contrastive } from "../../../lib/distillers/crd.ts";
import { bankNames, DRAWN, embedNames, recorded, timesDrawn } from "../golden_losses/crd.ts";
import type { Check, Golden } from "../../support/goldens.ts";
import { check, type Final, type Method, type Steps } from "./check.ts";

/** The variables of one side's embedding, a linear layer. */
const embedding = (side: string): Record<string, string> => ({
  "linear.weight": `distiller.${side}.0.weight`,
  "linear.bias": `distiller.${side}.0.bias`,
});

function makeMethod({ facts: { args }, tensor }: Golden<Steps>, batch: number): Method {
  const { gamma, alpha, beta } = args;
  const [K, T, , , momentum] = tensor("init.criterion_kd.contrast.params").data;
  const [dimensions] = tensor("init.embed_s.linear.bias").shape;
  assertEquals(alpha, 0);
  const z = (side: string, final: Final) => final.get(`distiller.${side}.z`)![0];
  return {
    distiller: contrastive(
      { dimensions, negatives: K, temperature: T, momentum, weight: beta, ce: gamma },
      recorded(batch),
    ),
    terms: [{ of: [[gamma, "cls"]], terms: ["task"] }, { of: [[beta, "kd"]], terms: ["crd"] }],
    modules: {
      embed_s: embedding("student"),
      embed_t: embedding("teacher"),
      criterion_kd: {
        ...embedNames,
        "contrast.params": (final) =>
          Float32Array.of(K, T, z("student", final), z("teacher", final), momentum),
        ...Object.fromEntries(
          Object.entries(bankNames).map((
            [theirs, ours],
          ) => [theirs, (final: Final) => final.get(ours)!]),
        ),
      },
    },
    before: ({ facts: { batches }, tensor }, common, i) => [
      [
        DRAWN,
        timesDrawn(common.integers(`in.contrast_idx_${batches[i]}`), batch, common.facts.n_data),
      ],
      ...i > 0
        ? []
        : Object.entries(bankNames).map(([theirs, ours]) =>
          [ours, tensor(`init.criterion_kd.${theirs}`).data] as const
        ),
    ],
  };
}

/** CRD with recorded negatives. */
export const crd: Check<Steps>[] = [[
  /^crd_/,
  (golden, t) => check(golden, makeMethod(golden, golden.facts.batch), t),
]];
