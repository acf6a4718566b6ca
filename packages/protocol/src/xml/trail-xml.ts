/** Trails of auctions, bids and declines in XML. Reading gives plain JSON, not yet validated. */
import type { Bid, Decline, PlanSummary, Trail } from '../schema/bids.ts';
import { readAd, writeAd } from './classad-xml.ts';
import type { XmlElement } from './element.ts';
import { jsonElement, member, members, readJson, textMember } from './fields.ts';
import { asBoolean, asNumber, asText, openElement } from './open-element.ts';
import { element, optionalText, textElement } from './write.ts';

export function writeTrail(trail: Trail): XmlElement {
  const { answers, removed, order, awards, ...fields } = trail;
  return element('trail', fields, [
    ...answers.map(({ plan, message, ...answer }) =>
      element('answer', answer, [
        ...(plan === undefined ? [] : [writePlan(plan)]),
        ...optionalText('message', message),
      ]),
    ),
    ...removed.map(({ reason, ...removal }) => element('removal', removal, [textElement('reason', reason)])),
    ...order.map((place) => element('place', place)),
    ...awards.map(({ message, ...award }) => element('award', award, optionalText('message', message))),
  ]);
}

export function readTrail(trail: XmlElement, path: string): object {
  const open = openElement(trail, path, {
    attributes: {
      auctionId: asText,
      requestId: asText,
      openedAt: asText,
      deadlineMs: asNumber,
      closedBy: asText,
      closedAfterMs: asNumber,
    },
    children: { answer: 'many', removal: 'many', place: 'many', award: 'many' },
  });
  return {
    ...open.attributes,
    answers: members(open, 'answer', readAnswer),
    removed: members(open, 'removal', readRemoval),
    order: members(open, 'place', readPlace),
    awards: members(open, 'award', readAward),
  };
}

function readAnswer(answer: XmlElement, path: string): object {
  const open = openElement(answer, path, {
    attributes: { plantId: asText, outcome: asText, elapsedMs: asNumber, cost: asNumber, code: asText },
    children: { plan: 'one', message: 'one' },
  });
  return { ...open.attributes, ...member(open, 'plan', readPlan), ...textMember(open, 'message') };
}

function readRemoval(removal: XmlElement, path: string): object {
  const open = openElement(removal, path, {
    attributes: { rule: asText, plantId: asText },
    children: { reason: 'one' },
  });
  return { ...open.attributes, ...textMember(open, 'reason') };
}

function readPlace(place: XmlElement, path: string): object {
  const attributes = { plantId: asText, cost: asNumber, rank: asNumber, tieBreak: asNumber };
  return openElement(place, path, { attributes }).attributes;
}

function readAward(award: XmlElement, path: string): object {
  const open = openElement(award, path, {
    attributes: { plantId: asText, outcome: asText, code: asText },
    children: { message: 'one' },
  });
  return { ...open.attributes, ...textMember(open, 'message') };
}

const writePlan = ({ alternatives = [], ...plan }: PlanSummary): XmlElement =>
  element(
    'plan',
    plan,
    alternatives.map((alternative) => element('alternative', alternative)),
  );

function readPlan(plan: XmlElement, path: string): object {
  const open = openElement(plan, path, {
    attributes: {
      imageId: asText,
      line: asText,
      start: asText,
      actionsCached: asNumber,
      actionsLeft: asNumber,
      expectedSeconds: asNumber,
    },
    children: { alternative: 'many' },
  });
  const alternatives = members(open, 'alternative', readAlternative);
  return alternatives.length === 0 ? open.attributes : { ...open.attributes, alternatives };
}

function readAlternative(alternative: XmlElement, path: string): object {
  const attributes = { imageId: asText, start: asText, actionsCached: asNumber, expectedSeconds: asNumber };
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
