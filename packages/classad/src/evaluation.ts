import { foldCase } from './ascii-case.ts';
import type { AttributeExpression, ClassAdValue, Node, Scope, Value } from './ast.ts';
import { type BinaryNode, leftChain } from './left-chain.ts';
import { type EvaluationLimits, LimitExceeded } from './limits.ts';
import { applyBinary, applyUnary, strictResult } from './operators/apply.ts';
import { connective } from './operators/logic.ts';
import { type Found, lookUp, lookUpOwn, lookUpUnscoped, nestedScope, rootOf, scopeOf } from './scope.ts';
import { classAdValue, errorValue, integerValue, isExceptional, listValue, truthOf, undefinedValue } from './value.ts';

/** All that an evaluation may know of the world; the caller provides it. */
export interface EvaluationWorld {
  readonly now: Date | undefined;
  readonly random: (() => number) | undefined;
  readonly localOffsetSeconds: number;
  readonly limits: EvaluationLimits;
}

export interface FunctionCall {
  /** The name as the caller wrote it. */
  readonly name: string;
  readonly args: readonly Node[];
  /** The scope of the call; the arguments are evaluated in it. */
  readonly scope: Scope;
  readonly evaluation: Evaluation;
}

/** A function of the language. It returns a value for any input, and stays within the evaluation's budget. */
export type ClassAdFunction = (call: FunctionCall) => Value;

/** One evaluation in progress: its budget, and the attributes that are being evaluated, which reveal cycles. */
export class Evaluation {
  readonly world: EvaluationWorld;
  #stepsLeft: number;
  #depth = 0;
  readonly #findFunction: (name: string) => ClassAdFunction | undefined;
  readonly #active: { readonly expression: AttributeExpression; readonly scope: Scope }[] = [];

  /** `findFunction` knows the functions of the language by name. */
  constructor(world: EvaluationWorld, findFunction: (name: string) => ClassAdFunction | undefined) {
    this.world = world;
    this.#findFunction = findFunction;
    this.#stepsLeft = world.limits.maxSteps;
  }

  /** Steps made so far; more than the limit once the limit was passed. */
  get stepsMade(): number {
    return this.world.limits.maxSteps - this.#stepsLeft;
  }

  /** Takes steps from the budget; throws LimitExceeded when it is used up. */
  spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) {
      throw new LimitExceeded(`more than ${this.world.limits.maxSteps} steps`);
    }
  }

  /** Refuses a string of this length if it is past the limit; throws LimitExceeded. */
  checkLength(length: number): void {
    if (length > this.world.limits.maxStringLength) {
      throw new LimitExceeded(`string longer than ${this.world.limits.maxStringLength}`);
    }
  }

  /** Pays for reading or making a string of this length. */
  spendOnText(length: number): void {
    this.checkLength(length);
    this.spend(Math.ceil(length / 16));
  }

  /** Evaluates all of `node`; gives the error value when a limit is passed. */
  run(node: Node, scope: Scope): Value {
    const [depth, active] = [this.#depth, this.#active.length];
    try {
      return this.evaluate(node, scope);
    } catch (cause) {
      if (cause instanceof LimitExceeded) {
        this.#depth = depth;
        this.#active.length = active;
        return errorValue(cause.message);
      }
      throw cause;
    }
  }

  evaluate(node: Node, scope: Scope): Value {
    this.spend(1);
    this.#depth += 1;
    if (this.#depth > this.world.limits.maxDepth) {
      throw new LimitExceeded(`more than ${this.world.limits.maxDepth} deep`);
    }
    const value = this.#evaluateNode(node, scope);
    this.#depth -= 1;
    return value;
  }

  #evaluateNode(node: Node, scope: Scope): Value {
    switch (node.kind) {
      case 'literal':
        return node.value;
      case 'reference':
        return this.#reference(node, scope);
      case 'group':
        return this.evaluate(node.inner, scope);
      case 'unary':
        return applyUnary(node.operator, this.evaluate(node.operand, scope));
      case 'binary':
        return this.#binary(node, scope);
      case 'conditional':
        return this.#conditional(node, scope);
      case 'subscript':
        return this.#subscript(this.evaluate(node.of, scope), this.evaluate(node.index, scope));
      case 'call':
        return this.#call(node, scope);
      case 'list':
        return listValue(node.items.map((item) => this.evaluate(item, scope)));
      case 'ad':
        return classAdValue(node.ad, nestedScope(node.ad, scope));
    }
  }

  #binary(node: BinaryNode, scope: Scope): Value {
    const { first, operations } = leftChain(node);
    this.spend(operations.length - 1);
    return operations.reduce((left, operation) => this.#combined(operation, left, scope), this.evaluate(first, scope));
  }

  #combined(node: BinaryNode, left: Value, scope: Scope): Value {
    switch (node.operator) {
      case '&&':
      case '||':
        return connective(node.operator === '||', left, () => this.evaluate(node.right, scope));
      case '?:':
        return left.kind === 'undefined' ? this.evaluate(node.right, scope) : left;
      default:
        return applyBinary(node.operator, left, this.evaluate(node.right, scope));
    }
  }

  #conditional(node: Node & { kind: 'conditional' }, scope: Scope): Value {
    const test = this.evaluate(node.test, scope);
    if (isExceptional(test)) {
      return test;
    }
    const truth = truthOf(test);
    if (truth === undefined) {
      return errorValue(`a ${test.kind} is neither true nor false`);
    }
    return this.evaluate(truth ? node.yes : node.no, scope);
  }

  #subscript(of: Value, index: Value): Value {
    if (isExceptional(of) || isExceptional(index)) {
      return strictResult([of, index]);
    }
    if (of.kind === 'list' && index.kind === 'integer') {
      return of.items[Number(index.value)] ?? errorValue(`list has no item ${index.value}`);
    }
    if (of.kind === 'classad' && index.kind === 'string') {
      return this.#found(lookUpOwn(index.value, scopeOf(of)));
    }
    return errorValue(`a ${of.kind} has no subscript of type ${index.kind}`);
  }

  #reference(node: Node & { kind: 'reference' }, scope: Scope): Value {
    if (node.of !== undefined) {
      return this.#select(this.evaluate(node.of, scope), node.name);
    }
    if (node.absolute) {
      return this.#found(lookUpOwn(node.name, rootOf(scope)));
    }
    const found = lookUpUnscoped(node.name, scope);
    // CurrentTime is the only attribute of HTCondor's environment: the old name of `time()`.
    return found === undefined && foldCase(node.name) === 'currenttime' ? this.epochSeconds() : this.#found(found);
  }

  /** Seconds since 1970 by the caller's clock; undefined where the caller gave none. */
  epochSeconds(): Value {
    const { now } = this.world;
    return now === undefined ? undefinedValue : integerValue(Math.floor(now.getTime() / 1000));
  }

  /** `ad.name`; for a list, the list of the results for its items. */
  #select(of: Value, name: string): Value {
    if (isExceptional(of)) {
      return of;
    }
    if (of.kind === 'list') {
      this.spend(of.items.length);
      return listValue(of.items.map((item) => this.#select(item, name)));
    }
    if (of.kind !== 'classad') {
      return errorValue(`a ${of.kind} has no attributes`);
    }
    return this.#found(lookUp(name, scopeOf(of)));
  }

  /**
   * Returns the expression that a reference leads to, not evaluated; undefined for any other node, and when the name is
   * not found.
   */
  findExpression(node: Node, scope: Scope): (Found & { kind: 'expression' }) | undefined {
    if (node.kind !== 'reference') {
      return undefined;
    }
    const found = this.#find(node, scope);
    return found?.kind === 'expression' ? found : undefined;
  }

  #find(node: Node & { kind: 'reference' }, scope: Scope): Found | undefined {
    if (node.of === undefined) {
      return node.absolute ? lookUpOwn(node.name, rootOf(scope)) : lookUpUnscoped(node.name, scope);
    }
    const of = this.evaluate(node.of, scope);
    return of.kind === 'classad' ? lookUp(node.name, scopeOf(of)) : undefined;
  }

  /** `ad.name` on an ad that is already a value. */
  attributeOf(ad: ClassAdValue, name: string): Value {
    return this.#select(ad, name);
  }

  #found(found: Found | undefined): Value {
    if (found === undefined) {
      return undefinedValue;
    }
    return found.kind === 'value' ? found.value : this.attribute(found.expression, found.scope);
  }

  /**
   * Evaluates an attribute where it stands. An attribute that is being evaluated already refers to itself: an error.
   */
  attribute(expression: AttributeExpression, scope: Scope): Value {
    const again = this.#active.some(
      (active) =>
        active.expression === expression &&
        active.scope.ad === scope.ad &&
        active.scope.surroundings === scope.surroundings,
    );
    if (again) {
      return errorValue('circular reference');
    }
    this.#active.push({ expression, scope });
    const value = this.evaluate(expression.node, scope);
    this.#active.pop();
    return value;
  }

  #call(node: Node & { kind: 'call' }, scope: Scope): Value {
    const perform = this.#findFunction(node.name);
    if (perform === undefined) {
      return errorValue(`no function ${node.name}`);
    }
    const value = perform({ name: node.name, args: node.args, scope, evaluation: this });
    if (value.kind === 'string') {
      this.spendOnText(value.value.length);
    }
    return value;
  }
}
