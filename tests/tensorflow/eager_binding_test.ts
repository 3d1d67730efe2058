import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { Attr, DataType } from "../../lib/tensorflow/binding.ts";
import { openCApi } from "../../lib/tensorflow/c_api.ts";
import { EagerBinding } from "../../lib/tensorflow/eager_binding.ts";
import { findLibrary } from "../../lib/tensorflow/library/find.ts";
import { useTensorflow } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

const float = { name: "T", type: Attr.type, value: DataType.float32 };

await needs(
  everything,
  "eager binding: ops run immediately, errors name op and shapes, and tensors are released",
  async () => {
    openCApi(await findLibrary());
    const eager = new EagerBinding();
    const a = eager.createTensor([2, 3], DataType.float32, [1, 2, 3, 4, 5, 6]);
    const b = eager.createTensor([3, 1], DataType.float32, Float32Array.of(1, 0, -1));
    const [product] = eager.executeOp("MatMul", [float], [a, b], 1);
    assertEquals([product.shape, product.dtype], [[2, 1], DataType.float32]);
    assertEquals(eager.tensorDataSync(product.id), Float32Array.of(-2, -2));

    for (let i = 0; i < 2; i++) {
      const { message } = assertThrows(() => eager.executeOp("MatMul", [float], [a, a], 1), Error);
      assertMatch(message, /^TensorFlow: MatMul\(\[2,3\] \[2,3\]\): .*incompatible/);
    }
    assertThrows(() => eager.executeOp("NoSuchOp", [], [a], 1), Error, "NoSuchOp([2,3])");
    assertEquals(
      eager.tensorDataSync(eager.executeOp("Neg", [float], [b], 1)[0].id),
      Float32Array.of(-1, -0, 1),
    );

    assertEquals(eager.count, 4);
    for (const id of [a, b, product.id, product.id + 1]) eager.deleteTensor(id);
    assertEquals(eager.count, 0);
    assertThrows(() => eager.tensorDataSync(a), Error, "has no value outside the step");

    const again = new EagerBinding({ context: eager.context });
    const text = again.createString(new TextEncoder().encode("0.5"));
    const number = { name: "out_type", type: Attr.type, value: DataType.float32 };
    const [half] = again.executeOp("StringToNumber", [number], [text], 1);
    assertEquals(again.tensorDataSync(half.id), Float32Array.of(0.5));
  },
);

await needs(
  everything,
  "eager binding: tfjs's own error for an op keeps the line that called it",
  async () => {
    await useTensorflow();
    const { stack } = assertThrows(
      () => tf.tidy(() => tf.reshape(tf.neg(tf.ones([2, 2])), [3])),
      Error,
    );
    assert(stack!.includes("eager_binding_test.ts"), stack);
  },
);

await needs(everything, "eager binding: a thousand ops leave no tensors", async () => {
  const binding = await useTensorflow();
  const before = [tf.memory().numTensors, binding.count];
  const x = tf.tensor2d([[1, 2], [3, 4]]);
  for (let i = 0; i < 250; i++) {
    tf.tidy(() => tf.sum(tf.split(tf.concat([x, tf.matMul(x, x)]), 2)[1]).dataSync());
  }
  x.dispose();
  assertEquals([tf.memory().numTensors, binding.count], before);
});
