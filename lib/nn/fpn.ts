/**
 * Feature Pyramid Networks for Object Detection. Lin et al., 2017. arXiv:1612.03144. The stages of a
 * pyramid follow those of a body, from its last map up to larger ones.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { resizeNearest } from "../kernels/resize.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { conv } from "./conv.ts";
import { kaimingUniform } from "./layer.ts";
import { maxPool } from "./layers.ts";
import type { Pass } from "./pass.ts";
import { type Earlier, earlier, type Stage } from "./stage.ts";

/**
 * A level of `channels` channels on a map of the body, the tap `lateral`: a 1×1 convolution of that
 * map, plus the level above, enlarged to its size by nearest neighbours, is `next`; its 3×3
 * convolution is the tap. The `top` level has none above. Both have a bias, neither norm nor ReLU.
 */
export function pyramidLevel(channels: number, lateral: string, top = false): Stage {
  return (create, _, shapes) => {
    const map = earlier(shapes, lateral);
    const [rows, columns] = map;
    const inner = conv(channels, {
      kernel: 1,
      bias: true,
      initial: kaimingUniform(map[2]),
    })(create.in("lateral"), map);
    const smooth = conv(channels, {
      bias: true,
      initial: kaimingUniform(9 * channels),
    })(create.in("smooth"), inner.shape);
    const run = (above: Tensor, pass: Pass, taps?: Earlier<Tensor>) => {
      const own = inner(earlier(taps, lateral), pass);
      const next = top ? own : tf.add(own, resizeNearest(above, rows, columns));
      const out = smooth(next, pass);
      return { out, pre: out, next };
    };
    return Object.assign(run, {
      shape: smooth.shape,
      nextShape: inner.shape,
      multiplyAdds: inner.multiplyAdds + smooth.multiplyAdds,
    });
  };
}

/** A further level of half the size: every second pixel of the tap `below`. */
export function coarserLevel(below: string): Stage {
  return (create, _, shapes) => {
    const halve = maxPool(1, { stride: 2 })(create, earlier(shapes, below));
    const run = (_: Tensor, pass: Pass, taps?: Earlier<Tensor>) => {
      const out = halve(earlier(taps, below), pass);
      return { out, pre: out };
    };
    return Object.assign(run, { shape: halve.shape, multiplyAdds: 0 });
  };
}
