import { assertEquals } from "@std/assert";
import { configProto } from "../../lib/tensorflow/config.ts";

Deno.test("configProto: encodes a configuration", () => {
  const bytes = (config: Parameters<typeof configProto>[0]) => [...configProto(config)];
  // Field 10 graph_options, 10 rewrite_options: 12 meta_optimizer_iterations = ONE, 4
  // memory_optimization = NO_MEM_OPT, and others after them.
  const rewrites = (...others: number[]) => {
    const all = [0x60, 1, 0x20, 1, ...others];
    return [0x52, all.length + 2, 0x52, all.length, ...all];
  };
  assertEquals(bytes({}), rewrites());
  // Field 2 intra_op_parallelism_threads, field 5 inter_op_parallelism_threads.
  assertEquals(bytes({ threads: 4 }), [0x10, 4, 0x28, 4, ...rewrites()]);
  assertEquals(bytes({ threads: 300 }), [0x10, 0xac, 0x02, 0x28, 0xac, 0x02, ...rewrites()]);
  // 7 arithmetic_optimization = OFF.
  assertEquals(bytes({ deterministic: true }), [0x28, 1, ...rewrites(0x38, 2)]);
  assertEquals(bytes({ threads: 4, deterministic: true }), [
    ...[0x10, 4, 0x28, 1],
    ...rewrites(0x38, 2),
  ]);
  // Fields 4 device_filters, 15 isolate_session_state, 16 experimental, 1 collective_group_leader.
  const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
  const leader = [0x0a, ...text("/job:worker/replica:0/task:0")];
  const together = [
    ...[0x22, ...text("/job:worker/task:3"), 0x78, 1],
    ...[0x82, 0x01, leader.length, ...leader],
  ];
  assertEquals(bytes({ server: { rank: 3 } }), [...rewrites(), ...together]);
  // Field 31 auto_mixed_precision_onednn_bfloat16 = ON.
  assertEquals(bytes({ bfloat16: true }), rewrites(0xf8, 1, 1));
  assertEquals(bytes({ bfloat16: true, deterministic: true }), [
    ...[0x28, 1],
    ...rewrites(0x38, 2, 0xf8, 1, 1),
  ]);
  // 14 remapping = OFF.
  const both = bytes({ bfloat16: true, server: { rank: 3 } });
  assertEquals(both, [...rewrites(0xf8, 1, 1, 0x70, 2), ...together]);
});
