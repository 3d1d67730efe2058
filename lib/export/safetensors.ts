import type { Net } from "../nn/network.ts";
import { sizeOf } from "../nn/variables.ts";
import { canonical } from "../values/json.ts";
import { referenceName } from "../weights/names.ts";
import { encode, type Entry } from "../weights/safetensors.ts";
import { permute, type Value } from "../weights/value.ts";
import type { Format } from "./format.ts";
import type { ExportedModel } from "./model.ts";

/**
 * One safetensors file. If the network has a reference implementation in PyTorch, it has that one's
 * names and layout, and its `load_state_dict` takes it. Else it has Retort's.
 */
export const safetensors: Format = {
  title: "safetensors",
  library: ({ network }) => network.names ? "pytorch" : "retort",
  layout: ({ network }) => network.names ? "NCHW" : "NHWC",
  files: (model) =>
    Promise.resolve(new Map([["model.safetensors", encode(entries(model), metadata(model))]])),
  loading: ({ network, classes }) =>
    network.names
      ? `\`model\` is the reference implementation of \`${network.id}\` that has these names, for ${classes.length} classes.

\`\`\`python
from safetensors.torch import load_file

model.load_state_dict(load_file("model.safetensors"))
model.eval()
\`\`\`

${teacherNote(network)}`
      : teacherNote(network),
  limits: [],
};

function teacherNote({ id }: Net): string {
  return `In Retort, \`weights(network, { file: "model.safetensors" })\` reads it for the network \`${id}\`.`;
}

/**
 * Retort's axes in PyTorch's order, by their number: [out, in, height, width] for convolutions,
 * [out, in] for dense layers.
 */
const AXES: Readonly<Record<number, readonly number[]>> = { 2: [1, 0], 4: [3, 2, 0, 1] };

function entries({ network, tensors }: ExportedModel): Map<string, Entry> {
  return new Map(
    Array.from(
      tensors,
      ([name, value]) =>
        network.names
          ? [referenceName(network, name), entry(toReferenceLayout(network, name, value))]
          : [name, entry(value)],
    ),
  );
}

function toReferenceLayout({ flattened = [] }: Net, name: string, value: Value): Value {
  const axes = AXES[value.shape.length];
  const { shape, data } = axes ? permute(value, axes) : value;
  const isFlattened = flattened.includes(name);
  return { shape: isFlattened ? [shape[0], sizeOf(shape.slice(1))] : shape, data };
}

function entry({ shape, data }: Value): Entry {
  return data instanceof Float32Array
    ? { dtype: "F32", shape, data }
    : { dtype: "I32", shape, data };
}

function metadata(
  { network, image, classes, normalisation: { mean, std }, origin }: ExportedModel,
): Record<string, string> {
  const facts = {
    network: { id: network.id, options: network.options },
    image,
    classes,
    mean,
    std,
  };
  const texts = Object.entries(facts).map(([name, value]) => [name, canonical(value)]);
  return { ...(network.names ? { format: "pt" } : {}), ...Object.fromEntries(texts), ...origin };
}
