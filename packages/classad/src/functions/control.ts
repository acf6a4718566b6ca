import type { Value } from '../ast.ts';
import { toText } from '../convert.ts';
import { Expression } from '../expression.ts';
import { scopeOf } from '../scope.ts';
import { parseExpression } from '../text/parser.ts';
import { ClassAdSyntaxError } from '../text/syntax-error.ts';
import { unparseNode } from '../text/unparse.ts';
import { errorValue, integerValue, isExceptional, isTrue, listValue, stringValue, truthOf } from '../value.ts';
import { type ClassAdFunction, type FunctionCall, type FunctionTable, wrongCount } from './function.ts';

/** Makes a function that counts its arguments but does not evaluate them. */
function lazy(least: number, most: number, perform: (call: FunctionCall) => Value): ClassAdFunction {
  return (call) => wrongCount(call, least, most) ?? perform(call);
}

function evaluated(call: FunctionCall, index: number): Value {
  const node = call.args[index];
  return node === undefined
    ? errorValue(`${call.name}() lacks an argument`)
    : call.evaluation.evaluate(node, call.scope);
}

function ifThenElse(call: FunctionCall): Value {
  const test = evaluated(call, 0);
  if (isExceptional(test)) {
    return test;
  }
  const truth = truthOf(test);
  return truth === undefined ? errorValue(`a ${test.kind} is neither true nor false`) : evaluated(call, truth ? 1 : 2);
}

/** Reads the argument's text as an expression in the scope of the call. */
function evalText(call: FunctionCall): Value {
  const { evaluation, scope } = call;
  const text = toText(evaluated(call, 0), evaluation.world.limits.maxStringLength);
  if (text.kind !== 'string') {
    return errorValue('eval takes text');
  }
  evaluation.spend(text.value.length);
  try {
    return evaluation.evaluate(parseExpression(text.value).node, scope);
  } catch (cause) {
    if (cause instanceof ClassAdSyntaxError) {
      return errorValue(cause.message);
    }
    throw cause;
  }
}

/** Returns the text of the named attribute's expression, not evaluated; empty when there is no such attribute. */
function unparse(call: FunctionCall): Value {
  const [node] = call.args;
  if (node?.kind !== 'reference') {
    return errorValue('unparse takes an attribute name');
  }
  const limit = call.evaluation.world.limits.maxStringLength;
  const expression = call.scope.ad.get(unparseNode(node, limit));
  return stringValue(expression === undefined ? '' : unparseNode(expression.node, limit));
}

/** When the first argument names an attribute, each ad's own expression of that attribute is evaluated. */
function contextExpression(call: FunctionCall): Expression | undefined {
  const [node] = call.args;
  if (node === undefined) {
    return undefined;
  }
  return call.evaluation.findExpression(node, call.scope)?.expression ?? new Expression(node);
}

function inEachContext(call: FunctionCall, onUndefined: Value, collect: (results: readonly Value[]) => Value): Value {
  const expression = contextExpression(call);
  const contexts = evaluated(call, 1);
  if (contexts.kind === 'undefined') {
    return onUndefined;
  }
  if (contexts.kind !== 'list' || expression === undefined) {
    return errorValue('expected a list of ads');
  }
  const results = contexts.items.map((context): Value => {
    if (context.kind === 'classad') {
      return call.evaluation.evaluate(expression.node, { ...scopeOf(context), seesTarget: true });
    }
    return context.kind === 'undefined' ? context : errorValue(`expected an ad, got a ${context.kind}`);
  });
  return collect(results);
}

export const controlFunctions: FunctionTable = {
  ifthenelse: lazy(3, 3, ifThenElse),
  eval: lazy(1, 1, evalText),
  unparse: lazy(1, 1, unparse),
  // There is no log to write to here, so only the value remains.
  debug: lazy(1, 1, (call) => evaluated(call, 0)),
  evalineachcontext: lazy(2, 2, (call) => inEachContext(call, { kind: 'undefined' }, listValue)),
  countmatches: lazy(2, 2, (call) =>
    inEachContext(call, integerValue(0), (results) => integerValue(results.filter(isTrue).length)),
  ),
};
