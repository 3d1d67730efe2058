import { assertEquals } from "@std/assert";
import { vid as method } from "../../../lib/distillers/vid.ts";
import { vidNames } from "../../support/reference_networks.ts";
import { blocks, type Method, type Steps, steps } from "./check.ts";

const makeMethod = ({ gamma, alpha, beta }: Steps["args"], facts: Steps): Method => {
  assertEquals(alpha, 0);
  const names = blocks(facts).flatMap((tap, i) =>
    Object.entries(vidNames(tap)).map(([theirs, ours]) => [`${i}.${theirs}`, ours])
  );
  return {
    distiller: method({ ce: gamma, weight: beta }),
    terms: [{ of: [[gamma, "cls"]], terms: ["task"] }],
    modules: { criterion_kd: Object.fromEntries(names) },
  };
};

/** mdistiller's configuration. Each value is text. */
interface Configured {
  readonly cfg: { readonly LOSS: string; readonly INIT_PRED_VAR: string };
}

const makeFixed = ({ cfg: { LOSS, INIT_PRED_VAR } }: Configured, facts: Steps): Method => {
  const weight = (name: string) => Number(LOSS.match(`${name}_WEIGHT: (.+)`)![1]);
  const ce = weight("CE");
  const feature = weight("FEAT");
  const names = blocks(facts).flatMap((tap, i) =>
    Object.entries(vidNames(tap)).flatMap(([theirs, ours]) => {
      const [, layer] = theirs.match(/^regressor\.(.+)$/) ?? [];
      return layer ? [[`${i}.${layer}`, ours]] : [];
    })
  );
  return {
    distiller: method({ ce, weight: feature, variance: Number(INIT_PRED_VAR), learned: false }),
    terms: [
      { of: [[1, "loss_ce"]], terms: ["task"] },
      { of: [[1, "loss_kd"]], terms: blocks(facts).map((tap) => `vid_${tap}`) },
    ],
    modules: { regressors: Object.fromEntries(names) },
  };
};

/** VID with learned variances, and as in mdistiller. */
export const vid = [steps(/^vid_/, makeMethod), steps<Configured>(/^md_vid_/, makeFixed)];
