import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../../../lib/experiment/distiller.ts";
import { margin, ofd as method, partialDistance } from "../../../lib/distillers/ofd.ts";
import type { Net } from "../../../lib/nn/network.ts";
import { assembleStep } from "../../support/assemble_step.ts";
import { onBoth } from "../../support/engines.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourMap, ourWeight } from "../../support/layout.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";
import { after, check, type Checks, type Expected, type Loss, terms } from "./check.ts";
import { betweenMaps, expectedOfMaps, type MapTap, pairsOf } from "./maps.ts";

/** The variables of the connector at a student's tap by the references' names. */
export function connectorNames(tap: string): Readonly<Record<string, string>> {
  const below = `distiller.connector_${tap}.0.`;
  return {
    "0.weight": `${below}weight`,
    "1.weight": `${below}norm.scale`,
    "1.bias": `${below}norm.offset`,
    "1.running_mean": `${below}norm.mean`,
    "1.running_var": `${below}norm.variance`,
  };
}

async function checkOfd(golden: Golden<Loss>): Promise<void> {
  const { tensor, has } = golden;
  const taps = pairsOf(golden);
  const own = taps.flatMap(([tap], i) =>
    Object.entries(connectorNames(tap)).map(([theirs, ours]) =>
      [`connectors.connectors.${i}.${theirs}`, ours] as const
    )
  );
  const made = betweenMaps(golden, taps, method({ taps, weight: 1, ce: 0 }), [
    ...own.map(([theirs, ours]) => [ours, ourWeight(tensor(`mod.${theirs}`)).data] as const),
    ...taps.flatMap(([, tap], i) => [
      [`teacher1.${tap}.scale`, tensor(`in.bn_weight${i}`).data] as const,
      [`teacher1.${tap}.offset`, tensor(`in.bn_bias${i}`).data] as const,
    ]),
  ]);
  await check(golden, made, new Int32Array(tensor("in.s0").shape[0]), [
    ...expectedOfMaps(golden, taps, "ofd"),
    ...own.map(([theirs, ours]): Expected => ({
      golden: [has(`grad.mod.${theirs}`) ? `grad.mod.${theirs}` : `post.${theirs}`],
      ours: after(ours),
      layout: ourWeight,
    })),
  ]);
  await checkMargins(golden, taps.map((_, i) => i));
}

async function checkMargins(
  { name, tensor, facts }: Golden<Loss>,
  pairs: readonly number[],
): Promise<void> {
  const { native, twin } = await onBoth(() =>
    pairs.map((i) =>
      margin(tf.tensor(tensor(`in.bn_weight${i}`).data), tf.tensor(tensor(`in.bn_bias${i}`).data))
    )
  );
  for (const i of pairs) {
    const what = `out.margin${i}`;
    const allowed = tolerance(facts.fp32_vs_fp64_rel_err[what]);
    for (const ours of [native[i], twin[i]]) {
      assertNear(`${name}: ${what}`, ours, tensor(what).data, allowed);
    }
  }
}

/** Checks the authors' distance with given margins: its sum over 1,000 times the batch size. */
async function checkOfficial(golden: Golden<Loss>): Promise<void> {
  const [s, t] = [ourMap(golden.tensor("in.s")), ourMap(golden.tensor("in.t"))];
  const margins = golden.tensor("in.margin").data;
  const distance: Distiller<Net<MapTap>, Net<MapTap>> = {
    id: "partial_distance",
    options: {},
    build: () => ({ student, teacher }) => ({
      ofd: [0.001, partialDistance(student.taps.map0, teacher.taps.map0, tf.tensor(margins))],
    }),
  };
  const made = assembleStep({
    student: networkOfVariables({ map0: s.shape, logits: [s.shape[0], 2] }) as Net<MapTap>,
    teacher: networkOfVariables({ map0: t.shape }) as Net<MapTap>,
    distiller: distance,
    image: [1, 1, 1],
    classes: 2,
    values: new Map([["student.map0.value", s.data], ["teacher1.map0.value", t.data]]),
  });
  await check(golden, made, new Int32Array(s.shape[0]), [
    { golden: ["out.loss"], ours: terms("ofd") },
    { golden: ["grad.in.s"], ours: after("student.map0.value"), layout: ourMap },
  ]);
}

/** OFD as in mdistiller and as in its authors' code. */
export const ofd: Checks = [[/^ofd$/, checkOfd], [/^ofd_official$/, checkOfficial]];
