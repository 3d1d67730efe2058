import {
  type GraphDef,
  graphJson,
  type NodeDef,
  type TensorProto,
} from "../tensorflow/messages.ts";
import { Failure } from "../values/failure.ts";
import { FROZEN_LIMITS, frozenGraph } from "./frozen_graph.ts";
import type { Files, Format } from "./format.ts";

/** The most bytes in one file of weights. Browsers cache files up to this size. */
const SHARD = 4 * 2 ** 20;

/** The graph model of TensorFlow.js: the graph as JSON, and its constants in binary files. */
export const graphModel: Format = {
  title: "TensorFlow.js graph model",
  library: () => "tfjs",
  layout: () => "NHWC",
  async files(model): Promise<Files> {
    if (model.task.predictsFrom) {
      throw new Failure(
        2,
        `${model.network.id} has ops that TensorFlow.js runs in other ways: take --format savedmodel`,
      );
    }
    const { graph, signature, tensorflow } = await frozenGraph(model);
    const constants = graph.node.flatMap(({ name, attr }) =>
      attr.value?.tensor ? [{ name, tensor: attr.value.tensor }] : []
    );
    const shards = await splitIntoShards(constants.map(({ tensor }) => bytesOf(tensor)));
    const paths = shards.map((_, i) => `group1-shard${i + 1}of${shards.length}.bin`);
    const json = {
      format: "graph-model",
      generatedBy: tensorflow,
      convertedBy: "Retort",
      signature,
      modelTopology: graphJson(removeContents(graph)),
      weightsManifest: [{
        paths,
        weights: constants.map(({ name, tensor }) => weightSpec(name, tensor)),
      }],
    };
    return new Map<string, Uint8Array | string>([
      ["model.json", `${JSON.stringify(json)}\n`],
      ...shards.map((shard, i) => [paths[i], shard] as const),
    ]);
  },
  loading: ({ image }) =>
    `\`\`\`js
import * as tf from "@tensorflow/tfjs";

const facts = await (await fetch("preprocessing.json")).json();
const model = await tf.loadGraphModel("model.json");
const pixels = tf.zeros([1, ${image.join(", ")}]); // images, 0 to 255
const images = pixels.div(255).sub(facts.mean).div(facts.std);
const best = await tf.argMax(model.predict(images), 1).data();
console.log([...best].map((i) => facts.classes[i]));
\`\`\``,
  limits: [FROZEN_LIMITS],
};

const NAMES: Readonly<Record<string, string>> = { DT_FLOAT: "float32", DT_INT32: "int32" };

function weightSpec(name: string, { dtype, tensorShape }: TensorProto) {
  return {
    name,
    shape: (tensorShape.dim ?? []).map(({ size }) => Number(size)),
    dtype: NAMES[dtype],
  };
}

/** The elements of a constant. TensorFlow writes a single one as a number rather than as bytes. */
function bytesOf({ tensorContent, floatVal, intVal }: TensorProto): Uint8Array<ArrayBuffer> {
  if (tensorContent) return Uint8Array.from(tensorContent);
  const elements = floatVal ? Float32Array.from(floatVal) : Int32Array.from(intVal!);
  return new Uint8Array(elements.buffer);
}

/** Joins bytes and cuts them into shards. */
async function splitIntoShards(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<Uint8Array[]> {
  const whole = await new Blob([...parts]).bytes();
  return Array.from(
    { length: Math.ceil(whole.length / SHARD) },
    (_, i) => whole.subarray(i * SHARD, (i + 1) * SHARD),
  );
}

/** Removes the elements of a graph's constants. */
function removeContents({ node, ...rest }: GraphDef): GraphDef {
  const strip = (node: NodeDef): NodeDef => {
    const tensor = node.attr.value?.tensor;
    if (!tensor) return node;
    const { dtype, tensorShape } = tensor;
    return { ...node, attr: { ...node.attr, value: { tensor: { dtype, tensorShape } } } };
  };
  return { ...rest, node: node.map(strip) };
}
