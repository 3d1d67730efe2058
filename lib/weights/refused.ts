/**
 * Why a file is not read: a message that goes on from the file's name, such as "is damaged: it ends
 * early".
 */
export class FileRefused extends Error {
  /** A refusal with its message. */
  constructor(message: string) {
    super(message);
    this.name = "Refused";
  }
}

/** The refusal of a file that is not as its format says. */
export const refuseDamaged = (problem: string): FileRefused =>
  new FileRefused(`is damaged: ${problem}`);

/**
 * The refusal of a file that wants more than to be read: a sentence that begins with what "it"
 * does.
 */
export const refuseForeign = (wish: string): FileRefused =>
  new FileRefused(
    `is refused: it ${wish}, and nothing but tensors, numbers, texts, dicts and lists is read; nothing of it was run. ` +
      "If the file is yours, save the weights alone: torch.save(model.state_dict(), path)",
  );
