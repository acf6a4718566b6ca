/** A fault in one expression of a template, at an offset in UTF-16 units. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(problem);
    this.offset = offset;
  }
}
