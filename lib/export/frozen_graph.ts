import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { buildModel, type Model, type Scorer } from "../nn/network.ts";
import type { Pass } from "../nn/pass.ts";
import { type Variable, variables } from "../nn/variables.ts";
import { type NativeBackend, nativeBackend, traceInto, withTwins } from "../tensorflow/backend.ts";
import { DataType } from "../tensorflow/binding.ts";
import { Graph, type Node } from "../tensorflow/graph.ts";
import {
  decodeGraph,
  type GraphDef,
  type SignatureDef,
  type TensorInfo,
} from "../tensorflow/messages.ts";
import { openTensorflow } from "../tensorflow/open_tensorflow.ts";
import type { ExportedModel } from "./model.ts";

/** A network as one graph. Its norms use running statistics, its weights are constants. */
export interface FrozenGraph {
  /** The graph. Constants that are weights have the names of their variables. */
  readonly graph: GraphDef;
  /**
   * The input `images`, normalised, float32 [batch, height, width, channels], and the output
   * `logits`, [batch, classes].
   */
  readonly signature: SignatureDef;
  /** The version of the TensorFlow that wrote the graph. */
  readonly tensorflow: string;
}

/** The limits of such a graph. */
export const FROZEN_LIMITS =
  "For inference only: its norms use their running statistics, and its weights are constants.";

/**
 * Builds the graph of a network for batches of any size. It has only ops that tfjs's graph models
 * know too.
 */
export async function frozenGraph(model: ExportedModel): Promise<FrozenGraph> {
  const tensorflow = await openTensorflow();
  const backend = nativeBackend()!;
  const graph = new Graph();
  try {
    const images = graph.placeholder([-1, ...model.image], DataType.float32);
    const { logits, weights } = withTwins(() =>
      traceInto(graph, () => record(model, graph, backend, images))
    );
    const names = new Map([[graph.nameOf(images), "images"], [graph.nameOf(logits), "logits"]]);
    for (const [{ name }, node] of weights) names.set(graph.nameOf(node), name);
    const signature = {
      inputs: { images: tensorInfo("images", images) },
      outputs: { logits: tensorInfo("logits", logits) },
      methodName: "tensorflow/serving/predict",
    };
    return { graph: renameNodes(decodeGraph(graph.definition()), names), signature, tensorflow };
  } finally {
    graph.close();
  }
}

/** Adds the network's pass to the graph, and a constant for each variable that it reads. */
function record(
  { network, image, classes, tensors }: ExportedModel,
  graph: Graph,
  backend: NativeBackend,
  images: Node,
): { logits: Node; weights: ReadonlyMap<Variable, Node> } {
  const values = new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array]));
  const scope = variables({ seed: 0, collected: new Map(), fixed: true, values });
  const model = buildModel(network, scope, image, classes.length) as Model<Scorer>;
  const weights = new Map<Variable, Node>();
  const pass: Pass = {
    training: false,
    learns: () => false,
    read(variable): Tensor {
      let node = weights.get(variable);
      if (!node) {
        node = graph.node(
          graph.createTensor([...variable.shape], DataType.float32, variable.initial()),
        );
        weights.set(variable, node);
      }
      return backend.createOutputTensor(node);
    },
    remember: ({ name }) => {
      throw new Error(`a pass without training has no statistics to remember (${name})`);
    },
  };
  const logits = tf.tidy(() => model.run(backend.createOutputTensor(images), pass).taps.logits);
  const [id] = backend.getInputTensorIds([logits]);
  logits.dispose();
  return { logits: graph.node(id), weights };
}

/** Describes the first output of an operation for a signature. */
function tensorInfo(name: string, { shape }: Node): TensorInfo {
  return {
    name: `${name}:0`,
    dtype: "DT_FLOAT",
    tensorShape: { dim: shape.map((size) => ({ size: String(size) })) },
  };
}

/** Gives other names to some operations of a graph. */
function renameNodes({ node, ...rest }: GraphDef, names: ReadonlyMap<string, string>): GraphDef {
  const rename = (input: string) => input.replace(/^[^:]+/, (name) => names.get(name) ?? name);
  return {
    ...rest,
    node: node.map((one) => ({ ...one, name: rename(one.name), input: one.input?.map(rename) })),
  };
}
