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

/** A network by running statistics as one graph whose weights are constants. */
export interface FrozenGraph {
  /** The graph; constants that are weights have the variables' names. */
  readonly graph: GraphDef;
  /**
   * It takes `images`, normalised, float32 [batch, height, width, channels], and gives `logits`,
   * [batch, classes].
   */
  readonly signature: SignatureDef;
  /** The version of the TensorFlow that wrote it. */
  readonly tensorflow: string;
}

/** What cannot be done with such a graph. */
export const FROZEN =
  "For inference only: its norms use their running statistics, and its weights are constants.";

/**
 * The graph of a network for batches of any size, made only of ops that tfjs's graph models know
 * too.
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
      inputs: { images: described("images", images) },
      outputs: { logits: described("logits", logits) },
      methodName: "tensorflow/serving/predict",
    };
    return { graph: renamed(decodeGraph(graph.definition()), names), signature, tensorflow };
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

/** The first output of an operation as a signature has it. */
function described(name: string, { shape }: Node): TensorInfo {
  return {
    name: `${name}:0`,
    dtype: "DT_FLOAT",
    tensorShape: { dim: shape.map((size) => ({ size: String(size) })) },
  };
}

/** The graph with other names for some of its operations. */
function renamed({ node, ...rest }: GraphDef, names: ReadonlyMap<string, string>): GraphDef {
  const other = (input: string) => input.replace(/^[^:]+/, (name) => names.get(name) ?? name);
  return {
    ...rest,
    node: node.map((one) => ({ ...one, name: other(one.name), input: one.input?.map(other) })),
  };
}
