/**
 * The reason why a file is not read. The message continues a sentence that starts with the file's
 * name, such as "is damaged: it ends early".
 */
export class FileRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FileRefused";
  }
}

/** Refuses a file that breaks its format. */
export const refuseDamaged = (problem: string): FileRefused =>
  new FileRefused(`is damaged: ${problem}`);

/**
 * Refuses a file that asks for more than to be read. `wish` continues a sentence that starts with
 * "it".
 */
export const refuseForeign = (wish: string): FileRefused =>
  new FileRefused(
    `is refused: it ${wish}, and only tensors and plain values are read; nothing of it was run. ` +
      "If the file is yours, save the weights alone: torch.save(model.state_dict(), path)",
  );

/** Refuses a pickle that `torch.save` did not write. */
export const refuseOtherPickle = (): FileRefused =>
  new FileRefused(
    "is a Python pickle, but not one that torch.save wrote: save the weights with " +
      "torch.save(model.state_dict(), path)",
  );
