import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { buildModel } from "../nn/network.ts";
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
import { type ExportedModel, inputName } from "./model.ts";

/** A network as one graph. Its norms use running statistics, its weights are constants. */
export interface FrozenGraph {
  /** The graph. Constants that are weights have the names of their variables. */
  readonly graph: GraphDef;
  /**
   * The input `images`, normalised, float32 [batch, height, width, channels], with those that the
   * task predicts from, and the task's predictions: `logits`, [batch, classes].
   */
  readonly signature: SignatureDef;
  /** The version of the TensorFlow that wrote the graph. */
  readonly tensorflow: string;
}

/** The limits of such a graph. */
export const FROZEN_LIMITS =
  "For inference only: its norms use their running statistics, and its weights are constants.";

/**
 * Builds the graph of a network: for batches of any size, of ops that tfjs's graph models know too;
 * for one image, of any ops of TensorFlow, if its task predicts from more than the image.
 */
export async function frozenGraph(model: ExportedModel): Promise<FrozenGraph> {
  const tensorflow = await openTensorflow();
  const backend = nativeBackend()!;
  const graph = new Graph();
  const needed = Object.entries(model.task.predictsFrom ?? {});
  const isAlone = needed.length > 0;
  try {
    const images = graph.placeholder([isAlone ? 1 : -1, ...model.image], DataType.float32);
    const labels = needed.map(([label, { shape }]): [string, Node] => [
      label,
      graph.placeholder([1, ...shape], DataType.float32),
    ]);
    const trace = () =>
      traceInto(graph, () => record(model, graph, backend, images, Object.fromEntries(labels)));
    const { predictions, weights } = isAlone ? trace() : withTwins(trace);
    const inputs: [string, Node][] = [
      ["images", images],
      ...labels.map(([label, node]): [string, Node] => [inputName(label), node]),
    ];
    const named = [...inputs, ...predictions];
    const names = new Map(named.map(([name, node]) => [graph.nameOf(node), name]));
    for (const [{ name }, node] of weights) names.set(graph.nameOf(node), name);
    const infos = (nodes: readonly [string, Node][]) =>
      Object.fromEntries(nodes.map(([name, node]) => [name, tensorInfo(name, node)]));
    const signature = {
      inputs: infos(inputs),
      outputs: infos(predictions),
      methodName: "tensorflow/serving/predict",
    };
    return { graph: renameNodes(decodeGraph(graph.definition()), names), signature, tensorflow };
  } finally {
    graph.close();
  }
}

/** Adds the network's pass to the graph, and a constant for each variable that it reads. */
function record(
  { network, task, image, classes, tensors }: ExportedModel,
  graph: Graph,
  backend: NativeBackend,
  images: Node,
  labels: Readonly<Record<string, Node>>,
): { predictions: readonly [string, Node][]; weights: ReadonlyMap<Variable, Node> } {
  const values = new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array]));
  const scope = variables({ seed: 0, collected: new Map(), fixed: true, values });
  const model = buildModel(network, scope, image, classes.length);
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
  const tensorOf = (node: Node) => backend.createOutputTensor(node);
  const predicted = tf.tidy(() => {
    const given = Object.fromEntries(
      Object.entries(labels).map(([name, node]) => [name, tensorOf(node)]),
    );
    const pixels = tensorOf(images);
    const output = model.run(task.prepare?.(pixels, given) ?? pixels, pass);
    return Object.fromEntries(
      Object.entries(task.predict(output, given)).map(([name, tensor]) => [
        name,
        // Scores of all kinds have one type, so that every format can have them.
        tensor.dtype === "int32" ? tf.cast(tensor, "float32") : tensor,
      ]),
    );
  });
  const entries = Object.entries(predicted);
  const ids = backend.getInputTensorIds(entries.map(([, tensor]) => tensor));
  tf.dispose(predicted);
  return {
    predictions: entries.map(([name], i): [string, Node] => [name, graph.node(ids[i])]),
    weights,
  };
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
