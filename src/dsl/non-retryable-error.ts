/**
 * Thrown by a task whose failure another attempt would not mend: the run fails at once.
 *
 * @example throw new NonRetryableError("the customer has no address");
 */
export class NonRetryableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NonRetryableError";
  }
}
