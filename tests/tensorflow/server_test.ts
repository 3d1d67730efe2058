import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataType } from "../../lib/tensorflow/binding.ts";
import { openCApi } from "../../lib/tensorflow/c_api.ts";
import { Graph } from "../../lib/tensorflow/graph.ts";
import { findLibrary } from "../../lib/tensorflow/library/find.ts";
import { startServer } from "../../lib/tensorflow/server.ts";
import { Session } from "../../lib/tensorflow/session.ts";
import { everything, needs } from "../support/needs.ts";
import { freeAddresses } from "../support/workers.ts";

await needs(
  everything,
  "server: sessions run on it, each with its own variables, until they are cancelled",
  async () => {
    openCApi(await findLibrary());
    const [address] = freeAddresses(1);
    const server = startServer([address], 0, { threads: 1 });
    // Workers do not look for each other behind a proxy.
    assertEquals(Deno.env.get("grpc_proxy"), "");
    assertEquals(server, {
      target: `grpc://${address}`,
      rank: 0,
    });
    const graph = new Graph();
    const value = graph.placeholder([], DataType.float32);
    const variable = graph.variable("weight", []);
    const targets = [graph.assign(variable, value)];
    const fetches = [graph.read(variable)];
    const sessions = [1, 2].map(() => new Session(graph, { threads: 1, server }));
    for (const [i, session] of sessions.entries()) {
      const set = session.prepare({ feeds: [value], fetches: [], targets });
      await set([{ shape: [], data: Float32Array.of(i) }]);
    }
    const reads = sessions.map((session) => session.prepare({ feeds: [], fetches, targets: [] }));
    assertEquals([await reads[0]([]), await reads[1]([])], [[Float32Array.of(0)], [
      Float32Array.of(1),
    ]]);
    sessions[0].cancel();
    await assertRejects(() => reads[0]([]), Error);
    assertEquals(await reads[1]([]), [Float32Array.of(1)]);
    for (const session of sessions) session.close();
    graph.close();
    assertThrows(() => startServer([address], 0, {}), Error, `the server of ${address}: `);
  },
);
