import {
  factorDistance,
  ft as method,
  ftInit,
  type FtOptions,
} from "../../../lib/distillers/ft.ts";
import type { Distiller } from "../../../lib/experiment/distiller.ts";
import type { Net } from "../../../lib/nn/network.ts";
import { assembleStep, type StepParts } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden } from "../../support/goldens.ts";
import { mirroredWeight, ourMap, ourWeight } from "../../support/layout.ts";
import {
  decoderNames,
  paraphraserNames,
  translatorNames,
} from "../../support/reference_networks.ts";
import { untrainedModule } from "../../support/untrained_module.ts";
import { after, check, type Checks, type Expected, type Loss, terms } from "./check.ts";

/** A module of a case: its name there, our variables, and the conversion to our layout. */
interface Part {
  readonly name: string;
  readonly names: Readonly<Record<string, string>>;
  readonly layout: typeof ourWeight;
}

const TRANSLATOR: Part = { name: "translator", names: translatorNames, layout: ourWeight };
const ENCODER: Part = { name: "paraphraser", names: paraphraserNames, layout: ourWeight };
const DECODER: Part = { name: "paraphraser", names: decoderNames, layout: mirroredWeight };

type Map = Net<"map" | "logits">;

/** Makes a method with its modules between networks whose maps are the golden ones. */
function between(
  { has, tensor }: Golden<Loss>,
  distiller: Distiller<Map, Map>,
  parts: readonly Part[],
): StepParts {
  const theirs = ourMap(tensor("in.f_t"));
  const ours = has("in.f_s") ? ourMap(tensor("in.f_s")) : theirs;
  const network = (shape: readonly number[]): Map =>
    networkOfVariables({ map: shape, logits: [shape[0], 2] });
  const values = parts.flatMap(({ name, names, layout }) =>
    Object.entries(names).map(([there, here]) =>
      [here, layout(tensor(`mod.${name}.${there}`)).data] as const
    )
  );
  return assembleStep({
    student: network(ours.shape),
    teacher: network(theirs.shape),
    distiller,
    image: [1, 1, 1],
    classes: 2,
    values: new Map([
      ["student.map.value", ours.data],
      ["teacher1.map.value", theirs.data],
      ...values,
    ]),
  });
}

/**
 * Lists the expected values of a part's variables. A norm cancels a bias before it, so the bias's
 * gradient is rounding and left out.
 */
const expectedOf = ({ has, facts }: Golden<Loss>, { name, names, layout }: Part): Expected[] =>
  Object.entries(names).flatMap(([there, here]): Expected[] => {
    const golden = [`grad.mod.${name}.${there}`, `post.${name}.${there}`].find(has);
    return golden && !facts.theoretically_zero.includes(golden)
      ? [{ golden: [golden], ours: after(here), layout }]
      : [];
  });

const loss = (term: string): Expected => ({ golden: ["out.loss"], ours: terms(term) });
const gradient: Expected = {
  golden: ["grad.in.f_s"],
  ours: after("student.map.value"),
  layout: ourMap,
};
const labels = ({ tensor }: Golden<Loss>) => new Int32Array(tensor("in.f_t").shape[0]);

async function checkFt(golden: Golden<Loss>): Promise<void> {
  const { k, p2 } = golden.facts.args;
  const paraphraser = untrainedModule(ftInit({ rate: k }), "paraphraser");
  const made = between(golden, method({ paraphraser, order: p2 as 1 | 2, weight: 1, ce: 0 }), [
    TRANSLATOR,
    ENCODER,
  ]);
  await check(golden, made, labels(golden), [
    loss("ft"),
    gradient,
    ...expectedOf(golden, TRANSLATOR),
  ]);
}

async function checkInit(golden: Golden<Loss>): Promise<void> {
  const made = between(golden, ftInit(), [ENCODER, DECODER]);
  const parts = [ENCODER, DECODER].flatMap((part) => expectedOf(golden, part));
  await check(golden, made, labels(golden), [loss("reconstruction"), ...parts]);
}

/** Checks the loss alone on given factors. */
const checkFactors =
  (factors: Required<FtOptions<string, string>>["factors"]) => async (golden: Golden<Loss>) => {
    const distiller: Distiller<Map, Map> = {
      id: "ft",
      options: {},
      build: () => ({ student, teacher }) => ({
        ft: [1, factorDistance(student.taps.map, teacher.taps.map, { factors, order: 1 })],
      }),
    };
    await check(golden, between(golden, distiller, []), labels(golden), [loss("ft"), gradient]);
  };

/** FT as released, its first stage, its loss on factors of different sizes, torchdistill's FT. */
export const ft: Checks = [
  [/^ft$/, checkFt],
  [/^ft_init$/, checkInit],
  [/^ft_resize$/, checkFactors("attention")],
  [/^td_ft$/, checkFactors("whole")],
];
