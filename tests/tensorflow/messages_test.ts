import { assertEquals, assertMatch } from "@std/assert";
import { DataType } from "../../lib/tensorflow/binding.ts";
import { openCApi } from "../../lib/tensorflow/c_api.ts";
import { Graph } from "../../lib/tensorflow/graph.ts";
import { findLibrary } from "../../lib/tensorflow/library/find.ts";
import {
  decodeGraph,
  encodeSavedModel,
  encodeServer,
  type GraphDef,
  graphJson,
} from "../../lib/tensorflow/messages.ts";
import { everything, needs } from "../support/needs.ts";

/** Encoded graph with a node `x` of the op `A`, whose attribute `s` has the bytes 255 and 0. */
const BYTES = Uint8Array.of(
  0x0a,
  0x13,
  0x0a,
  1,
  0x78,
  0x12,
  1,
  0x41,
  0x2a,
  0x0b,
  0x0a,
  1,
  0x73,
  0x12,
  6,
  0x12,
  4,
  255,
  0,
  1,
  2,
);

Deno.test("graphJson: a decoded graph is JSON with bytes in base64 and long numbers as text", () => {
  const graph = decodeGraph(BYTES);
  assertEquals(graph.node.map(({ name, op }) => [name, op]), [["x", "A"]]);
  assertEquals(graphJson(graph), {
    node: [{ name: "x", op: "A", attr: { s: { s: "/wABAg==" } } }],
  });
  const shaped: GraphDef = {
    node: [{
      name: "c",
      op: "Const",
      attr: { value: { tensor: { dtype: "DT_INT32", tensorShape: { dim: [{ size: "-1" }] } } } },
    }],
  };
  assertEquals(graphJson(shaped), shaped as unknown as Record<string, unknown>);
});

Deno.test("encodeSavedModel: the bytes begin with the version and contain graph, tag and signature", () => {
  const tensorShape = { dim: [{ size: "-1" }] };
  const bytes = encodeSavedModel([{
    metaInfoDef: { tags: ["serve"], tensorflowVersion: "2" },
    graphDef: decodeGraph(BYTES),
    signatureDef: {
      serving_default: {
        inputs: { images: { name: "x:0", dtype: "DT_FLOAT", tensorShape } },
        outputs: {},
        methodName: "method",
      },
    },
  }]);
  assertEquals([...bytes.subarray(0, 3)], [8, 1, 0x12]);
  const text = new TextDecoder("latin1").decode(bytes);
  for (const part of [BYTES, "serve", "serving_default", "images", "x:0", "method"]) {
    const pattern = typeof part === "string" ? part : new TextDecoder("latin1").decode(part);
    assertMatch(text, new RegExp(RegExp.escape(pattern)));
  }
});

await needs(
  everything,
  "decodeGraph: reads TensorFlow's names, types, and constants of one and several elements",
  async () => {
    openCApi(await findLibrary());
    const graph = new Graph();
    try {
      const several = graph.createTensor([2], DataType.float32, Float32Array.of(1, 2));
      const one = graph.createTensor([], DataType.int32, Int32Array.of(7));
      const { node } = decodeGraph(graph.definition());
      assertEquals(
        node.map(({ name }) => name),
        [several, one].map((id) => graph.nameOf(graph.node(id))),
      );
      const [a, b] = node.map(({ attr }) => attr.value.tensor!);
      assertEquals([a.dtype, a.tensorShape.dim?.map(({ size }) => size), b.dtype], ["DT_FLOAT", [
        "2",
      ], "DT_INT32"]);
      assertEquals(
        new Float32Array(Uint8Array.from(a.tensorContent!).buffer),
        Float32Array.of(1, 2),
      );
      assertEquals(b.intVal, [7]);
    } finally {
      graph.close();
    }
  },
);

Deno.test("encodeServer: a cluster of two, its second task and a configuration", () => {
  const bytes = encodeServer({
    cluster: { job: [{ name: "w", tasks: { 0: "a:1", 1: "b:2" } }] },
    jobName: "w",
    taskIndex: 1,
    defaultSessionConfig: Uint8Array.of(0x10, 4),
    protocol: "grpc",
  });
  const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
  const task = (index: number, address: string) => [0x12, 7, 0x08, index, 0x12, ...text(address)];
  const job = [0x0a, ...text("w"), ...task(0, "a:1"), ...task(1, "b:2")];
  assertEquals([...bytes], [
    ...[0x0a, job.length + 2, 0x0a, job.length, ...job],
    ...[0x12, ...text("w"), 0x18, 1],
    ...[0x22, 2, 0x10, 4, 0x2a, ...text("grpc")],
  ]);
});
