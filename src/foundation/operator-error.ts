/** A request of an operator that cannot be met. The message is for the person who asked; the command line prints it. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}
