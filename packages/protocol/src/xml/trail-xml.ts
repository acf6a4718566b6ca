/** Trails of auctions in XML. Reading gives plain JSON, not yet validated. */
import type { AuctionSummary, Trail, TrailBroker } from '../schema/trail.ts';
import { readPlan, writePlan } from './bid-xml.ts';
import type { XmlElement } from './element.ts';
import { jsonElement, member, members, readJson, textMember } from './fields.ts';
import { asList, asNumber, asText, openElement, textOf } from './open-element.ts';
import { element, optionalText, textElement } from './write.ts';

export function writeTrail(trail: Trail): XmlElement {
  const { summary, brokers = [], answers, removed, order, awards, ...fields } = trail;
  return element('trail', fields, [
    writeSummary(summary),
    ...brokers.map(writeBroker),
    ...answers.map(({ plan, message, via, ...answer }) =>
      element('answer', { ...answer, ...viaAttribute(via) }, [
        ...(plan === undefined ? [] : [writePlan(plan)]),
        ...optionalText('message', message),
      ]),
    ),
    ...removed.map(({ reason, conditions, ...removal }) =>
      element('removal', removal, [
        textElement('reason', reason),
        ...(conditions ?? []).map(({ text, value, references }) =>
          element('condition', {}, [
            textElement('text', text),
            textElement('value', value),
            jsonElement('references', references),
          ]),
        ),
      ]),
    ),
    ...order.map((place) => element('place', place)),
    ...awards.map(({ message, ...award }) => element('award', award, optionalText('message', message))),
  ]);
}

/** Ids contain no blanks, so they form a list of XML Schema. */
const viaAttribute = (via: readonly string[] | undefined) => (via === undefined ? {} : { via: via.join(' ') });

function writeBroker({ summary, message, via, ...broker }: TrailBroker): XmlElement {
  return element('broker', { ...broker, ...viaAttribute(via) }, [
    ...(summary === undefined ? [] : [writeSummary(summary)]),
    ...optionalText('message', message),
  ]);
}

function writeSummary({ declines, removals, ...counts }: AuctionSummary): XmlElement {
  return element('summary', counts, [
    ...declines.map((decline) => element('declined', decline)),
    ...removals.map(({ conditions, ...removal }) =>
      element(
        'removed',
        removal,
        conditions.map((condition) => textElement('condition', condition)),
      ),
    ),
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
    children: { summary: 'one', broker: 'many', answer: 'many', removal: 'many', place: 'many', award: 'many' },
  });
  const brokers = members(open, 'broker', readBroker);
  return {
    ...open.attributes,
    ...member(open, 'summary', readSummary),
    ...(brokers.length === 0 ? {} : { brokers }),
    answers: members(open, 'answer', readAnswer),
    removed: members(open, 'removal', readRemoval),
    order: members(open, 'place', readPlace),
    awards: members(open, 'award', readAward),
  };
}

function readBroker(broker: XmlElement, path: string): object {
  const attributes = {
    brokerId: asText,
    via: asList,
    outcome: asText,
    elapsedMs: asNumber,
    closedBy: asText,
    code: asText,
  };
  const open = openElement(broker, path, { attributes, children: { summary: 'one', message: 'one' } });
  return { ...open.attributes, ...member(open, 'summary', readSummary), ...textMember(open, 'message') };
}

function readSummary(summary: XmlElement, path: string): object {
  const open = openElement(summary, path, {
    attributes: { asked: asNumber, bids: asNumber, silent: asNumber, failed: asNumber },
    children: { declined: 'many', removed: 'many' },
  });
  const declined = (one: XmlElement, at: string) =>
    openElement(one, at, { attributes: { code: asText, count: asNumber } }).attributes;
  return {
    ...open.attributes,
    declines: members(open, 'declined', declined),
    removals: members(open, 'removed', readRemovals),
  };
}

function readRemovals(removed: XmlElement, path: string): object {
  const open = openElement(removed, path, {
    attributes: { rule: asText, count: asNumber },
    children: { condition: 'many' },
  });
  return { ...open.attributes, conditions: members(open, 'condition', textOf) };
}

function readAnswer(answer: XmlElement, path: string): object {
  const open = openElement(answer, path, {
    attributes: { plantId: asText, via: asList, outcome: asText, elapsedMs: asNumber, cost: asNumber, code: asText },
    children: { plan: 'one', message: 'one' },
  });
  return { ...open.attributes, ...member(open, 'plan', readPlan), ...textMember(open, 'message') };
}

function readRemoval(removal: XmlElement, path: string): object {
  const open = openElement(removal, path, {
    attributes: { rule: asText, plantId: asText },
    children: { reason: 'one', condition: 'many' },
  });
  const conditions = members(open, 'condition', readCondition);
  return { ...open.attributes, ...textMember(open, 'reason'), ...(conditions.length === 0 ? {} : { conditions }) };
}

function readCondition(condition: XmlElement, path: string): object {
  const open = openElement(condition, path, {
    children: { text: 'one', value: 'one', references: 'one' },
  });
  return { ...textMember(open, 'text'), ...textMember(open, 'value'), ...member(open, 'references', readJson) };
}

function readPlace(place: XmlElement, path: string): object {
  const attributes = {
    plantId: asText,
    expectedSeconds: asNumber,
    cost: asNumber,
    rank: asNumber,
    tieBreak: asNumber,
  };
  return openElement(place, path, { attributes }).attributes;
}

function readAward(award: XmlElement, path: string): object {
  const open = openElement(award, path, {
    attributes: { plantId: asText, outcome: asText, code: asText },
    children: { message: 'one' },
  });
  return { ...open.attributes, ...textMember(open, 'message') };
}
