import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import { geluOp } from "../kernels/gelu.ts";
import { linear } from "../kernels/linear.ts";
import { pad } from "../kernels/pad.ts";
import { leakyReluOp as leak, reluOp as rectify } from "../kernels/relu.ts";
import { shuffleChannels } from "../kernels/shuffle_channels.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { Failure } from "../values/failure.ts";
import { conv } from "./conv.ts";
import { defaultInitialisers, type Layer, module } from "./layer.ts";
import { type Initialiser, sizeOf } from "./variables.ts";

/**
 * A dense layer to `units` with a bias, along the last dimension: [in] → [units], [rows, in] →
 * [rows, units]. The weights are [in, out]. Default of both initialisers: PyTorch's.
 */
export function dense(
  units: number,
  options: { initial?: Initialiser; biasInitial?: Initialiser } = {},
): Layer {
  return (create, input) => {
    const inputs = input.at(-1)!;
    const { initial, biasInitial } = { ...defaultInitialisers(inputs), ...options };
    const weight = create.variable("weight", [inputs, units], initial);
    const bias = create.variable("bias", [units], biasInitial);
    return module(
      (x, pass) => linear(x, pass.read(weight), pass.read(bias)),
      [...input.slice(0, -1), units],
      sizeOf(input) * units,
    );
  };
}

/**
 * A dense layer to `units` with a bias on all values of a map: [height, width, channels] → [units].
 * The weights are [height, width, channels, units]. Default of both initialisers: PyTorch's.
 */
export function denseOnMap(
  units: number,
  options: { initial?: Initialiser; biasInitial?: Initialiser } = {},
): Layer {
  return (create, input) => {
    const inputs = sizeOf(input);
    const { initial, biasInitial } = { ...defaultInitialisers(inputs), ...options };
    const weight = create.variable("weight", [...input, units], initial);
    const bias = create.variable("bias", [units], biasInitial);
    return module(
      (x, pass) => {
        const rows = tf.reshape(x, [x.shape[0], inputs]);
        return linear(rows, tf.reshape(pass.read(weight), [inputs, units]), pass.read(bias));
      },
      [units],
      inputs * units,
    );
  };
}

/** max(x, 0). */
export function relu(): Layer {
  return (_, input) => module((x) => rectify(x), input);
}

/** x if it is positive, else slope · x, 0 < slope < 1. */
export function leakyRelu(slope: number): Layer {
  return (_, input) => module((x) => leak(x, slope), input);
}

/** The Gaussian error linear unit, x · Φ(x) (Hendrycks & Gimpel, 2016). */
export function gelu(): Layer {
  return (_, input) => module((x) => geluOp(x), input);
}

/** Stride and padding of pooling windows. */
export interface Windows {
  /** Step in both directions. Default: the window's side, so that windows do not overlap. */
  readonly stride?: number;
  /** Padding on each side. Default: none. */
  readonly padding?: number;
}

/**
 * Max pooling over windows of size × size. Drops pixels that do not fill a window. Padding never
 * wins.
 */
export function maxPool(size: number, windows: Windows = {}): Layer {
  return pool((x, stride) => tf.maxPool(x, size, stride, "valid"), size, windows, -Infinity);
}

/** Average pooling over windows of size × size. Padding counts as zeros, as in PyTorch. */
export function averagePool(size: number, windows: Windows = {}): Layer {
  return pool((x, stride) => tf.avgPool(x, size, stride, "valid"), size, windows, 0);
}

function pool(
  run: (x: Tensor4D, stride: number) => Tensor,
  size: number,
  { stride = size, padding = 0 }: Windows,
  outside: number,
): Layer {
  return (_, [height, width, channels]) => {
    const side = (length: number) => Math.floor((length + 2 * padding - size) / stride) + 1;
    return module((x) => run(pad(x, padding, stride, size, outside) as Tensor4D, stride), [
      side(height),
      side(width),
      channels,
    ]);
  };
}

/**
 * Permutes the channels: the first of each of `groups` equal parts, then the second of each, and so
 * on (Zhang et al., 2018).
 */
export function channelShuffle(groups: number): Layer {
  return (_, input) => module((x) => shuffleChannels(x, groups), input);
}

/** The mean over height and width: [height, width, channels] → [channels]. */
export function globalAveragePool(): Layer {
  return (_, input) => module((x) => tf.mean(x, [1, 2]), [input.at(-1)!]);
}

/**
 * Squeeze-and-excitation (Hu et al., 2018): each channel times a factor in (0, 1), computed from
 * the means of all channels by a 1×1 convolution to `channels`, a ReLU, another one back and a
 * sigmoid.
 */
export function squeezeExcite(channels: number): Layer {
  return (create, input) => {
    const all = input[2];
    const squeeze = conv(channels, { kernel: 1, bias: true })(create.in("squeeze"), [1, 1, all]);
    const excite = conv(all, { kernel: 1, bias: true })(create.in("excite"), squeeze.shape);
    return module(
      (x, pass) => {
        const means = tf.mean(x, [1, 2], true);
        return tf.mul(x, tf.sigmoid(excite(rectify(squeeze(means, pass)), pass)));
      },
      input,
      squeeze.multiplyAdds + excite.multiplyAdds,
    );
  };
}

/** A sequence of layers, named by their positions. */
export function seq(...layers: readonly Layer[]): Layer {
  return (create, input) => {
    let shape = input;
    const modules = layers.map((layer, position) => {
      const module = layer(create.in(String(position)), shape);
      shape = module.shape;
      return module;
    });
    return module(
      (x, pass) => modules.reduce((y, layer) => layer(y, pass), x),
      shape,
      modules.reduce((sum, layer) => sum + layer.multiplyAdds, 0),
      modules.at(-1)?.norm,
    );
  };
}

/**
 * body(x) + shortcut(x); without a shortcut, body(x) + x. Throws a `Failure` (exit 2) if the two have
 * different shapes.
 */
export function residual(body: Layer, shortcut?: Layer): Layer {
  return (create, input) => {
    const main = body(create.in("body"), input);
    const side = shortcut?.(create.in("shortcut"), input);
    const added = side?.shape ?? input;
    if (main.shape.join() !== added.join()) {
      throw new Failure(
        2,
        `residual: the body gives [${main.shape}], and ${side ? "the shortcut" : "its input is"} ` +
          `[${added}]: give it a shortcut of the body's shape`,
      );
    }
    return module(
      (x, pass) => tf.add(main(x, pass), side ? side(x, pass) : x),
      main.shape,
      main.multiplyAdds + (side?.multiplyAdds ?? 0),
      main.norm,
    );
  };
}
