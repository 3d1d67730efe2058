/** A family of networks, named as its file in `networks/`. */
export type Family = "resnet" | "vgg";

/** What a convolution or dense layer is called, and the batch norm behind it. */
type Names = readonly [layer: string, norm?: string];

/** The names of the layer at a path of ours, by family; undefined where there is none. */
const families: Readonly<Record<Family, (path: string) => Names | undefined>> = {
  resnet(path) {
    if (path === "stem") return ["conv1", "bn1"];
    if (path === "logits") return ["fc"];
    const [, stage, position, part] = path.match(/^block(\d)\.(\d*[02468])\.(body\.0|body\.2|shortcut)$/) ?? [];
    // A ReLU stands between two of our blocks and between a block's two convolutions.
    const block = `layer${stage}.${Number(position) / 2}`;
    if (part === "shortcut") return [`${block}.downsample.0`, `${block}.downsample.1`];
    if (part) return part === "body.0" ? [`${block}.conv1`, `${block}.bn1`] : [`${block}.conv2`, `${block}.bn2`];
  },
  vgg(path) {
    if (path === "logits") return ["classifier"];
    const [, stage, position] = path.match(/^(stem|block\d)\.(\d+)$/) ?? [];
    if (!stage) return;
    // A layer there is three, convolution, norm and ReLU; here it is two, behind the pooling that may open a block.
    const block = stage === "stem" ? "block0" : stage, layer = 3 * Math.floor(Number(position) / 2);
    return [`${block}.${layer}`, `${block}.${layer + 1}`];
  },
};

/** PyTorch's names of a batch norm's variables. */
const norm: Readonly<Record<string, string>> = {
  scale: "weight",
  offset: "bias",
  mean: "running_mean",
  variance: "running_var",
};

/**
 * What a network's variable is called in RepDistiller, mdistiller and the code built on them, e.g. `layer1.0.bn1.weight`
 * for `block1.0.body.0.norm.scale`. Throws for a name that no network of the family has.
 */
export function referenceName(family: Family, variable: string): string {
  const [, path, state, kind] = variable.match(/^(.+?)\.(?:norm\.(\w+)|(weight|bias))$/) ?? [];
  const [layer, behind] = (path && families[family](path)) || [];
  const name = kind ? layer && `${layer}.${kind}` : behind && norm[state] && `${behind}.${norm[state]}`;
  if (!name) throw new Error(`${variable} is not a variable of the ${family} family`);
  return name;
}
