/** Bids, declines and plans in XML. Reading gives plain JSON, not yet validated. */
import type { Bid, Decline, PlanSummary } from '../schema/bids.ts';
import { readAd, writeAd } from './classad-xml.ts';
import type { XmlElement } from './element.ts';
import { jsonElement, member, members, readJson, textMember } from './fields.ts';
import { asBoolean, asNumber, asText, openElement } from './open-element.ts';
import { element, textElement } from './write.ts';

export const writePlan = ({ alternatives = [], ...plan }: PlanSummary): XmlElement =>
  element(
    'plan',
    plan,
    alternatives.map((alternative) => element('alternative', alternative)),
  );

export function readPlan(plan: XmlElement, path: string): object {
  const open = openElement(plan, path, {
    attributes: {
      imageId: asText,
      line: asText,
      start: asText,
      actionsCached: asNumber,
      actionsLeft: asNumber,
      expectedSeconds: asNumber,
      coarse: asBoolean,
      undecided: asNumber,
    },
    children: { alternative: 'many' },
  });
  const alternatives = members(open, 'alternative', readAlternative);
  return alternatives.length === 0 ? open.attributes : { ...open.attributes, alternatives };
}

function readAlternative(alternative: XmlElement, path: string): object {
  const attributes = {
    imageId: asText,
    line: asText,
    start: asText,
    actionsCached: asNumber,
    expectedSeconds: asNumber,
  };
  return openElement(alternative, path, { attributes }).attributes;
}

export function writeBid({ plantId, cost, validUntil, holds, plan, ad }: Bid): XmlElement {
  return element('bid', { plantId, cost, validUntil, holds }, [writePlan(plan), writeAd('ad', ad)]);
}

export function readBid(bid: XmlElement, path: string): object {
  const open = openElement(bid, path, {
    attributes: { plantId: asText, cost: asNumber, validUntil: asText, holds: asBoolean },
    children: { plan: 'one', ad: 'one' },
  });
  return { kind: 'bid', ...open.attributes, ...member(open, 'plan', readPlan), ...member(open, 'ad', readAd) };
}

export function writeDecline({ plantId, code, message, details }: Decline): XmlElement {
  return element('decline', { plantId, code }, [textElement('message', message), jsonElement('details', details)]);
}

export function readDecline(decline: XmlElement, path: string): object {
  const open = openElement(decline, path, {
    attributes: { plantId: asText, code: asText },
    children: { message: 'one', details: 'one' },
  });
  return { kind: 'decline', ...open.attributes, ...textMember(open, 'message'), ...member(open, 'details', readJson) };
}
