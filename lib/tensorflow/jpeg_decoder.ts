import { Attr, DataType, type OpAttribute } from "./binding.ts";
import { joinCApi } from "./c_api.ts";
import { EagerBinding } from "./eager_binding.ts";

/** A process's open TensorFlow, as it is told to a worker thread. */
export interface SharedTensorflow {
  /** The path of its main library. */
  readonly cc: string;
  /** The address of its eager context. */
  readonly context: bigint;
}

/** A part of an image in pixels. */
export interface ImagePart {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Makes a decoder of JPEG files for a worker thread. It decodes a part of an image to height × width
 * × 3 bytes, as accurately as libjpeg can. Pixels at the part's edges may differ from those of the
 * whole image where colours have a lower resolution. It throws an Error with TensorFlow's reason.
 */
export function jpegPartDecoder(
  { cc, context }: SharedTensorflow,
): (bytes: Uint8Array, part: ImagePart) => Uint8Array {
  joinCApi(cc);
  const eager = new EagerBinding({ context });
  return (bytes, { left, top, width, height }) => {
    const tensors = [
      eager.createString(bytes),
      eager.createTensor([4], DataType.int32, Int32Array.of(top, left, height, width)),
    ];
    try {
      const [{ id }] = eager.executeOp("DecodeAndCropJpeg", ATTRIBUTES, tensors, 1);
      tensors.push(id);
      const pixels = eager.tensorDataSync(id);
      if (pixels instanceof Uint8Array) return pixels;
      throw new Error(`TensorFlow decodes to ${pixels.constructor.name}`);
    } finally {
      for (const id of tensors) eager.deleteTensor(id);
    }
  };
}

const ATTRIBUTES: OpAttribute[] = [
  { name: "channels", type: Attr.int, value: 3 },
  { name: "dct_method", type: Attr.string, value: "INTEGER_ACCURATE" },
];
