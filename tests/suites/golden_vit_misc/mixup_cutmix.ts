import * as tf from "@tensorflow/tfjs";
import { type Box, mixBackwards } from "../../../lib/data/mix.ts";
import { distribution } from "../../../lib/tasks/classification.ts";
import { type Kind, open } from "../../support/engines.ts";
import type { Check, Golden } from "../../support/goldens.ts";
import { ourMap } from "../../support/layout.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";

/** A batch's random choices, and λ after the box was cut off, for both roundings of its sides. */
interface Draw {
  readonly kind: "mixup" | "cutmix";
  readonly lam: number;
  readonly centre?: readonly [row: number, column: number];
  readonly lam_after?: number;
  readonly lam_after_now?: number;
}

/** The JSON of the case. */
export interface MixupCutmix {
  readonly smoothing: number;
  readonly num_classes: number;
  readonly draws: readonly Draw[];
}

const LIMIT = tolerance(0);

/** The suffixes of the tensors and numbers of each rounding. */
const BOXES = { even: "", whole: "_now" } as const;

/** Checks the images and the targets of every draw. */
async function checkMix({ facts, tensor, has, integers }: Golden<MixupCutmix>): Promise<void> {
  const x = ourMap(tensor("in.x"));
  const y = integers("in.y");
  for (const [i, { kind, lam, centre = [0, 0], ...after }] of facts.draws.entries()) {
    for (const [box, suffix] of Object.entries(BOXES) as [Box, "" | "_now"][]) {
      if (!has(`out${suffix}.${i}`)) continue;
      for (const engineKind of ["compiled", "cpu"] satisfies Kind[]) {
        const engine = await open(engineKind);
        const { image, target, share } = await engine.compile<"x" | "y">(({ x, y }) => {
          const [row, column] = centre.map((pixel) => tf.scalar(pixel));
          const choice = {
            isBox: tf.scalar(kind === "cutmix", "bool"),
            share: tf.scalar(lam),
            centre: [row, column] as const,
          };
          const { image, partner, share } = mixBackwards(x, choice, box);
          const labels = [[y, share], [tf.gather(y, partner, 0), tf.sub(1, share)]] as const;
          const target = distribution(labels, facts.num_classes, facts.smoothing);
          return { values: { image, target, share }, updates: [] };
        })({ x, y: { shape: [y.length], data: y } });
        engine.close();
        const name = `${engineKind}: draw ${i}, ${box}`;
        assertNear(name, image, ourMap(tensor(`out${suffix}.${i}`)).data, LIMIT);
        assertNear(`${name}: target`, target, tensor(`target${suffix}.${i}`).data, LIMIT);
        assertNear(`${name}: λ`, share, [after[`lam_after${suffix}`] ?? lam], LIMIT);
      }
    }
  }
}

/** Mixup and CutMix as DeiT mixes. */
export const mixupCutmix: readonly Check<MixupCutmix>[] = [[/^mixup_cutmix$/, checkMix]];
