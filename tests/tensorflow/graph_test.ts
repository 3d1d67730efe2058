import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Attr, DataType } from "../../lib/tensorflow/binding.ts";
import { openCApi } from "../../lib/tensorflow/c_api.ts";
import { Graph, packNodes } from "../../lib/tensorflow/graph.ts";
import { findLibrary } from "../../lib/tensorflow/library/find.ts";
import { everything, needs } from "../support/needs.ts";

const float = { name: "T", type: Attr.type, value: DataType.float32 };

/** Registers a test of a graph, which is closed afterwards. */
async function testGraph(name: string, use: (graph: Graph) => void): Promise<void> {
  await needs(everything, name, async () => {
    openCApi(await findLibrary());
    const graph = new Graph();
    try {
      use(graph);
    } finally {
      graph.close();
    }
  });
}

await testGraph("graph: infers an op's shape and type", (graph) => {
  const a = graph.createTensor([2, 3], DataType.float32, new Float32Array(6));
  const b = graph.createTensor([3, 5], DataType.float32, new Float32Array(15));
  const [product] = graph.executeOp("MatMul", [float], [a, b], 1);
  assertEquals([product.shape, product.dtype], [[2, 5], DataType.float32]);
  const node = graph.node(product.id);
  assertEquals([node.index, node.shape], [0, [2, 5]]);
});

await testGraph("graph: adds ops with a list input and ops with several outputs", (graph) => {
  const axis = graph.createTensor([], DataType.int32, Int32Array.of(1));
  const parts = [1, 2, 4].map((n) =>
    graph.createTensor([2, n], DataType.float32, new Float32Array(2 * n))
  );
  const attributes = [{ name: "N", type: Attr.int, value: 3 }, float, {
    name: "Tidx",
    type: Attr.type,
    value: DataType.int32,
  }];
  assertEquals(graph.executeOp("ConcatV2", attributes, [...parts, axis], 1)[0].shape, [2, 7]);
  const types = [float, { name: "num_split", type: Attr.int, value: 2 }];
  const split = graph.executeOp("Split", types, [axis, parts[2]], 2);
  assertEquals(split.map(({ shape }) => shape), [[2, 2], [2, 2]]);
  assertEquals(split.map(({ id }) => graph.node(id).index), [0, 1]);
});

await testGraph(
  "graph: an op that does not fit throws with its inputs' shapes, and the graph stays usable",
  (graph) => {
    const a = graph.createTensor([2, 3], DataType.float32, new Float32Array(6));
    const { message } = assertThrows(() => graph.executeOp("MatMul", [float], [a, a], 1), Error);
    assertMatch(message, /^TensorFlow: MatMul\(\[2,3\] \[2,3\]\): Dimensions must be equal/);
    assertThrows(() => graph.executeOp("NoSuchOp", [], [a], 1), Error, "NoSuchOp([2,3])");
    assertEquals(graph.executeOp("Neg", [float], [a], 1)[0].shape, [2, 3]);
  },
);

await testGraph("graph: an operation knows the line that added it", (graph) => {
  const placeholder = graph.placeholder([4], DataType.float32);
  assertEquals([placeholder.shape, placeholder.dtype], [[4], DataType.float32]);
  assertEquals(graph.placeholder([-1, 3], DataType.int32).shape, [-1, 3]);
  const origin = graph.origin("Placeholder_0")!;
  assertEquals(origin.message, "Placeholder()");
  assert(origin.stack!.includes("graph_test.ts"));
  assertEquals(graph.origin("Placeholder_2"), undefined);
});

await testGraph(
  "graph: its tensors have no values, and it rejects tensors of the eager binding",
  (graph) => {
    const id = graph.createTensor([], DataType.float32, [1]);
    assert(id < -1);
    graph.deleteTensor();
    assertEquals(graph.node(id).shape, []);
    assertThrows(
      () => graph.tensorDataSync(),
      Error,
      "cannot be read while the step is being traced",
    );
    for (const other of [0, 1, -1, id - 1]) {
      assertThrows(() => graph.node(other), Error, "a tensor from outside of the step");
    }
  },
);

await needs(["ffi"], "packNodes: an output is an address and an index in sixteen bytes", () => {
  const operation = Deno.UnsafePointer.create(0x1234n)!;
  const bytes = new DataView(packNodes([{ operation, index: 0 }, { operation, index: 5 }]).buffer);
  assertEquals([bytes.byteLength, bytes.getBigUint64(16, true), bytes.getInt32(24, true)], [
    32,
    0x1234n,
    5,
  ]);
});
