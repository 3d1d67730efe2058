import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DataType, typeAttribute } from "../../lib/tensorflow/binding.ts";
import { openCApi } from "../../lib/tensorflow/c_api.ts";
import { Graph } from "../../lib/tensorflow/graph.ts";
import { findLibrary } from "../../lib/tensorflow/library/find.ts";
import { Session } from "../../lib/tensorflow/session.ts";
import { everything, needs } from "../support/needs.ts";

const { float32, int32, uint8 } = DataType;
const float = typeAttribute("T", float32);

async function withSession(use: (graph: Graph, session: Session) => Promise<void>): Promise<void> {
  openCApi(await findLibrary());
  const graph = new Graph();
  const session = new Session(graph);
  try {
    await use(graph, session);
  } finally {
    session.close();
    graph.close();
  }
}

/** Returns a number as an input array. */
const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) });

await needs(
  everything,
  "session: feeds and fetches, including nodes that were added later",
  () =>
    withSession(async (graph, session) => {
      const x = graph.placeholder([2], float32);
      const [square] = graph.executeOp("Square", [float], [x.id], 1);
      const run = session.prepare({ feeds: [x], fetches: [graph.node(square.id)], targets: [] });
      assertEquals(await run([{ shape: [2], data: Float32Array.of(3, -4) }]), [
        Float32Array.of(9, 16),
      ]);
      const [later] = graph.executeOp("Neg", [float], [square.id], 1);
      const again = session.prepare({ feeds: [x], fetches: [graph.node(later.id)], targets: [] });
      assertEquals(await again([{ shape: [2], data: Float32Array.of(1, 2) }]), [
        Float32Array.of(-1, -4),
      ]);
      assertEquals(await session.prepare({ feeds: [], fetches: [], targets: [] })([]), []);
    }),
);

await needs(
  everything,
  "session: an input that does not fit throws with the op, its inputs and its origin",
  () =>
    withSession(async (graph, session) => {
      const x = graph.placeholder([2], float32);
      const two = graph.createTensor([2], float32, [10, 20]);
      const [sum] = graph.executeOp("AddV2", [float], [x.id, two], 1);
      const run = session.prepare({ feeds: [x], fetches: [graph.node(sum.id)], targets: [] });
      const { message, cause } = await assertRejects(
        () => run([{ shape: [3], data: new Float32Array(3) }]),
        Error,
      );
      assertMatch(message, /^TensorFlow: running the step: .*\[3\] vs\. \[2\]/);
      assertEquals((cause as Error).message, "AddV2([2] [2])");
      assert((cause as Error).stack!.includes("session_test.ts"));
      assertEquals(await run([{ shape: [2], data: Float32Array.of(1, 2) }]), [
        Float32Array.of(11, 22),
      ]);
    }),
);

await needs(
  everything,
  "session: a run leaves the event loop free",
  () =>
    withSession(async (graph, session) => {
      const side = 1024;
      const x = graph.placeholder([side, side], float32);
      let [y] = graph.executeOp("MatMul", [float], [x.id, x.id], 1);
      for (let i = 0; i < 4; i++) [y] = graph.executeOp("MatMul", [float], [y.id, x.id], 1);
      const [sum] = graph.executeOp("Mean", [float, typeAttribute("Tidx", int32)], [
        y.id,
        graph.createTensor([2], int32, Int32Array.of(0, 1)),
      ], 1);
      let turns = 0;
      const clock = setInterval(() => turns++, 1);
      const run = session.prepare({ feeds: [x], fetches: [graph.node(sum.id)], targets: [] });
      const [[mean]] = await run([{
        shape: [side, side],
        data: new Float32Array(side * side).fill(1 / side),
      }]);
      clearInterval(clock);
      assert(Math.abs(mean - 1 / side) < 1e-6);
      assert(turns > 3, `${turns} turns`);
    }),
);

await needs(
  everything,
  "session: a trace receives the timeline of a run",
  () =>
    withSession(async (graph, session) => {
      const x = graph.placeholder([2], float32);
      const [negative] = graph.executeOp("Neg", [float], [x.id], 1);
      const seen: string[] = [];
      const call = { feeds: [x], fetches: [graph.node(negative.id)], targets: [] };
      const run = session.prepare(
        call,
        (metadata) => seen.push(new TextDecoder().decode(metadata)),
      );
      await run([{ shape: [2], data: new Float32Array(2) }]);
      assertEquals(seen.length, 1);
      assert(seen[0].includes("Neg_1"));
    }),
);

await needs(
  everything,
  "session: many runs at once each get their own results",
  () =>
    withSession(async (graph, session) => {
      const x = graph.placeholder([1], float32);
      const [negative] = graph.executeOp("Neg", [float], [x.id], 1);
      const run = session.prepare({ feeds: [x], fetches: [graph.node(negative.id)], targets: [] });
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) => run([{ shape: [1], data: Float32Array.of(i) }])),
      );
      assertEquals(results.map(([[value]]) => -value), Array.from({ length: 50 }, (_, i) => i));
    }),
);

await needs(
  everything,
  "session: feeds integers and bytes unchanged, and casts them",
  () =>
    withSession(async (graph, session) => {
      const whole = graph.placeholder([2], int32);
      const bytes = graph.placeholder([2], uint8);
      const fetches = [graph.cast(whole, float32), graph.cast(bytes, float32)];
      assertEquals(fetches.map(({ dtype, shape }) => [dtype, shape]), [[float32, [2]], [float32, [
        2,
      ]]]);
      const run = session.prepare({ feeds: [whole, bytes], fetches, targets: [] });
      const fed = [{ shape: [2], data: Int32Array.of(-7, 9) }, {
        shape: [2],
        data: Uint8Array.of(0, 255),
      }];
      assertEquals(await run(fed), [Float32Array.of(-7, 9), Float32Array.of(0, 255)]);
    }),
);

await needs(
  everything,
  "session: variables are set, read, changed after other operations, and updated by momentum",
  () =>
    withSession(async (graph, session) => {
      const fed = graph.placeholder([], float32);
      const constant = (value: number) =>
        graph.node(graph.createTensor([], float32, Float32Array.of(value)));
      const [weight, velocity] = ["weight", "velocity"].map((name) => graph.variable(name, []));
      const set = async (variable: typeof weight, value: number) => {
        await session.prepare({
          feeds: [fed],
          fetches: [],
          targets: [graph.assign(variable, fed)],
        })([scalar(value)]);
      };
      const values = session.prepare({
        feeds: [],
        fetches: [graph.read(weight), graph.read(velocity)],
        targets: [],
      });
      await set(weight, 10);
      await set(velocity, 2);
      assertEquals(await values([]), [Float32Array.of(10), Float32Array.of(2)]);

      const updateWeight = (nesterov: boolean) =>
        graph.applyMomentum({
          variable: weight,
          velocity,
          rate: constant(0.5),
          gradient: constant(4),
          momentum: constant(0.25),
          nesterov,
          after: [],
        });
      await session.prepare({ feeds: [], fetches: [], targets: [updateWeight(false)] })([]);
      assertEquals(await values([]), [Float32Array.of(7.75), Float32Array.of(4.5)]);
      await session.prepare({ feeds: [], fetches: [], targets: [updateWeight(true)] })([]);
      assertEquals(await values([]), [Float32Array.of(5.109375), Float32Array.of(5.125)]);

      const before = graph.read(weight);
      const assignment = graph.assign(weight, constant(-1), [before.operation]);
      assertEquals(
        await session.prepare({ feeds: [], fetches: [before], targets: [assignment] })([]),
        [
          Float32Array.of(5.109375),
        ],
      );
      assertEquals(await values([]), [Float32Array.of(-1), Float32Array.of(5.125)]);
    }),
);
