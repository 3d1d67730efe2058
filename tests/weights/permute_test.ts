import { assertEquals } from "@std/assert";
import { permute } from "../../lib/weights/permute.ts";

const counted = (...shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
});

Deno.test("permute: a matrix is transposed, a vector and a scalar stay", () => {
  assertEquals(permute(counted(2, 3), [1, 0]), { shape: [3, 2], data: Float32Array.of(0, 3, 1, 4, 2, 5) });
  assertEquals(permute(counted(3), [0]), counted(3));
  assertEquals(permute(counted(), []), counted());
});

Deno.test("permute: every element of a convolution's weights is where its indices say", () => {
  const weights = counted(4, 3, 2, 5), { shape, data } = permute(weights, [2, 3, 1, 0]);
  assertEquals(shape, [2, 5, 3, 4]);
  let at = 0;
  for (let y = 0; y < 2; y++) {
    for (let x = 0; x < 5; x++) {
      for (let i = 0; i < 3; i++) for (let o = 0; o < 4; o++) assertEquals(data[at++], ((o * 3 + i) * 2 + y) * 5 + x);
    }
  }
  assertEquals(permute({ shape, data }, [3, 2, 0, 1]), weights);
});
