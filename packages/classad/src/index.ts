export type {
  AbsoluteTimeValue,
  Ad,
  BooleanValue,
  ClassAdValue,
  ErrorValue,
  IntegerValue,
  ListValue,
  LiteralValue,
  RealValue,
  RelativeTimeValue,
  StringValue,
  UndefinedValue,
  Value,
} from './ast.ts';
export { ClassAd, type PlainValue } from './class-ad.ts';
export { type EvaluationContext, type EvaluationOptions, evaluate, evaluateAttribute } from './evaluate.ts';
export { type Condition, conditionsOf, explainRequirements } from './explain.ts';
export { Expression } from './expression.ts';
export { functionNames } from './functions/table.ts';
export { ClassAdError, type JsValue, toJsValue } from './js-value.ts';
export { fromJson, fromJsonDocument } from './json/json-read.ts';
export { type JsonOptions, toJson, toJsonDocument } from './json/json-write.ts';
export { defaultLimits, type EvaluationLimits, StepBudget } from './limits.ts';
export { type Match, type MatchOptions, type MatchSide, matchAds, rankOf } from './match.ts';
export { parseClassAd, parseClassAds } from './text/long-form.ts';
export { parseExpression } from './text/parser.ts';
export { ClassAdSyntaxError } from './text/syntax-error.ts';
export { unparse } from './text/unparse-any.ts';
export * from './value.ts';
export { fromXml, fromXmlDocument } from './xml/xml-read.ts';
export { toXml, toXmlDocument } from './xml/xml-write.ts';
