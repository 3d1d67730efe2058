import { reviewkd as method } from "../../../lib/distillers/reviewkd.ts";
import type { Net } from "../../../lib/nn/network.ts";
import { assembleStep } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden, Numbers } from "../../support/goldens.ts";
import { ourMap, ourWeight } from "../../support/layout.ts";
import { after, check, type Checks, type Expected, type Loss, terms } from "./check.ts";

const convNormNames = (theirs: string, ours: string): Record<string, string> => ({
  [`${theirs}.0.weight`]: `${ours}.weight`,
  [`${theirs}.1.weight`]: `${ours}.norm.scale`,
  [`${theirs}.1.bias`]: `${ours}.norm.offset`,
  [`${theirs}.1.running_mean`]: `${ours}.norm.mean`,
  [`${theirs}.1.running_var`]: `${ours}.norm.variance`,
});

/**
 * The variables of the fusions of a student's taps, which are in order from the first to the last,
 * by the references' names.
 */
export function fusionNames(taps: readonly string[]): Readonly<Record<string, string>> {
  const names = taps.toReversed().map((tap, i) => {
    const below = `distiller.fusion_${tap}`;
    const attend = `${below}.attend.0`;
    return {
      ...convNormNames(`${i}.conv1`, `${below}.narrow.0`),
      ...convNormNames(`${i}.conv2`, `${below}.widen.0`),
      ...i > 0 &&
        {
          [`${i}.att_conv.0.weight`]: `${attend}.weight`,
          [`${i}.att_conv.0.bias`]: `${attend}.bias`,
        },
    };
  });
  return Object.assign({}, ...names);
}

const TAPS = ["map0", "map1", "map2", "map3", "map4", "map5", "pooled"] as const;

/** Converts a golden pooled vector or map to a tap's layout. */
const asTap = (golden: Numbers, tap: string): Numbers =>
  tap === "pooled" ? { shape: golden.shape.slice(0, 2), data: golden.data } : ourMap(golden);

async function checkReviewkd(golden: Golden<Loss>): Promise<void> {
  const { tensor, has, facts: { theoretically_zero } } = golden;
  const maps = TAPS.filter((_, i) => has(`in.s${i}`));
  const taps = [...maps, "pooled"] as const;
  const students = taps.map((tap, i) =>
    [tap, tap === "pooled" ? "in.pooled_s" : `in.s${i}`] as const
  );
  const teachers = taps.map((tap, i) => [tap, `in.t${i}`] as const);
  const [batch] = tensor("in.s0").shape;
  const network = (features: typeof students) =>
    networkOfVariables({
      ...Object.fromEntries(features.map(([tap, name]) => [tap, asTap(tensor(name), tap).shape])),
      logits: [batch, 2],
    }) as Net<typeof TAPS[number] | "logits">;
  const values = (who: string, features: typeof students) =>
    features.map(([tap, name]) => [`${who}.${tap}.value`, asTap(tensor(name), tap).data] as const);
  const own = Object.entries(fusionNames(taps)).map(([theirs, ours]) =>
    [`abfs.${theirs}`, ours] as const
  );
  const made = assembleStep({
    student: network(students),
    teacher: network(teachers),
    distiller: method({
      taps: taps.map((tap) => [tap, tap] as const),
      warmup: 0,
      weight: 1,
      ce: 0,
    }),
    image: [1, 1, 1],
    classes: 2,
    values: new Map([
      ...values("student", students),
      ...values("teacher1", teachers),
      ...own.map(([theirs, ours]) => [ours, ourWeight(tensor(`mod.${theirs}`)).data] as const),
    ]),
  });
  await check(golden, made, new Int32Array(batch), [
    { golden: ["out.loss"], ours: terms(...taps.map((tap) => `reviewkd_${tap}`)) },
    ...students.map(([tap, name]): Expected => ({
      golden: [`grad.${name}`],
      ours: after(`student.${tap}.value`),
      layout: (map) => asTap(map, tap),
    })),
    ...own.flatMap(([theirs, ours]): Expected[] => {
      const name = has(`grad.mod.${theirs}`) ? `grad.mod.${theirs}` : `post.${theirs}`;
      // A convolution of normalised maps may have a mean of zero, so that a norm's is rounding.
      return theoretically_zero.includes(name) || !has(name)
        ? []
        : [{ golden: [name], ours: after(ours), layout: ourWeight }];
    }),
  ]);
}

/** ReviewKD. */
export const reviewkd: Checks = [[/^reviewkd$/, checkReviewkd]];
