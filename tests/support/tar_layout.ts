/** The files of a tar as `torch.save` wrote it before PyTorch 0.1.10, made by hand. */
import {
  type Code,
  code,
  dict,
  floats,
  int,
  list,
  little,
  named,
  pickle,
  text,
  tuple,
} from "./torch_file.ts";

const join = (...parts: (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** A row of the table of tensors. */
const row = (
  key: number,
  storage: number,
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
): Uint8Array =>
  join(
    pickle(tuple(int(key), int(storage), named("torch", "FloatTensor"))),
    little(shape.length, 4),
    little(0, 4),
    [...shape, ...strides, offset].flatMap((number) => little(number, 8)),
  );

const refer = (key: number): Code => code(text(String(key)), "Q");

/** Three tensors in one storage, of which the last lies in a view: `w`, `turned`, `view`. */
export const tarLayout: Readonly<Record<string, Uint8Array>> = {
  sys_info: pickle(dict({ protocol_version: int(1000) })),
  pickle: pickle(
    dict({
      model: dict({ w: refer(10), turned: refer(11), view: refer(12) }),
      epoch: int(3),
    }),
  ),
  tensors: join(
    pickle(int(3)),
    row(10, 1, [2, 2], [2, 1], 0),
    row(11, 1, [2, 2], [1, 2], 0),
    row(12, 2, [2], [1], 0),
  ),
  storages: join(
    pickle(int(1)),
    pickle(tuple(int(1), text("cpu"), named("torch", "FloatStorage"))),
    little(4, 8),
    floats(1, 2, 3, 4),
    pickle(list(tuple(int(2), int(1), int(1), int(2)))),
  ),
};
