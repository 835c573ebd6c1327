/** An error that a workflow declares, told to whoever called it: its name is the code. */
export class WorkflowError extends Error {
  readonly code: string;
  readonly values: unknown;

  constructor(code: string, message: string, values: unknown) {
    super(message);
    this.name = "WorkflowError";
    this.code = code;
    this.values = values;
  }
}
