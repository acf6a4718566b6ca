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
export { type Condition, explainRequirements } from './explain.ts';
export { Expression } from './expression.ts';
export { functionNames } from './functions/table.ts';
export { ClassAdError, type JsValue, toJsValue } from './js-value.ts';
export { fromJson, fromJsonDocument } from './json-read.ts';
export { type JsonOptions, toJson, toJsonDocument } from './json-write.ts';
export { defaultLimits, type EvaluationLimits, StepBudget } from './limits.ts';
export { parseClassAd, parseClassAds } from './long-form.ts';
export { type Match, type MatchOptions, type MatchSide, matchAds, rankOf } from './match.ts';
export { parseExpression } from './parser.ts';
export { ClassAdSyntaxError } from './syntax-error.ts';
export { unparse } from './unparse-any.ts';
export * from './value.ts';
export { fromXml, fromXmlDocument } from './xml-read.ts';
export { toXml, toXmlDocument } from './xml-write.ts';
