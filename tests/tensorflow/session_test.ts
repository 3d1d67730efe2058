import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Attr } from "../../lib/tensorflow/binding.ts";
import { cApi, type Config, cString, DataType, newTensor, openCApi, type Pointer } from "../../lib/tensorflow/c_api.ts";
import { Graph, type Node } from "../../lib/tensorflow/graph.ts";
import { findLibrary } from "../../lib/tensorflow/library.ts";
import { Session } from "../../lib/tensorflow/session.ts";
import { everything, needs } from "../needs.ts";

const float = { name: "T", type: Attr.type, value: DataType.float32 };

function placeholder(graph: Graph, ...shape: number[]): Node {
  const api = cApi();
  return graph.add("Placeholder", [], 1, (operation) => {
    api.TF_SetAttrType(operation, cString("dtype"), DataType.float32);
    api.TF_SetAttrShape(operation, cString("shape"), BigInt64Array.from(shape, BigInt), shape.length);
  })[0];
}

async function opened(use: (graph: Graph, session: Session) => Promise<void>, config?: Config): Promise<void> {
  openCApi(await findLibrary());
  const graph = new Graph(), session = new Session(graph, config);
  try {
    await use(graph, session);
  } finally {
    session.close();
    graph.close();
  }
}

/** Feeds one tensor, released afterwards. */
async function feed<T>(shape: number[], data: Float32Array, run: (tensors: Pointer[]) => Promise<T>): Promise<T> {
  const tensor = newTensor(DataType.float32, shape, data);
  try {
    return await run([tensor]);
  } finally {
    cApi().TF_DeleteTensor(tensor);
  }
}

await needs(
  everything,
  "a call feeds and fetches, also nodes that were added after the session was made",
  () =>
    opened(async (graph, session) => {
      const x = placeholder(graph, 2), [square] = graph.executeOp("Square", [float], [x.id], 1);
      const run = session.prepare({ feeds: [x], fetches: [graph.node(square.id)], targets: [] });
      assertEquals(await feed([2], Float32Array.of(3, -4), run), [Float32Array.of(9, 16)]);
      const [later] = graph.executeOp("Neg", [float], [square.id], 1);
      const again = session.prepare({ feeds: [x], fetches: [graph.node(later.id)], targets: [] });
      assertEquals(await feed([2], Float32Array.of(1, 2), again), [Float32Array.of(-1, -4)]);
      assertEquals(await session.prepare({ feeds: [], fetches: [], targets: [] })([]), []);
    }),
);

await needs(
  everything,
  "what is fed has to fit: else an error with the op, its inputs and where it was added",
  () =>
    opened(async (graph, session) => {
      const x = placeholder(graph, 2), two = graph.createTensor([2], DataType.float32, [10, 20]);
      const [sum] = graph.executeOp("AddV2", [float], [x.id, two], 1);
      const run = session.prepare({ feeds: [x], fetches: [graph.node(sum.id)], targets: [] });
      const { message, cause } = await assertRejects(() => feed([3], new Float32Array(3), run), Error);
      assertMatch(message, /^TensorFlow: running the step: .*\[3\] vs\. \[2\]/);
      assertEquals((cause as Error).message, "AddV2([2] [2])");
      assert((cause as Error).stack!.includes("session_test.ts"));
      assertEquals(await feed([2], Float32Array.of(1, 2), run), [Float32Array.of(11, 22)]);
    }),
);

await needs(everything, "a run leaves the event loop free", () =>
  opened(async (graph, session) => {
    const side = 1024, x = placeholder(graph, side, side);
    let [y] = graph.executeOp("MatMul", [float], [x.id, x.id], 1);
    for (let i = 0; i < 4; i++) [y] = graph.executeOp("MatMul", [float], [y.id, x.id], 1);
    const [sum] = graph.executeOp("Mean", [float, { name: "Tidx", type: Attr.type, value: DataType.int32 }], [
      y.id,
      graph.createTensor([2], DataType.int32, Int32Array.of(0, 1)),
    ], 1);
    let turns = 0;
    const clock = setInterval(() => turns++, 1);
    const run = session.prepare({ feeds: [x], fetches: [graph.node(sum.id)], targets: [] });
    const [[mean]] = await feed([side, side], new Float32Array(side * side).fill(1 / side), run);
    clearInterval(clock);
    assert(Math.abs(mean - 1 / side) < 1e-6);
    assert(turns > 3, `${turns} turns`);
  }));

await needs(everything, "the timeline of a run can be had", () =>
  opened(async (graph, session) => {
    const x = placeholder(graph, 2), [negative] = graph.executeOp("Neg", [float], [x.id], 1), seen: string[] = [];
    const call = { feeds: [x], fetches: [graph.node(negative.id)], targets: [] };
    const run = session.prepare(call, (metadata) => seen.push(new TextDecoder().decode(metadata)));
    await feed([2], new Float32Array(2), run);
    assertEquals(seen.length, 1);
    assert(seen[0].includes("Neg_1"));
  }));

await needs(everything, "many runs at once each get their own results", () =>
  opened(async (graph, session) => {
    const x = placeholder(graph, 1), [negative] = graph.executeOp("Neg", [float], [x.id], 1);
    const run = session.prepare({ feeds: [x], fetches: [graph.node(negative.id)], targets: [] });
    const results = await Promise.all(Array.from({ length: 50 }, (_, i) => feed([1], Float32Array.of(i), run)));
    assertEquals(results.map(([[value]]) => -value), Array.from({ length: 50 }, (_, i) => i));
  }));
