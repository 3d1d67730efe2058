import * as tf from "@tensorflow/tfjs";
import { Attr, DataType, typeAttribute } from "./binding.ts";
import type { NativeBackend, TfjsTensor } from "./backend.ts";

/**
 * Registers `tf.gather` for a backend. tfjs-node's own kernel reads the indices to check them, and
 * a step that is traced has no values. TensorFlow checks them as well.
 */
export function replaceGather(backendName: string, backend: NativeBackend): void {
  tf.unregisterKernel(tf.GatherV2, backendName);
  tf.registerKernel({
    kernelName: tf.GatherV2,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { int32 } = DataType;
      const [x, indices] = [inputs.x, inputs.indices] as TfjsTensor[];
      const axis = tf.scalar(Number(attrs!.axis), "int32");
      const attributes = [
        typeAttribute("Tparams", DataType[x.dtype as "float32" | "int32" | "bool"]),
        typeAttribute("Tindices", int32),
        typeAttribute("Taxis", int32),
        { name: "batch_dims", type: Attr.int, value: Number(attrs!.batchDims) },
      ];
      const ids = backend.getInputTensorIds([x, indices, axis]);
      const [slices] = backend.binding.executeOp("GatherV2", attributes, ids, 1);
      axis.dispose();
      return backend.createOutputTensor(slices);
    },
  });
}
