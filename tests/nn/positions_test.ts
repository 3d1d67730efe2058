import { assertEquals } from "@std/assert";
import { resizePositions } from "../../lib/nn/positions.ts";
import { assertNear } from "../support/tolerance.ts";

Deno.test("positions: those of the first tokens stay, and so do all on the same grid", () => {
  const positions = Float32Array.from({ length: 2 * (1 + 2 * 3) }, (_, i) => Math.sin(i));
  for (const way of ["timm", "deit"] as const) {
    assertNear(way, resizePositions(positions, 1, [2, 3], [2, 3], way), positions, 1e-6);
    const grown = resizePositions(positions, 1, [2, 3], [4, 5], way);
    assertEquals([grown.length, ...grown.subarray(0, 2)], [42, ...positions.subarray(0, 2)]);
  }
});

Deno.test("positions: a step grows by DeiT's cubic and shrinks by timm's, as computed by hand", () => {
  // DeiT's cubic at 3/4, 5/4 and 7/4 patches; edges are repeated.
  const [far, beyond, last] = [0.26171875, -0.10546875, -0.03515625];
  const grown = [0, last, beyond, far + last, 1 - far - last, 1 - beyond, 1 - last, 1];
  assertNear(
    "deit",
    resizePositions(Float32Array.of(0, 0, 1, 1), 0, [1, 4], [1, 8], "deit"),
    grown,
    1e-6,
  );
  // timm's cubic at 1/4, 1/4, 3/4 and 5/4 of two patches; what is outside does not count.
  const weights = [0.8671875, 0.8671875, 0.2265625, -0.0703125];
  const sum = weights.reduce((a, b) => a + b);
  assertNear(
    "timm",
    resizePositions(Float32Array.of(0, 0, 0, 1), 0, [1, 4], [1, 2], "timm"),
    [weights[3] / sum, weights[0] / sum],
    1e-6,
  );
});
