import { cc as method } from "../../../lib/distillers/cc.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourWeight } from "../../support/layout.ts";
import { after, type Checks, type Loss, terms } from "./check.ts";
import { checkFeatures } from "./features.ts";

const taps = { student: "f_s", teacher: "f_t", weight: 1, ce: 0 } as const;

/** The references' names and ours of the variables of the embeddings of `cc`. */
const embeddings = [["embed_s", "student"], ["embed_t", "teacher"]].flatMap(([theirs, ours]) =>
  ["weight", "bias"].map((
    part,
  ) => [`${theirs}.linear.${part}`, `distiller.embed.${ours}.0.${part}`])
);

function checkCc(golden: Golden<Loss>): Promise<void> {
  const modules = embeddings.map(([theirs, ours]) =>
    [ours, ourWeight(golden.tensor(`mod.${theirs}`)).data] as const
  );
  return checkFeatures(
    golden,
    method({ ...taps, units: golden.facts.args.feat_dim }),
    { modules },
    [
      { golden: ["out.loss"], ours: terms("cc") },
      ...embeddings.map(([theirs, ours]) => ({
        golden: [`grad.mod.${theirs}`],
        ours: after(ours),
        layout: ourWeight,
      })),
    ],
  );
}

/** torchdistill's cases hold embeddings, so the layers that embed them here are identities. */
function checkKernel(kernel: "bilinear" | "gaussian") {
  return (golden: Golden<Loss>): Promise<void> => {
    const [, units] = golden.tensor("in.f_s").shape;
    const identity = Float32Array.from(
      { length: units ** 2 },
      (_, i) => i % (units + 1) === 0 ? 1 : 0,
    );
    const modules = embeddings.map(([, ours]) =>
      [ours, ours.endsWith("weight") ? identity : new Float32Array(units)] as const
    );
    return checkFeatures(golden, method({ ...taps, units, kernel }), { modules }, [
      { golden: ["out.loss"], ours: terms("cc") },
    ]);
  };
}

/** CC, as released and with torchdistill's kernels. */
export const cc: Checks = [
  [/^cc$/, checkCc],
  [/^td_cc_bilinear$/, checkKernel("bilinear")],
  [/^td_cc_gaussian$/, checkKernel("gaussian")],
];
